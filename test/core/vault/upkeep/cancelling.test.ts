// Long work that is cancelled in its middle: it says so, what was done stays done, and the next attempt goes on.

import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DEFAULT_RETENTION } from '../../../../src/shared/model/retention.ts';
import type { LongWorkOptions, Progress } from '../../../../src/core/vault/vault.ts';
import { aCapture, aStream, aTerminal, key } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../../support/test-vault.ts';

const PANES = 600;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let filled: TestVault;
let test: TestVault;
let contents: Map<string, Buffer>;

beforeAll(async () => {
  filled = await openTestVault();
  contents = new Map(Array.from({ length: PANES }, (_, pane) => [`p${pane}`, randomBytes(3_000)]));
  for (let at = 0; at < 40; at += 1)
    await filled.vault.save(
      aCapture(
        [...contents].map(([name, bytes]) =>
          aTerminal(name, {
            title: `${at}`,
            streams: [aStream({ kind: 'blob', content: { type: 'whole', bytes: Uint8Array.from(bytes) } })],
          }),
        ),
        { takenAtMs: TEST_NOW_MS + at * HOUR_MS },
      ),
    );
  await filled.vault.close();
});
afterAll(() => filled[Symbol.asyncDispose]());
beforeEach(async () => {
  test = await openTestVault({ copyOf: filled });
});
afterEach(() => test[Symbol.asyncDispose]());

/** Begins the work, cancels it at its first word of progress, and gives how far it had come. */
async function cancelInTheMiddle(
  work: (options: LongWorkOptions) => Promise<unknown>,
  afterDone = 1,
): Promise<Progress> {
  const controller = new AbortController();
  const seen: Progress[] = [];
  const running = work({
    signal: controller.signal,
    onProgress: (progress) => {
      seen.push(progress);
      if (progress.done >= afterDone) controller.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED', isRetryable: true });
  const last = seen.at(-1);
  if (last === undefined) throw new Error('there was no progress');
  return last;
}

async function expectAllThere(): Promise<void> {
  const [newest] = await test.vault.listSnapshots({ limit: 1 });
  if (newest === undefined) throw new Error('there is no snapshot');
  for (const [name, bytes] of contents)
    expect(Buffer.compare(await test.vault.readStream(newest.id, key(`tmux:${name}`), 'scrollback'), bytes)).toBe(0);
  expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true, damaged: [] });
}

describe('cancelling', () => {
  it('[V4] a rotation: it goes on where it stood, also after a restart', async () => {
    const before = await test.vault.keys(TEST_NOW_MS);
    const { done, total } = await cancelInTheMiddle((options) => test.vault.rotate({ ...options, nowMs: TEST_NOW_MS }));
    expect(done).toBeLessThan(total);
    expect((await test.vault.keys(TEST_NOW_MS)).rotation).not.toBeNull();
    await expectAllThere();

    await test.reopen();
    await expectAllThere();
    await test.vault.rotate({ nowMs: TEST_NOW_MS });
    expect(await test.vault.keys(TEST_NOW_MS)).toMatchObject({ rotation: null, epoch: before.epoch + 1 });
    await expectAllThere();
  });

  it('a verification: nothing was changed, and the next one finds all whole', async () => {
    const { done, total } = await cancelInTheMiddle((options) =>
      test.vault.verify({ ...options, isDeep: true, nowMs: TEST_NOW_MS }),
    );

    expect(done).toBeLessThan(total);
    await expectAllThere();
  });

  it('[V17] a prune: the next one goes on', async () => {
    const nowMs = TEST_NOW_MS + 20 * DAY_MS;
    // The snapshots are gone by its first word; what they alone held is not yet.
    await cancelInTheMiddle(
      (options) => test.vault.prune(DEFAULT_RETENTION, nowMs, { ...options, isDryRun: false }),
      0,
    );
    await expectAllThere();

    await test.vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: false });
    await expectAllThere();
  });
});
