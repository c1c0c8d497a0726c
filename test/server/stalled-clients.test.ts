// A client that does not read keeps its answer in the server's memory: it is given up on, and one that is only slow is not.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, expect, it, vi } from 'vitest';

import { startHttpServer, type HttpServer } from '../../src/server/http/http-server.ts';
import { Refusal } from '../../src/server/http/refusal.ts';
import { createLog } from '../../src/server/log.ts';
import { createMetrics } from '../../src/server/metrics.ts';

/** More than the buffers of both sockets take. */
const ANSWER = Buffer.alloc(32 * 1024 * 1024, 1);
const STALLED_AFTER_MS = 1_000;

let server: HttpServer | null = null;
afterEach(() => server?.close());

async function setup(): Promise<{ readonly socket: Socket; readonly lines: string[] }> {
  const lines: string[] = [];
  const nowMs = () => Date.now();
  server = await startHttpServer({
    routes: [
      {
        method: 'GET',
        path: '/large',
        access: 'anyone',
        rate: 'none',
        handle: async () => ({ status: 200, bytes: [ANSWER], type: 'application/octet-stream' }),
      },
    ],
    authenticate: async () => new Refusal('unauthenticated', '', ''),
    host: '127.0.0.1',
    port: 0,
    isBehindProxy: false,
    stalledAfterMs: STALLED_AFTER_MS,
    log: createLog({ write: (line) => lines.push(line), nowMs }),
    metrics: createMetrics(),
    nowMs,
  });
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
  return { socket, lines };
}

it('gives up on a client that does not read its answer', async () => {
  const { socket, lines } = await setup();

  await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 20_000, interval: 50 });

  // The end of the answer was never written, so the connection is of no use for a next one.
  let received = 0;
  socket.on('data', (piece: Buffer) => (received += piece.length));
  await once(socket, 'close');
  expect(received).toBeLessThan(ANSWER.length);
});

it('gives a slow client its whole answer, and the connection stays', async () => {
  const { socket } = await setup();
  let received = 0;
  let isPausing = true;
  socket.on('data', (piece: Buffer) => {
    received += piece.length;
    if (!isPausing) return;
    socket.pause();
    void wait(20).then(() => socket.resume());
  });

  await wait(STALLED_AFTER_MS * 2);
  isPausing = false;
  socket.resume();
  await vi.waitFor(() => expect(received).toBeGreaterThan(ANSWER.length), { timeout: 20_000, interval: 50 });

  await wait(STALLED_AFTER_MS * 2);
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});
