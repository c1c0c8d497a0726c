// The process of `npm run soak`: prints the table, and ends with 1 where something grows as it must not.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault } from '../../src/core/vault/vault-client.ts';
import { soak, type SoakSample } from './soak.ts';

const STEP_MS = 30_000;
/** Over 10,000 captures less than what a page of a browser takes; chance is in it, since garbage is collected as the engine likes. */
const MAX_RESIDENT_MB_PER_1000 = 4;
const MAX_HEAP_MB_PER_1000 = 1;
const MAX_FILES_GROWN = 3;

const { values } = parseArgs({
  options: { captures: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const folder = mkdtempSync(join(tmpdir(), 'cairn-soak-'));
const path = join(folder, 'vault.db');
const startMs = Date.UTC(2026, 10, 20);
const captures = Number(values.captures);
try {
  const { vault } = await createVault({ path, password: 'soak of a test', nowMs: startMs, argon2: ARGON2_FLOOR });
  process.stdout.write(
    `seed ${values.seed}\n\n| captures | snapshots | file MB | resident MB | heap MB | open files | save ms |\n`,
  );
  process.stdout.write('| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n');
  const seed = Number(values.seed);
  const report = await soak(vault, { path, captures, seed, stepMs: STEP_MS, startMs, samples: 20, onSample: print });
  await vault.close();
  const { residentMbPer1000, heapMbPer1000, filesGrown, overdue, damaged } = report;
  process.stdout.write(
    `\nsecond half, for each 1,000 captures: resident ${residentMbPer1000.toFixed(2)} MB, heap ${heapMbPer1000.toFixed(2)} MB; ` +
      `open files ${filesGrown}; left to thin ${overdue}; damaged ${damaged}\n`,
  );
  // The first thousands fill caches: less tells nothing about growth.
  const isFlat =
    captures < 4_000 || (residentMbPer1000 < MAX_RESIDENT_MB_PER_1000 && heapMbPer1000 < MAX_HEAP_MB_PER_1000);
  process.exitCode = isFlat && filesGrown <= MAX_FILES_GROWN && overdue === 0 && damaged === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function print(sample: SoakSample): void {
  const { captures: count, snapshots, fileMb, residentMb, heapMb, openFiles, saveMs } = sample;
  const numbers = [fileMb, residentMb, heapMb].map((value) => value.toFixed(1));
  process.stdout.write(`| ${[count, snapshots, ...numbers, openFiles, saveMs.toFixed(1)].join(' | ')} |\n`);
}
