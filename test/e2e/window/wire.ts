// The wire between the window and the serve shell, in a test's hand: calls that are held, calls that fail, a connection that is cut.

import type { Page, WebSocketRoute } from '@playwright/test';

import type { PlainError } from '../../../src/shared/model/app-error.ts';

/** A failure that passes: the window offers to try again. */
export const PASSING_ERROR: PlainError = {
  code: 'VAULT_BUSY',
  message: 'The vault was busy.',
  hint: 'Try again in a moment.',
  retryable: true,
};

export interface Wire {
  /** Calls of a procedure (`timeline/page`) do not reach the core from now on. */
  hold(procedure: string): void;
  /** How many calls are held. */
  count(procedure: string): number;
  /** Answers what is held with a failure, and holds no more. */
  fail(procedure: string): void;
  /** Holds no more, and drops what was held: whoever asked has given up. */
  let(procedure: string): void;
  /** Answers calls of a procedure from here, as the core would: for what would take a server, or an hour. */
  answer(procedure: string, output: unknown): void;
  /** The inputs of the calls that were answered from here. */
  inputs(procedure: string): readonly unknown[];
  /** Ends the connection, and lets none come to be. */
  cut(): Promise<void>;
  mend(): void;
}

/** A frame of a call, as far as it is read here. */
interface Call {
  readonly i: string;
  readonly p?: { readonly u?: string; readonly b?: { readonly json?: unknown } };
}

/** Takes the wire over, from the next load of the page on. */
export async function takeWire(page: Page): Promise<Wire> {
  const held = new Map<string, { readonly call: Call; readonly socket: WebSocketRoute }[]>();
  const answers = new Map<string, unknown>();
  const asked = new Map<string, unknown[]>();
  const open = new Set<WebSocketRoute>();
  let isCut = false;
  await page.routeWebSocket(/\/rpc$/, (socket) => {
    if (isCut) {
      void socket.close();
      return;
    }
    open.add(socket);
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      const call = JSON.parse(String(frame)) as Call; // the window wrote it
      const name = call.p?.u ?? '';
      const waiting = held.get(name);
      if (waiting !== undefined) waiting.push({ call, socket });
      else if (answers.has(name)) {
        asked.set(name, [...(asked.get(name) ?? []), call.p?.b?.json]);
        socket.send(JSON.stringify({ i: call.i, p: { b: { json: answers.get(name) } } }));
      } else server.send(frame);
    });
  });
  const take = (procedure: string) => {
    const waiting = held.get(`/${procedure}`) ?? [];
    held.delete(`/${procedure}`);
    return waiting;
  };
  return {
    hold: (procedure) => void held.set(`/${procedure}`, []),
    count: (procedure) => held.get(`/${procedure}`)?.length ?? 0,
    fail: (procedure) => {
      const { code, message } = PASSING_ERROR;
      const error = { json: { defined: false, code, status: 409, message, data: PASSING_ERROR } };
      for (const { call, socket } of take(procedure))
        socket.send(JSON.stringify({ i: call.i, p: { s: 409, b: error } }));
    },
    answer: (procedure, output) => void answers.set(`/${procedure}`, output),
    inputs: (procedure) => asked.get(`/${procedure}`) ?? [],
    let: (procedure) => void take(procedure),
    cut: async () => {
      isCut = true;
      for (const socket of open) await socket.close();
      open.clear();
    },
    mend: () => {
      isCut = false;
    },
  };
}
