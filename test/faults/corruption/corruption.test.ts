import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { judge } from './campaign.ts';
import { DAMAGES } from './damage.ts';
import { makeSpecimen, type Specimen } from './specimen.ts';

/** `npm run faults` goes through 10,000. */
const SEEDS = [1, 2, 3];
/** Seeds that once found a fault. */
const FOUND: Readonly<Record<string, readonly number[]>> = { 'two vaults mixed': [454, 507] };

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cairn-corruption-'));
let specimen: Specimen;

beforeAll(async () => {
  specimen = await makeSpecimen(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a vault damaged by', () => {
  it.each(Object.keys(DAMAGES))(
    '%s: never a crash, never wrong data, and every item that was not touched comes back',
    async (name) => {
      for (const seed of [...SEEDS, ...(FOUND[name] ?? [])]) {
        const { faults } = await judge(specimen, name, seed, folder);
        expect(faults, `seed ${seed}`).toEqual([]);
      }
    },
  );
});
