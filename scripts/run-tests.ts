// Runs all tests, the window's specs last, and closes with one line: how many passed, failed and were skipped. What was skipped,
// failed, or passed only at its second attempt is named there.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { provideAiPrograms } from './ai-programs.ts';
import type { VitestOutcome } from './outcome-reporter.ts';

interface Outcome {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  /** Passed at the second attempt only: programs that are not ours, or two cores that were busy. */
  readonly flaky: readonly string[];
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
      readonly results: readonly { readonly error?: { readonly message?: string } }[];
    }[];
  }[];
}

const bin = join(import.meta.dirname, '../node_modules');
const folder = mkdtempSync(join(tmpdir(), 'cairn-results-'));
const only = process.argv.slice(2);
// Hundreds of processes and threads load the same code: compiled once, a start of a vault's thread takes a quarter less.
process.env['NODE_COMPILE_CACHE'] = join(folder, 'code');

run([join(import.meta.dirname, 'install-test-programs.ts')]);
const aiPrograms = provideAiPrograms();
const outcomes = [runVitest(), ...(only.length === 0 ? [runPlaywright()] : [])];
rmSync(folder, { recursive: true, force: true });

const [failed, skipped, flaky] = (['failed', 'skipped', 'flaky'] as const).map((key) =>
  outcomes.flatMap((outcome) => outcome[key]),
) as [string[], string[], string[]]; // one for each of the three
tell('Skipped', skipped);
tell('Passed at the second attempt only', flaky);
tell('Failed', failed);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
process.stdout.write(`\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped\n`);
process.exit(failed.length === 0 && outcomes.every((outcome) => outcome.passed > 0) ? 0 : 1);

function tell(title: string, names: readonly string[]): void {
  if (names.length > 0) process.stdout.write(`\n${title}:\n${names.map((name) => `  ${name}`).join('\n')}\n`);
}

function runVitest(): Outcome {
  const report = join(folder, 'vitest.json');
  const vitest = join(bin, 'vitest/vitest.mjs');
  const reporter = join(import.meta.dirname, 'outcome-reporter.ts');
  const status = run([vitest, 'run', '--reporter=default', `--reporter=${reporter}`, ...only], {
    ...aiPrograms,
    CAIRN_OUTCOME_FILE: report,
  });
  const outcome = readReport(report) as VitestOutcome | null; // our reporter wrote it
  if (outcome === null) return nothingRan('The tests did not run to their end.');
  // A test process that ended by itself leaves its tests untold, as if they had been skipped.
  const isUntold = status !== 0 && outcome.failed.length === 0;
  const untold = 'A test process ended by itself, or an error came outside of a test: see above.';
  return isUntold ? { ...outcome, failed: [untold] } : outcome;
}

function nothingRan(why: string): Outcome {
  return { passed: 0, failed: [why], skipped: [], flaky: [] };
}

/** The window as it ships, in real Chromium; on Electron too where its binary is. */
function runPlaywright(): Outcome {
  process.stdout.write('\nThe window, in Chromium:\n');
  const built = run([join(bin, 'electron-vite/bin/electron-vite.js'), 'build', '--logLevel', 'warn']);
  if (built !== 0) return nothingRan('The window could not be built.');
  const report = join(folder, 'playwright.json');
  const status = run([join(bin, '@playwright/test/cli.js'), 'test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  const suite = readReport(report) as PlaywrightSuite | null; // Playwright wrote it
  if (suite === null) return nothingRan('The specs did not run to their end.');
  const tests = specsOf(suite);
  const named = (wanted: string): string[] =>
    tests
      .filter((test) => test.status === wanted)
      .map(({ name, reason }) => (reason === '' ? name : `${name} (${reason})`));
  const failures = named('unexpected');
  return {
    passed: tests.filter(({ status: was }) => was === 'expected' || was === 'flaky').length,
    failed: failures.length === 0 && status !== 0 ? ['An error came outside of a spec: see above.'] : failures,
    skipped: named('skipped'),
    flaky: named('flaky'),
  };
}

function specsOf(suite: PlaywrightSuite): { name: string; status: string; reason: string }[] {
  const own = (suite.specs ?? []).flatMap(({ title, tests }) =>
    tests.map(({ projectName, status, annotations, results }) => ({
      name: `${projectName}: ${title}`,
      status,
      reason:
        annotations.find(({ type }) => type === 'skip')?.description ??
        results.find(({ error }) => error !== undefined)?.error?.message?.split('\n')[0] ??
        '',
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
