// Runs all tests and closes with one line: how many passed, failed and were skipped. What was skipped is named with its reason.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly TestFile[];
}

const folder = mkdtempSync(join(tmpdir(), 'cairn-results-'));
const report = join(folder, 'results.json');
spawnSync(process.execPath, [join(import.meta.dirname, 'install-test-programs.ts')], { stdio: 'inherit' });
const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
const results = readResults(report);
rmSync(folder, { recursive: true, force: true });
if (results === null) {
  process.stdout.write('The tests did not run to their end.\n');
  process.exit(1);
}
const skipped = results.testResults.flatMap((file) =>
  file.assertionResults
    .filter((test) => test.status !== 'passed' && test.status !== 'failed')
    .map((test) => test.fullName),
);
if (skipped.length > 0) process.stdout.write(`\nSkipped:\n${skipped.map((name) => `  ${name}`).join('\n')}\n`);
const brokenFiles = results.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length;
// A test process that ended by itself leaves its tests untold, as if they had been skipped.
const untold = run.status === 0 ? 0 : Math.max(0, 1 - results.numFailedTests - brokenFiles);
if (untold > 0)
  process.stdout.write('\nA test process ended by itself, or an error came outside of a test: see above.\n');
const failed = results.numFailedTests + brokenFiles + untold;
process.stdout.write(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped\n`);
process.exit(run.status === 0 && failed === 0 && results.numPassedTests > 0 ? 0 : 1);

function readResults(path: string): Results | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results; // written by vitest
  } catch {
    return null; // it crashed before it wrote them
  }
}
