// Signs requests to S3-compatible storage (AWS Signature Version 4): the few headers that are needed, and no more.

import { createHash, createHmac } from 'node:crypto';

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

export interface S3Request {
  readonly method: string;
  /** Its path must need no escaping: places are hexadecimal digits, dots and slashes. */
  readonly url: URL;
  readonly body: Uint8Array;
}

/** The headers that make a request valid at this moment. */
export function signS3(keys: S3Keys, { method, url, body }: S3Request, nowMs: number): Record<string, string> {
  const at = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const day = at.slice(0, 8);
  const bodyHash = hash(body);
  const headers = { host: url.host, 'x-amz-content-sha256': bodyHash, 'x-amz-date': at };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, url.pathname, '', lines.join(''), names, bodyHash].join('\n');
  const scope = `${day}/${keys.region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', at, scope, hash(Buffer.from(canonical))].join('\n');
  let key = Buffer.from(`AWS4${keys.secretAccessKey}`);
  for (const part of [day, keys.region, 's3', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    'x-amz-content-sha256': bodyHash,
    'x-amz-date': at,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
