import { describe, expect, it } from 'vitest';

import type { ItemKey, SnapshotId } from '../../../src/shared/model/ids.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../../support/test-vault.ts';
import { aRepairReport, FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const LOSSY = aRepairReport({
  snapshots: 8,
  lostSnapshots: 1,
  lost: 3,
  tier: 'partial',
  tiers: [
    { name: 'full', wins: 6, loses: 3, sentence: 'Snapshots that are whole.' },
    { name: 'last-good', wins: 1, loses: 2, sentence: 'Put together.' },
    { name: 'partial', wins: 1, loses: 1, sentence: 'In part.' },
    { name: 'emergency', wins: 0, loses: 1, sentence: 'Found in the bytes.' },
  ],
  together: [{ id: 'aaaa000000000001' as SnapshotId, takenAtMs: TEST_NOW_MS - 60_000, missingItems: 2 }],
  losses: {
    snapshots: 1,
    items: 1,
    newestWhole: { id: 'bbbb000000000002' as SnapshotId, takenAtMs: TEST_NOW_MS - 120_000 },
    list: [
      {
        key: 'tmux:a' as ItemKey,
        title: 'a \u001b[31mterminal',
        source: 'tmux',
        snapshots: 1,
        fromMs: TEST_NOW_MS,
        toMs: TEST_NOW_MS,
        lostBytes: 2_048,
        totalBytes: 4_096,
      },
    ],
  },
  causes: [{ code: 'sync-folder', sentence: 'The vault lies in a folder that Dropbox copies.' }],
});

function aCore(report = aRepairReport()): FakeCore {
  const core = new FakeCore();
  core.repairReport = report;
  return core;
}

describe('cairn repair', () => {
  it('shows a person what would come back, asks, and does it', async () => {
    const { exitCode, stdout, core } = await runCairn(['repair'], { core: aCore(), answers: [TEST_PASSWORD, 'y'] });

    expect(exitCode).toBe(0);
    expect(core.repairs).toEqual([true, false]);
    expect(stdout).toMatch(/10 snapshots.* would come back/);
    expect(stdout).toMatch(/10 snapshots.* came back/);
    expect(stdout).toContain('vault.db.damaged-20261120T120000000Z');
  });

  it('changes nothing for somebody who says no', async () => {
    const { exitCode, stdout, core } = await runCairn(['repair'], { core: aCore(), answers: [TEST_PASSWORD, 'n'] });

    expect([exitCode, core.repairs]).toEqual([0, [true]]);
    expect(stdout).toContain('Nothing was changed.');
  });

  it('only looks with --dry-run, and repairs at once where nobody can be asked', async () => {
    const dry = await runCairn(['repair', '--dry-run'], { core: aCore() });
    const direct = await runCairn(['repair'], { core: aCore() });

    expect([dry.exitCode, dry.core.repairs, direct.exitCode, direct.core.repairs]).toEqual([0, [true], 0, [false]]);
    expect(dry.stdout).toContain('`cairn repair` does it.');
  });

  it('says to the item what is lost, and ends with 5', async () => {
    const { exitCode, stdout } = await runCairn(['repair'], { core: aCore(LOSSY) });

    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/8 snapshots.* came back, 1 snapshot cannot/);
    expect(stdout).toMatch(/a terminal +tmux +2.0 KB of 4.1 KB/);
    expect(stdout).toMatch(/newest snapshot that is whole: bbbb0000/);
    expect(stdout).toMatch(/1 snapshot put together/);
    expect(stdout).toMatch(/Dropbox/);
    expect(stdout).not.toContain('\u001b[31m');
  });

  it('gives one document with --json, with an error where something stays lost', async () => {
    const whole = await runCairn(['repair', '--dry-run', '--json'], { core: aCore() });
    const lossy = await runCairn(['repair', '--json'], { core: aCore(LOSSY) });

    expect(whole.json()).toMatchObject({ dryRun: true, snapshots: 10, tier: 'full', keptAs: null });
    expect(whole.json()).not.toHaveProperty('error');
    expect(lossy.exitCode).toBe(5);
    expect(lossy.json()).toMatchObject({
      dryRun: false,
      tier: 'partial',
      together: [{ takenAt: '2026-11-20T11:59:00.000Z', missingItems: 2 }],
      losses: { list: [{ key: 'tmux:a', lostBytes: 2_048, to: '2026-11-20T12:00:00.000Z' }] },
      error: { code: 'VAULT_DAMAGED' },
    });
  });

  it('does nothing to a vault that is whole', async () => {
    const core = aCore(aRepairReport({ isWhole: true, healed: 0, keptAs: null }));
    const { exitCode, stdout } = await runCairn(['repair'], { core, answers: [TEST_PASSWORD] });

    expect([exitCode, core.repairs]).toEqual([0, [true]]);
    expect(stdout).toMatch(/there is nothing to repair/);
  });

  it('asks again for a password that is wrong, and needs a vault', async () => {
    const again = await runCairn(['repair', '--dry-run'], { core: aCore(), answers: ['wrong', TEST_PASSWORD] });
    const gone = aCore();
    gone.isThere = false;
    const missing = await runCairn(['repair'], { core: gone });

    expect(again.exitCode).toBe(0);
    expect([missing.exitCode, missing.stderr]).toEqual([4, expect.stringContaining('There is no vault here')]);
  });
});
