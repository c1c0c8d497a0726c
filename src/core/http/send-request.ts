// Requests to servers that are not ours to trust. Not by `fetch`, for two reasons: it decodes whatever an answer says it is encoded in, though
// nobody asked for that; and it never tells when it is done with what it sends, so that the collector has to find out, and looks through the
// whole heap for each 64 MB.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';

import { release } from '../../shared/memory/release.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after the other; null for no body. */
  readonly pieces: readonly Uint8Array[] | null;
  /** Frees the memory of the pieces that were sent, where the answer is `ok`. After any other they are as they were. */
  readonly freesPieces?: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  /** 200 to 299. */
  readonly ok: boolean;
  readonly status: number;
  readonly contentType: string;
  /** As it comes, whatever it says it is encoded in. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** @throws where the server is not reached, breaks off, or sends one elsewhere: nothing follows there */
export async function sendRequest({
  url,
  method,
  headers,
  pieces,
  freesPieces = false,
  signal,
}: HttpRequest): Promise<HttpAnswer> {
  const sizeBytes = pieces?.reduce((sum, { length }) => sum + length, 0);
  // Not loaded before: with its module Node compiles the whole of its own `fetch`, a sixth of what a short command takes.
  const { request: open } = await (url.startsWith('https:') ? import('node:https') : import('node:http'));
  const request = open(url, {
    method,
    headers: { ...headers, ...(sizeBytes === undefined ? {} : { 'content-length': sizeBytes }) },
    signal,
  });
  let isAnswered = false;
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('error', reject).once('response', (answer) => {
      isAnswered = true;
      resolve(answer);
    });
  });
  answered.catch(() => undefined); // it is awaited below, unless writing fails first
  const sent: Uint8Array[] = [];
  for (const piece of pieces ?? []) {
    // Only this tells that the system has it: a server may answer before it has read anything.
    const hasRoom = request.write(piece, (error) => {
      if (error === null || error === undefined) sent.push(piece);
    });
    if (!hasRoom) await Promise.race([once(request, 'drain', { signal }), answered]);
    if (isAnswered) break;
  }
  if (!isAnswered) request.end();
  const answer = await answered;
  const status = answer.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    request.destroy();
    throw new TypeError('the server sends elsewhere');
  }
  const ok = status >= 200 && status < 300;
  if (ok && freesPieces) for (const piece of sent) release(piece);
  // One that answered early is not sent the rest.
  answer.once('end', () => {
    if (!request.writableFinished) request.destroy();
  });
  return { ok, status, contentType: answer.headers['content-type'] ?? '', body: answer };
}
