import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { sendRequest, type HttpAnswer, type HttpRequest } from '../../../src/core/http/send-request.ts';

const HEADERS = { 'x-of': 'the test' };
/** More than the system takes at once. */
const LARGE = 4_000_000;
const opened: Array<() => void> = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function startServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/objects`;
}

const pieces = (): Uint8Array[] => [30, LARGE, 1, LARGE].map((size) => Uint8Array.from(randomBytes(size)));
const never = new AbortController().signal;

const put = (url: string, sent: readonly Uint8Array[], signal: AbortSignal): Promise<HttpAnswer> =>
  sendRequest({ url, method: 'PUT', headers: HEADERS, pieces: sent, freesPieces: true, signal });

async function textOf({ body }: HttpAnswer): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const piece of body) read.push(piece);
  return Buffer.concat(read).toString();
}

describe('sendRequest()', () => {
  it('sends them in order with their length, and their memory is free afterwards', async () => {
    const got: { length?: string | undefined; of?: unknown; bytes?: Buffer } = {};
    const url = await startServer((request, response) => {
      void (async () => {
        got.length = request.headers['content-length'];
        got.of = request.headers['x-of'];
        got.bytes = Buffer.concat(await request.toArray());
        response.end('taken');
      })();
    });
    const sent = pieces();
    const expected = Buffer.concat(sent);

    const answer = await put(url, sent, never);

    expect([answer.ok, answer.status, await textOf(answer)]).toEqual([true, 200, 'taken']);
    expect([got.length, got.of, got.bytes?.equals(expected)]).toEqual([String(expected.length), 'the test', true]);
    expect(sent.map(({ length }) => length)).toEqual([30, 0, 1, 0]); // too little to be worth it stays
  });

  it('leaves them as they were where the server refuses, so that they can be sent again', async () => {
    const url = await startServer((request, response) => {
      request.resume().on('end', () => response.writeHead(401).end('who?'));
    });
    const sent = pieces();
    const before = sent.map((piece) => piece.slice());

    const answer = await put(url, sent, never);

    expect([answer.ok, answer.status, await textOf(answer)]).toEqual([false, 401, 'who?']);
    expect(sent.every((piece, at) => Buffer.from(piece).equals(before[at] ?? Buffer.alloc(0)))).toBe(true);
  });

  it.each([200, 413])('does not free what a server never took that answers %i at once', async (status) => {
    const url = await startServer((request, response) => {
      request.pause();
      response.writeHead(status).end('early');
    });
    const sent = [...pieces(), ...pieces(), ...pieces()];
    const before = sent.map((piece) => piece.slice());

    const answer = await put(url, sent, never);

    expect([answer.status, await textOf(answer)]).toEqual([status, 'early']);
    // The first may be with the system already; the last cannot be.
    const kept = sent.filter((piece, at) => Buffer.from(piece).equals(before[at] ?? Buffer.alloc(0)));
    expect(kept).toContain(sent.at(-1));
  });

  it('asks without a body, and keeps the bytes of one where it is not told to free them', async () => {
    const asked: unknown[] = [];
    const url = await startServer((request, response) => {
      void (async () => {
        const body = Buffer.concat(await request.toArray());
        asked.push([request.method, request.headers['content-length'], body.length]);
        response.writeHead(200, { 'content-type': 'text/plain' }).end('yes');
      })();
    });
    const of = (more: Pick<HttpRequest, 'method' | 'pieces'>): Promise<HttpAnswer> =>
      sendRequest({ url, headers: HEADERS, signal: never, ...more });
    const body = Uint8Array.from(randomBytes(5_000));

    const answers = [await of({ method: 'GET', pieces: null }), await of({ method: 'POST', pieces: [body] })];

    expect(await Promise.all(answers.map(textOf))).toEqual(['yes', 'yes']);
    expect(answers.map(({ contentType }) => contentType)).toEqual(['text/plain', 'text/plain']);
    expect(asked).toEqual([
      ['GET', undefined, 0],
      ['POST', '5000', 5_000],
    ]);
    expect(body.length).toBe(5_000);
  });

  it.each(['br', 'gzip', 'deflate', 'zstd'])('does not decode %s, which nobody asked for', async (encoding) => {
    const url = await startServer((request, response) => {
      expect(request.headers['accept-encoding']).toBeUndefined();
      response.writeHead(200, { 'content-encoding': encoding }).end('as it is');
    });
    expect(await textOf(await sendRequest({ url, method: 'GET', headers: {}, pieces: null, signal: never }))).toBe(
      'as it is',
    );
  });

  it('goes nowhere else', async () => {
    let others = 0;
    const other = await startServer((_, response) => {
      others += 1;
      response.end();
    });
    const url = await startServer((request, response) => {
      request.resume().on('end', () => response.writeHead(307, { location: other }).end());
    });
    await expect(put(url, pieces(), never)).rejects.toThrow('sends elsewhere');
    expect(others).toBe(0);
  });

  it('rejects where the server breaks off, is not there, or the caller stops', async () => {
    const breaking = await startServer((request) => void request.once('data', () => request.destroy()));
    await expect(put(breaking, pieces(), never)).rejects.toThrow();
    await expect(put('http://127.0.0.1:1/objects', pieces(), never)).rejects.toThrow();
    const silent = await startServer((request) => void request.pause());
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await expect(put(silent, pieces(), stop.signal)).rejects.toThrow();
  });
});
