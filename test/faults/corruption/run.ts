// `npm run faults`: 10,000 damaged vaults, by class and seed, and a table of what came back. Arguments: how many in all, and the first seed.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { judge } from './campaign.ts';
import { DAMAGES } from './damage.ts';
import { makeSpecimen } from './specimen.ts';

const total = Number(process.argv[2] ?? 10_000);
const firstSeed = Number(process.argv[3] ?? 1);
const only = process.argv[4];
/** In memory where there is such a place: the disk is not what is tested. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cairn-corruption-'));
const classes = Object.keys(DAMAGES).filter((name) => only === undefined || name === only);
const startedMs = performance.now();
let hasFault = false;

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const specimen = await makeSpecimen(folder);
const items = [...specimen.truth.values()].reduce((sum, { size }) => sum + size, 0);
process.stdout.write(
  `${specimen.truth.size} snapshots with ${items} items in ${Math.round(specimen.settled.database.length / 1024)} KiB; seeds from ${firstSeed} on\n`,
);
process.stdout.write(
  `${'class'.padEnd(22)} ${'cases'.padStart(6)} ${'back'.padStart(8)} ${'worst'.padStart(8)}  ways\n`,
);
for (const name of classes) {
  const cases = Math.ceil(total / classes.length);
  const sum = { recovered: 0, expected: 0, worst: 1 };
  const ways = new Map<string, number>();
  for (let index = 0; index < cases; index += 1) {
    const seed = firstSeed + index;
    const { recovered, expected, faults, ways: way } = await judge(specimen, name, seed, folder);
    sum.recovered += recovered;
    sum.expected += expected;
    sum.worst = Math.min(sum.worst, expected === 0 ? 1 : recovered / expected);
    ways.set(way, (ways.get(way) ?? 0) + 1);
    for (const fault of faults) {
      hasFault = true;
      process.stdout.write(`FAULT ${name}, seed ${seed}: ${fault}\n`);
    }
  }
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`.padStart(8);
  const told = [...ways].toSorted((a, b) => b[1] - a[1]).map(([way, count]) => `${way} ${count}`);
  process.stdout.write(
    `${name.padEnd(22)} ${String(cases).padStart(6)} ${percent(sum.recovered / Math.max(1, sum.expected))} ${percent(sum.worst)}  ${told.join(', ')}\n`,
  );
}
process.stdout.write(
  `${((performance.now() - startedMs) / 1000).toFixed(0)} s; ${hasFault ? 'faults, see above' : 'no fault'}\n`,
);
process.exit(hasFault ? 1 : 0);
