// Many bytes in one request, from where in memory they lie. `fetch` never tells when it is done with them, so the collector would have to find
// that out, and looks through the whole heap for each 64 MB; here their memory is free as soon as the server has them.

import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

import { release } from '../../shared/memory/release.ts';

/** As much of an answer as one of `fetch` has too. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array> | null;
}

/**
 * PUTs them one after the other, and gives the answer as `fetch` would. After one that is `ok` the pieces are empty; after any other they are as
 * they were.
 * @throws where the server is not reached, breaks off, or sends one elsewhere: nothing follows there
 */
export async function putPieces(
  url: string,
  headers: Readonly<Record<string, string>>,
  pieces: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<Answer> {
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, {
    method: 'PUT',
    headers: { ...headers, 'content-length': sizeBytes },
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
  for (const piece of pieces) {
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
  if (ok) for (const piece of sent) release(piece);
  // One that answered early is not read on.
  answer.once('end', () => {
    if (!request.writableFinished) request.destroy();
  });
  return { ok, status, body: answer };
}
