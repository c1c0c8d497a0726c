// What the fake models share: a server on 127.0.0.1 that remembers the requests for an answer.

import { createServer, type ServerResponse } from 'node:http';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

export interface FakeServer {
  readonly url: string;
  /** The bodies of the requests for an answer, in order. */
  readonly requests: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function serveModel(
  isQuestion: (path: string) => boolean,
  answer: (response: ServerResponse, body: string, number: number, path: string) => void,
): Promise<FakeServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      if (request.method !== 'POST' || !isQuestion(path)) {
        sendJson(response, path.endsWith('/models') ? { object: 'list', data: [], models: [] } : {});
        return;
      }
      const body = unpack(Buffer.concat(parts), request.headers['content-encoding']).toString('utf8');
      requests.push(body);
      answer(response, body, requests.length, path);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendEvent(response: ServerResponse, data: object, name?: string): void {
  response.write(`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`);
}

export function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function unpack(bytes: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(bytes);
  return encoding === 'zstd' ? zstdDecompressSync(bytes) : bytes;
}
