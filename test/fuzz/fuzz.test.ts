// A short turn of every fuzz target, and every input that ever broke one. `npm run fuzz` is the long one.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { findFault, fuzzLoop } from './fuzz-loop.ts';
import { nothing, texts, type FuzzTarget } from './target.ts';
import { fuzzTargets } from './targets.ts';

const RUNS = 150;
const SEED = 20_261_127;

describe.each(fuzzTargets().map((target) => [target.name, target] as const))('%s', (name, target) => {
  const crashes = join(import.meta.dirname, 'crashes', name);

  it('takes whatever bytes it is given, and what broke it once', async () => {
    const known = existsSync(crashes) ? readdirSync(crashes).map((file) => readFileSync(join(crashes, file))) : [];

    const { faults } = await fuzzLoop(target, {
      seed: SEED,
      runs: RUNS,
      maxMs: 20_000,
      corpus: known,
      isGuided: false,
    });
    await target.close?.();

    expect(faults.map(({ what, input }) => `${what}: ${input.toString()}`)).toEqual([]);
  });
});

describe('fuzzLoop()', () => {
  const target: FuzzTarget = {
    name: 'one that breaks',
    run: (bytes) => {
      if (bytes.includes('[') && bytes.includes('}')) throw new TypeError('both');
    },
    samples: texts('{"a":1}'),
    words: ['['],
    allows: nothing,
  };

  it('finds what breaks a target and gives the smallest input that does', async () => {
    const { faults } = await fuzzLoop(target, { seed: 1, runs: 2_000, maxMs: 20_000, corpus: [], isGuided: false });

    expect(faults).toHaveLength(1);
    expect(faults[0]?.what).toBe('TypeError at elsewhere: both');
    expect(faults[0]?.input.toString()).toMatch(/^(\[\}|\}\[)$/);
  });

  it('allows what the target allows', async () => {
    expect(await findFault({ ...target, allows: (error) => error instanceof TypeError }, Buffer.from('[}'))).toBeNull();
  });
});
