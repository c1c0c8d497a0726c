import { call } from '@orpc/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { PlannedStep, StepResult } from '../../../src/shared/model/restore.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

let test: TestSession;
beforeEach(async () => {
  test = makeTestSession({ clock: new ManualClock() });
  test.tmux.answer({ items: ['a', 'b', 'c'].map((name) => test.tmux.item(name)) });
  test.firefox.answer({ items: [test.firefox.item('t')] });
  await test.session.createVault(TEST_PASSWORD);
  await test.session.capture({ kind: 'manual' });
});
afterEach(() => test[Symbol.asyncDispose]());

const REQUEST = { snapshot: 'latest' } as const;

/** Restores one thing, then waits for the end as a slow program would. */
function restoreOneThenWait(signal: { readonly begun: () => void; readonly goOn: Promise<void> }): void {
  Object.assign(test.tmux, {
    async *applyRestore(steps: readonly PlannedStep[], context: { signal: AbortSignal }): AsyncIterable<StepResult> {
      for (const { key, action, detail } of steps) {
        if (context.signal.aborted) return;
        yield { key, action, status: 'done', detail };
        signal.begun();
        await signal.goOn;
      }
    },
  });
}

describe('restore.cancel', () => {
  it('ends what is not done yet, and the stream goes on to a report that says so', async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    restoreOneThenWait({ begun: begun.resolve, goOn: goOn.promise });
    const types: string[] = [];
    let steps: readonly { readonly key: string; readonly status: string; readonly detail: string }[] = [];
    const reading = (async () => {
      for await (const event of await call(test.router.restore.run, REQUEST)) {
        types.push(event.type);
        if (event.type === 'done') ({ steps } = event.report);
      }
    })();
    await begun.promise;
    expect(await call(test.router.restore.cancel, undefined)).toEqual({ ok: true });
    goOn.resolve();
    await reading;

    expect(types.at(0)).toBe('planned');
    expect(types.at(-1)).toBe('done');
    const told = Object.fromEntries(steps.map(({ key, status, detail }) => [key, `${status}: ${detail}`]));
    expect(told).toEqual({
      [test.tmux.key('a')]: 'done: Open a.',
      [test.tmux.key('b')]: 'skipped: The restore was cancelled before it.',
      [test.tmux.key('c')]: 'skipped: The restore was cancelled before it.',
      [test.firefox.key('t')]: 'skipped: The restore was cancelled before it.',
    });
    expect(test.events.findLast(({ type }) => type === 'restore.progress')).toMatchObject({ hasEnded: true });
    // Nothing is left behind that a later one would be stopped by.
    Object.assign(test.tmux, { applyRestore: Object.getPrototypeOf(test.tmux).applyRestore });
    const { steps: again } = await call(test.router.restore.create, REQUEST);
    expect(again.every(({ status }) => status === 'done')).toBe(true);
  });

  it('does nothing where no restore runs', async () => {
    expect(await call(test.router.restore.cancel, undefined)).toEqual({ ok: true });
    const { steps } = await call(test.router.restore.create, REQUEST);
    expect(steps.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
  });
});
