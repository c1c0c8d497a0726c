// What came of the tests, in a file (CAIRN_OUTCOME_FILE), for scripts/run-tests.ts: vitest's own reporters do not tell which tests
// passed at their second attempt only.

import { writeFileSync } from 'node:fs';
import process from 'node:process';

import type { Reporter, TestCase, TestModule } from 'vitest/node';

export interface VitestOutcome {
  readonly passed: number;
  /** Each with the first line of its error. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly flaky: readonly string[];
}

// oxlint-disable-next-line import/no-default-export -- vitest loads reporters so
export default class OutcomeReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const path = process.env['CAIRN_OUTCOME_FILE'];
    if (path === undefined) return;
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string): TestCase[] => tests.filter((test) => test.result().state === state);
    const broken = modules.flatMap((module) =>
      module.errors().map(({ message }) => `${module.relativeModuleId}: ${firstLine(message)}`),
    );
    const outcome: VitestOutcome = {
      passed: inState('passed').length,
      failed: [...inState('failed').map(withError), ...broken],
      // What is still pending was never run: its process ended.
      skipped: [...inState('skipped'), ...inState('pending')].map(nameOf),
      flaky: inState('passed')
        .filter((test) => test.diagnostic()?.flaky === true)
        .map(withError),
    };
    writeFileSync(path, JSON.stringify(outcome));
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function withError(test: TestCase): string {
  const error = test.result().errors?.[0]?.message ?? '';
  return error === '' ? nameOf(test) : `${nameOf(test)} (${firstLine(error)})`;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 200);
}
