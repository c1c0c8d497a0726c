import { describe, expect, it } from 'vitest';

import { writeRunner } from '../../../src/cli/runner.ts';
import { CLAUDE, TMUX } from '../../support/captures.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const DAY_MS = 86_400_000;

describe('cairn status', () => {
  it('says that all is well while a run captures', async () => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });
    core.vault.isClosed = false;
    await writeRunner(core.vault, { pid: 77, startedAtMs: core.nowMs - 60_000, intervalMs: 30_000 });
    core.nowMs += 12_000;

    const { stdout, exitCode } = await runCairn(['status'], { core, alive: [77] });

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Capturing every 30 seconds, since 1 minute ago/);
    expect(stdout).toMatch(/Last capture +12 seconds ago \(\S+\), 1 item, 1 changed: [0-9a-f]{8}/);
    expect(stdout).toContain('All is well.');
  });

  it('tells of a run that died, and what to do', async () => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });
    core.vault.isClosed = false;
    await writeRunner(core.vault, { pid: 77, startedAtMs: core.nowMs, intervalMs: 30_000 });

    const { json } = await runCairn(['status', '--json'], { core });

    expect(json()).toMatchObject({
      capturing: false,
      runner: null,
      lastCapture: { items: 1 },
      sources: [{ id: 'tmux', active: true }],
      vault: { snapshots: 1 },
      advice: ['Nothing captures now: keep `cairn run` going.'],
    });
  });

  it('tells of a run that is stuck, a source that is silent, and upkeep that is due', async () => {
    const core = new FakeCore();
    core.enabled = [TMUX, CLAUDE];
    await runCairn(['capture'], { core });
    core.vault.isClosed = false;
    await writeRunner(core.vault, { pid: 77, startedAtMs: core.nowMs, intervalMs: 30_000 });
    core.nowMs += 31 * DAY_MS;

    const { stdout } = await runCairn(['status'], { core, alive: [77] });

    expect(stdout).toContain('has captured nothing for 4 weeks');
    expect(stdout).toContain('tmux was silent for 4 weeks');
    expect(stdout).toContain('`cairn backup` makes one');
    expect(stdout).toContain('`cairn verify` checks every seal');
    expect(stdout).toMatch(/claude-code +nothing seen yet/);
  });

  it('is late with the third interval that nothing came of, and not before', async () => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });
    core.vault.isClosed = false;
    await writeRunner(core.vault, { pid: 77, startedAtMs: core.nowMs, intervalMs: 30_000 });
    const advice = async (ageMs: number): Promise<unknown> => {
      const { json } = await runCairn(['status', '--json'], {
        core: Object.assign(core, { nowMs: core.nowMs + ageMs }),
        alive: [77],
      });
      return (json() as { readonly advice: readonly string[] }).advice;
    };

    expect(await advice(89_999)).toEqual([]);
    expect(await advice(1)).toEqual([
      'The run of process 77 has captured nothing for 1 minute: look at what it printed.',
    ]);
  });

  it.each([
    ['waiting', false, 'Capturing every 30 seconds, by the desktop app.', [], true],
    [
      'failing',
      true,
      'Late: the desktop app should capture every 30 seconds.',
      ['The running Cairn has captured nothing for 5 minutes: The disk is full. Free some space.'],
      true,
    ],
    [
      'paused',
      false,
      'Not capturing: paused in the desktop app.',
      ['Capturing is paused: resume it in the window.'],
      false,
    ],
  ] as const)('tells how the running app stands: %s', async (state, isLate, line, advice, capturing) => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });
    core.nowMs += 300_000;
    const failure = {
      code: 'VAULT_DISK_FULL',
      message: 'The disk is full.',
      hint: 'Free some space.',
      retryable: true,
    } as const;
    core.running = {
      shell: 'desktop',
      capture: { state, intervalSeconds: 30, isLate, ...(isLate ? { failure } : {}) },
    };

    const { json } = await runCairn(['status', '--json'], { core });
    const { stdout } = await runCairn(['status'], { core });

    expect(json()).toMatchObject({ capturing, runner: null, app: { shell: 'desktop', state, isLate }, advice });
    expect(stdout.split('\n')[0]).toBe(line);
  });

  it('says when the newest and everything was verified, and what was found damaged, whichever process looked', async () => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });
    core.vault.isClosed = false;
    core.vault.healthNow = {
      quickAtMs: core.nowMs - 3 * 3_600_000,
      deepAtMs: core.nowMs - 12 * DAY_MS,
      lastVerifiedAtMs: null,
      provenBackupAtMs: core.nowMs - DAY_MS,
      pass: { done: 45, total: 100 },
      damage: { foundAtMs: core.nowMs - 2 * 3_600_000, records: 3, contents: 2, snapshots: 1 },
    };

    const people = await runCairn(['status'], { core });
    core.vault.isClosed = false;
    const scripts = await runCairn(['status', '--json'], { core });

    expect(people.stdout).toMatch(
      /Last verified +the newest 3 hours ago .*everything .*looking through everything: 45 %/,
    );
    expect(people.stdout).toContain('3 records of the vault are damaged, found 2 hours ago');
    expect(scripts.json()).toMatchObject({
      verification: { progress: { done: 45, total: 100 }, damage: { records: 3 } },
    });
  });

  it('says when no source is on', async () => {
    const core = new FakeCore();
    core.enabled = [];

    expect((await runCairn(['status'], { core })).stdout).toContain('Nothing is captured: no source is on.');
  });
});

describe('cairn stats', () => {
  it('gives the numbers', async () => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });

    expect((await runCairn(['stats'], { core })).stdout).toMatch(/Snapshots +1\n/);
    expect((await runCairn(['stats', '--json'], { core })).json()).toMatchObject({
      snapshots: 1,
      newestAt: '2026-11-20T12:00:00.000Z',
      sources: [{ id: 'tmux' }],
    });
  });
});
