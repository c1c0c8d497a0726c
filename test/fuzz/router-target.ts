// Every procedure of the API with whatever input, through the router that serves windows (MessagePort), REST and the command line alike: the
// schemas of the contract and the handlers behind them, over a folder without an unlocked vault.

import { call, isProcedure, ORPCError, type AnyProcedure } from '@orpc/server';

import { systemClock } from '../../src/core/clock.ts';
import { makeTestSession, type TestSession } from '../support/test-session.ts';
import { jsonOf } from './source-targets.ts';
import type { FuzzTarget } from './target.ts';

/** What makes keys, which takes its time on purpose, or looks at the whole machine. */
const LEFT_OUT = /^vault\.create$/;
const WORDS = [
  '"id"',
  '"latest"',
  '"0123456789abcdef"',
  '"limit"',
  '"text"',
  '"sinceMs"',
  '"key"',
  '"name"',
  '"tags"',
  '[]',
  '{}',
  '-1',
  '1e309',
  'null',
  '__proto__',
];

export function routerTarget(): FuzzTarget {
  // Made at the first input: listing the targets needs none.
  let session: TestSession | null = null;
  let procedures: readonly AnyProcedure[] = [];
  const start = (): TestSession => {
    const made = makeTestSession({ clock: systemClock });
    procedures = proceduresOf(made.router, '')
      .filter(([path]) => !LEFT_OUT.test(path))
      .map(([, procedure]) => procedure);
    session = made;
    return made;
  };
  return {
    name: 'router',
    run: async (bytes) => {
      session ??= start();
      const procedure = procedures[(bytes[0] ?? 0) % procedures.length];
      if (procedure === undefined) throw new Error('the router is empty');
      const input = jsonOf(bytes.subarray(1));
      const result: unknown = await call(procedure, input, { signal: AbortSignal.timeout(30_000) });
      // A stream of events has an end when nobody listens.
      if (isStream(result)) await result.return?.();
    },
    samples: Array.from({ length: 128 }, (_, at) =>
      Buffer.concat([
        Buffer.from([at]),
        Buffer.from(at % 2 === 0 ? '{"id":"latest","limit":1,"text":"x","name":"y"}' : '{}'),
      ]),
    ),
    words: WORDS,
    allows: (error) => error instanceof ORPCError && error.code !== 'BUG' && error.code !== 'INTERNAL_SERVER_ERROR',
    close: async () => {
      const made = session;
      session = null;
      await made?.[Symbol.asyncDispose]();
    },
  };
}

function proceduresOf(router: object, path: string): [string, AnyProcedure][] {
  return Object.entries(router).flatMap(([name, value]: [string, unknown]): [string, AnyProcedure][] => {
    const place = path === '' ? name : `${path}.${name}`;
    if (isProcedure(value)) return [[place, value]];
    return typeof value === 'object' && value !== null ? proceduresOf(value, place) : [];
  });
}

function isStream(value: unknown): value is AsyncIterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
