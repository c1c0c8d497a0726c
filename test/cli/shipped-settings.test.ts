// What bin/cairn sets for Node's memory stands in three places, which have to agree.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { ALLOCATOR_SETTINGS } from '../../src/cli/allocator-settings.ts';
import { NODE_FLAGS } from '../bench/node-flags.ts';

const SCRIPT = readFileSync(fileURLToPath(new URL('../../bin/cairn', import.meta.url)), 'utf8');

describe('bin/cairn', () => {
  it('sets in the environment what src/cli/main.ts takes out again', () => {
    const set = [...SCRIPT.matchAll(/^export (MALLOC_\w+)="\$\{\1:-(\d+)\}"$/gm)].map(([, name, value]) => [
      name,
      value,
    ]);

    expect(Object.fromEntries(set)).toEqual(ALLOCATOR_SETTINGS);
  });

  it('gives Node the flags that benches and soaks give it', () => {
    const given = [...SCRIPT.matchAll(/^(?:steady|small)=(\S+)$/gm)].map(([, flag]) => flag);

    expect(given).toEqual(NODE_FLAGS);
  });
});
