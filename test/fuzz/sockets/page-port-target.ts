// The desktop window's message port, as a page could use it that is no longer ours: whatever message, then a question that is answered.

import { MessageChannel, type MessagePort } from 'node:worker_threads';

import { RPCHandler } from '@orpc/server/message-port';
import type { MessagePortMain } from 'electron';

import { adaptPort } from '../../../src/main/rpc/port-adapter.ts';
import { jsonOf } from '../source-targets.ts';
import { nothing, texts, type FuzzTarget } from '../target.ts';
import { afterTicks } from './after-ticks.ts';
import { checkText } from './check-answer.ts';
import { MESSAGE_WORDS, MESSAGES } from './local-targets.ts';
import { LocalWorlds } from './local-world.ts';

const HANG_MS = 15_000;
const PROBE = '{"i":"probe","p":{"u":"/status","b":{"json":null}}}';

export function pagePortTarget(): FuzzTarget {
  const worlds = new LocalWorlds();
  return {
    name: 'page-port',
    run: async (bytes) => {
      const { test, rules } = await worlds.current();
      const { port1, port2 } = new MessageChannel();
      const served = adaptPort(asElectronPort(port1));
      new RPCHandler(test.router).upgrade(served.port, { context: {} });
      const told: string[] = [];
      const done = Promise.withResolvers<void>();
      const stopWatch = afterTicks(HANG_MS, () => done.reject(new Error('hangs')));
      port2.on('message', (answer: unknown) => {
        told.push(String(answer));
        if (told.at(-1)?.includes('"i":"probe"') === true) done.resolve();
      });
      try {
        port2.postMessage(messageOf(bytes));
        port2.postMessage(PROBE);
        await done.promise;
      } finally {
        stopWatch();
        served.close();
        port2.close();
      }
      for (const text of told) checkText(text, rules, true);
    },
    samples: texts(...MESSAGES.map((message) => `t${message}`), `o${MESSAGES[0]}`, `b${MESSAGES[0]}`),
    words: MESSAGE_WORDS,
    allows: nothing,
    close: () => worlds.close(),
  };
}

/** Text, what a page may post instead of it, or bytes: by the first byte. */
function messageOf(bytes: Buffer): unknown {
  const rest = bytes.subarray(1);
  switch (bytes.toString('latin1', 0, 1)) {
    case 'o':
      return jsonOf(rest);
    case 'b':
      return new Uint8Array(rest);
    default:
      return rest.toString();
  }
}

/** Node's port, with the messages as Electron's gives them. */
function asElectronPort(port: MessagePort): MessagePortMain {
  const main = {
    on: (event: string, listener: (event?: { data: unknown }) => void) => {
      port.on(event, (data: unknown) => listener({ data }));
      return main;
    },
    postMessage: (data: unknown) => port.postMessage(data),
    start: () => port.start(),
    close: () => port.close(),
  };
  return main as unknown as MessagePortMain; // the members that the adapter uses
}
