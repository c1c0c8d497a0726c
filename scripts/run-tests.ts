// Runs all tests, the window's specs last, and closes with one line: how many passed, failed and were skipped. What was skipped is
// named with its reason.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { provideAiPrograms } from './ai-programs.ts';

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** What vitest writes, as far as it is read here. */
interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** What Playwright writes, as far as it is read here. */
interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly {
      readonly projectName: string;
      readonly status: 'expected' | 'unexpected' | 'flaky' | 'skipped';
      readonly annotations: readonly { readonly type: string; readonly description?: string }[];
    }[];
  }[];
}

const NOTHING_RAN: Outcome = { passed: 0, failed: 1, skipped: [] };
const bin = join(import.meta.dirname, '../node_modules');
const folder = mkdtempSync(join(tmpdir(), 'cairn-results-'));
const only = process.argv.slice(2);

run([join(import.meta.dirname, 'install-test-programs.ts')]);
const aiPrograms = provideAiPrograms();
const outcomes = [runVitest(), ...(only.length === 0 ? [runPlaywright()] : [])];
rmSync(folder, { recursive: true, force: true });

const skipped = outcomes.flatMap((outcome) => outcome.skipped);
if (skipped.length > 0) process.stdout.write(`\nSkipped:\n${skipped.map((name) => `  ${name}`).join('\n')}\n`);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
process.exit(failed === 0 && outcomes.every((outcome) => outcome.passed > 0) ? 0 : 1);

function runVitest(): Outcome {
  const report = join(folder, 'vitest.json');
  const vitest = join(bin, 'vitest/vitest.mjs');
  const status = run(
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...only],
    aiPrograms,
  );
  const results = readReport(report) as VitestResults | null; // vitest wrote it
  if (results === null) {
    process.stdout.write('The tests did not run to their end.\n');
    return NOTHING_RAN;
  }
  const broken = results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  // A test process that ended by itself leaves its tests untold, as if they had been skipped.
  const untold = status === 0 ? 0 : Math.max(0, 1 - results.numFailedTests - broken.length);
  if (untold > 0)
    process.stdout.write('\nA test process ended by itself, or an error came outside of a test: see above.\n');
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken.length + untold,
    skipped: results.testResults.flatMap((file) =>
      file.assertionResults
        .filter((test) => test.status !== 'passed' && test.status !== 'failed')
        .map((test) => test.fullName),
    ),
  };
}

/** The window as it ships, in real Chromium; on Electron too where its binary is. */
function runPlaywright(): Outcome {
  process.stdout.write('\nThe window, in Chromium:\n');
  const built = run([join(bin, 'electron-vite/bin/electron-vite.js'), 'build', '--logLevel', 'warn']);
  if (built !== 0) {
    process.stdout.write('The window could not be built.\n');
    return NOTHING_RAN;
  }
  const report = join(folder, 'playwright.json');
  const status = run([join(bin, '@playwright/test/cli.js'), 'test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  const suite = readReport(report) as PlaywrightSuite | null; // Playwright wrote it
  if (suite === null) {
    process.stdout.write('The specs did not run to their end.\n');
    return NOTHING_RAN;
  }
  const tests = specsOf(suite);
  const count = (wanted: string): number => tests.filter((test) => test.status === wanted).length;
  const failures = count('unexpected');
  return {
    // What passed at the second attempt did not pass: there is no second attempt.
    passed: count('expected') + count('flaky'),
    failed: failures === 0 && status !== 0 ? 1 : failures,
    skipped: tests
      .filter((test) => test.status === 'skipped')
      .map((test) => `${test.projectName}: ${test.title}${test.reason === '' ? '' : ` (${test.reason})`}`),
  };
}

function specsOf(suite: PlaywrightSuite): { projectName: string; title: string; status: string; reason: string }[] {
  const own = (suite.specs ?? []).flatMap(({ title, tests }) =>
    tests.map(({ projectName, status, annotations }) => ({
      projectName,
      title,
      status,
      reason: annotations.find(({ type }) => type === 'skip')?.description ?? '',
    })),
  );
  return [...own, ...(suite.suites ?? []).flatMap(specsOf)];
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): number | null {
  return spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status;
}

/** Null where the runner crashed before it wrote one. */
function readReport(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
