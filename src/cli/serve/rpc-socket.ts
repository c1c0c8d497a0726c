// The contract over one WebSocket. Only messages that have the shape of a call get through; whoever sends others, or too many at once, is
// cut off, and the window connects again by itself.

import type { RPCHandler } from '@orpc/server/ws';
import type { RawData, WebSocket } from 'ws';

import { isRpcMessage } from '../../core/api/rpc-message.ts';

/** Messages of one window in a second; a window in a hurry sends a few dozen. */
const MAX_MESSAGES_PER_SECOND = 500;
const CLOSED_FOR_DATA = 1007;
const CLOSED_FOR_POLICY = 1008;

/** Serves the contract on an accepted connection until it ends. */
export function serveSocket(connection: WebSocket, handler: RPCHandler<object>, monotonicMs: () => number): void {
  const rate = new Rate(monotonicMs);
  // What is too large or no message at all ends the connection; unheard, it would end the process.
  connection.on('error', () => connection.terminate());
  const listen = (type: string, listener: (event: { data: string }) => void): void => {
    if (type !== 'message') {
      connection.on(type, () => listener({ data: '' }));
      return;
    }
    connection.on('message', (data: RawData, isBinary: boolean) => {
      if (!rate.take()) {
        connection.close(CLOSED_FOR_POLICY, 'too many messages');
        return;
      }
      const text = Buffer.isBuffer(data) && !isBinary ? data.toString('utf8') : '';
      if (isRpcMessage(text)) listener({ data: text });
      else connection.close(CLOSED_FOR_DATA, 'not a message');
    });
  };
  const guarded = {
    send: (data: string) => connection.send(data),
    addEventListener: listen,
  } as unknown as Parameters<typeof handler.upgrade>[0]; // the two members that it uses
  void handler.upgrade(guarded, { context: {} });
}

class Rate {
  readonly #nowMs: () => number;
  #second: number;
  #messages = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#second = nowMs();
  }

  take(): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - this.#second > 1_000) {
      this.#second = nowMs;
      this.#messages = 0;
    }
    this.#messages += 1;
    return this.#messages <= MAX_MESSAGES_PER_SECOND;
  }
}
