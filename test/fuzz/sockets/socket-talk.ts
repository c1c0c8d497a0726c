// One connection of the window's WebSocket: whatever is sent, then a question that is answered unless the connection was cut off.

import { once } from 'node:events';
import { Socket } from 'node:net';

import { WebSocket } from 'ws';

import { afterTicks } from './after-ticks.ts';
import { checkText, type AnswerRules } from './check-answer.ts';
import type { Names } from './exchange.ts';

const HANG_MS = 15_000;
const PROBE = '{"i":"probe","p":{"u":"/status","b":{"json":null}}}';

export interface SocketTalk {
  readonly port: number;
  readonly names: Names;
  readonly rules: AnswerRules;
  /** The first byte says how the rest is sent: `b` as binary, `r` as it is, beneath the frames, `c` with the end at its heels; else as text. */
  readonly bytes: Buffer;
}

/** @throws Error of the answers, or `hangs` */
export async function talkOverSocket({ port, names, rules, bytes }: SocketTalk): Promise<void> {
  const how = bytes.toString('latin1', 0, 1);
  const rest = bytes.subarray(1);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, {
    headers: { cookie: names['cookie'] ?? '', origin: `http://127.0.0.1:${port}` },
  });
  const told: string[] = [];
  const done = Promise.withResolvers<void>();
  const stopWatch = afterTicks(HANG_MS, () => done.reject(new Error('hangs')));
  socket.on('message', (data: Buffer) => {
    told.push(data.toString('utf8'));
    if (told.at(-1)?.includes('"i":"probe"') === true) done.resolve();
  });
  socket.on('error', () => done.resolve());
  socket.on('close', () => done.resolve());
  try {
    await Promise.race([once(socket, 'open'), done.promise]);
    if (how === 'r') sendRaw(socket, rest);
    else {
      socket.send(rest, { binary: how === 'b' });
      if (how === 'c') socket.terminate();
      else socket.send(PROBE);
    }
    await done.promise;
  } finally {
    stopWatch();
    socket.terminate();
  }
  for (const text of told) checkText(text, rules, true);
}

/** Beneath the frames; then the connection ends, which the server has to notice. */
function sendRaw(socket: WebSocket, bytes: Buffer): void {
  const inner: unknown = Reflect.get(socket, '_socket');
  if (inner instanceof Socket) inner.end(bytes);
}
