// `npm run bench`: all benches, one table, what falls short, and JSON in bench-results/.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

import { bundle } from '../support/bundle.ts';
import { fallsShort, type Figure } from './measure.ts';
import { NODE_FLAGS, nodeEnvironment } from './node-flags.ts';

const BENCHES = [
  'bench-vault',
  'bench-million',
  'bench-peers',
  'bench-capture',
  'bench-run',
  'bench-early',
  'bench-window',
  'bench-search',
  'bench-publishing',
  'bench-server',
  'bench-sync',
  'bench-recovery',
] as const;
const only = process.argv.slice(2);

// The window is measured as it ships.
if (only.length === 0 || only.includes('bench-window'))
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
// What is worked on and compared with must be there: as root on Debian it comes by itself.
execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'scripts/install-test-programs.ts', 'bench'], {
  stdio: 'inherit',
});
const unfinished: string[] = [];
const folder = await bundle('bench', {
  ...Object.fromEntries(BENCHES.map((bench) => [bench, `test/bench/${bench}.ts`])),
  cli: 'src/cli/main.ts',
  'workspace-process': 'test/bench/workspace-process.ts',
});
const results: { readonly bench: string; readonly figures: readonly Figure[] }[] = [];
for (const bench of BENCHES.filter((name) => only.length === 0 || only.includes(name))) {
  process.stdout.write(`\n${bench}\n`);
  const run = spawnSync(process.execPath, [...NODE_FLAGS, `${folder}/${bench}.js`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // As bin/cairn starts Node: see node-flags.ts.
    env: nodeEnvironment(process.env),
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status !== 0) {
    unfinished.push(`${bench} did not finish (${run.status ?? run.signal ?? 'unknown'}): none of its figures is shown`);
    process.stdout.write(`  ${unfinished.at(-1) ?? ''}\n`);
    process.exitCode = 1;
    continue;
  }
  const figures = JSON.parse(run.stdout) as Figure[]; // written by the bench
  results.push({ bench, figures });
  for (const figure of figures) process.stdout.write(`  ${line(figure)}\n`);
}
const short = [...results.flatMap(({ figures }) => figures.filter(fallsShort).map(line)), ...unfinished];
process.stdout.write(
  short.length === 0
    ? '\nEvery figure is within its limit.\n'
    : `\nFalls short:\n${short.map((text) => `  ${text}`).join('\n')}\n`,
);
mkdirSync('bench-results', { recursive: true });
const file = `bench-results/${new Date().toISOString().replaceAll(/[-:.]/g, '')}.json`;
writeFileSync(
  file,
  `${JSON.stringify({ at: new Date().toISOString(), cpu: cpus()[0]?.model, cores: cpus().length, memoryMb: Math.round(totalmem() / 1024 / 1024), results, unfinished }, null, 2)}\n`,
);
process.stdout.write(`Written to ${file}\n`);

function line(figure: Figure): string {
  const limit =
    figure.limit === undefined
      ? ''
      : `  (${figure.limit.at} ${figure.limit.value})${fallsShort(figure) ? '  SHORT' : ''}`;
  const value = figure.value === null ? '?' : figure.value.toFixed(figure.value < 100 ? 2 : 0);
  return `${figure.name.padEnd(58)} ${value.padStart(9)} ${figure.unit}${limit}`;
}
