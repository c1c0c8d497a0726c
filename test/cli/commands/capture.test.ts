import { describe, expect, it } from 'vitest';

import { aTerminal, key, TMUX } from '../../support/captures.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const GAP = { source: TMUX, reason: 'timeout', message: 'no answer\x1b[2J', sinceMs: TEST_NOW_MS - 120_000 } as const;

describe('cairn capture', () => {
  it('gives the document of the contract', async () => {
    const { json } = await runCairn(['capture', '--json']);

    expect(json()).toEqual({
      snapshotId: expect.stringMatching(/^[0-9a-f]{16}$/),
      takenAt: '2026-11-20T12:00:00.000Z',
      items: 1,
      changed: 1,
      gaps: 0,
      ms: 12,
    });
  });

  it('tells gaps without failing, and without letting captured text act', async () => {
    const core = new FakeCore();
    core.gaps = [GAP];

    const { exitCode, stdout } = await runCairn(['capture'], { core });

    expect(exitCode).toBe(0);
    expect(stdout).toContain('gap tmux did not answer in time: no answer (since 2 minutes ago)');
    expect(stdout).not.toContain('\x1b');
  });

  it.each([
    ['a wrong password', { CAIRN_PASSWORD: 'wrong' }, 3, 'VAULT_WRONG_PASSWORD'],
    ['no password', {}, 3, 'VAULT_LOCKED'],
  ])('says %s with exit code and document', async (_name, env, exitCode, code) => {
    const result = await runCairn(['capture', '--json'], { env });

    expect(result.exitCode).toBe(exitCode);
    expect(result.json()).toEqual({
      error: { code, message: expect.any(String), hint: expect.any(String), retryable: false },
    });
    expect(result.stderr).toBe('');
  });

  it('says that there is no vault before it asks for a password', async () => {
    const core = new FakeCore();
    core.isThere = false;

    const { exitCode, stderr } = await runCairn(['capture'], { core, answers: [] });

    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/There is no vault here yet/);
    expect(stderr).not.toContain('Password');
  });

  it('closes the vault, also when it fails', async () => {
    const core = new FakeCore();
    core.vault.save = async () => {
      throw new TypeError('a secret title');
    };

    const { exitCode, stderr } = await runCairn(['capture'], { core });

    expect([exitCode, core.vault.isClosed]).toEqual([1, true]);
    expect(stderr).not.toContain('secret');
  });

  it('ends as cancelled when a signal came while the vault was opened', async () => {
    const stop = new AbortController();
    stop.abort();

    const { exitCode, json } = await runCairn(['capture', '--json'], { signal: stop.signal });

    expect(exitCode).toBe(1);
    expect(json()).toMatchObject({ error: { code: 'CANCELLED', retryable: true } });
  });
});

describe('cairn checkpoint', () => {
  it('captures and names it', async () => {
    const argv = [
      'checkpoint',
      'before',
      '--json',
      '--description',
      'd',
      '--tag',
      'a',
      '--tag',
      'b',
      '--priority',
      'high',
      '--pin',
    ];

    const { json } = await runCairn(argv);

    expect(json()).toMatchObject({
      items: 1,
      checkpoint: { name: 'before', description: 'd', tags: ['a', 'b'], priority: 'high', pinned: true },
    });
  });

  it('names a past snapshot', async () => {
    const core = new FakeCore();
    await runCairn(['capture'], { core });
    core.items = [aTerminal('b')];
    await runCairn(['capture'], { core });
    core.vault.isClosed = false;
    const [, first] = await core.vault.listSnapshots({ limit: 2 });
    const id = first?.id ?? '';

    const { json } = await runCairn(['checkpoint', 'that one', '--json', '--snapshot', id.slice(0, 6)], { core });

    expect(json()).toMatchObject({ snapshotId: id, checkpoint: { name: 'that one', snapshotId: id } });
  });

  it('refuses a priority that there is not', async () => {
    expect((await runCairn(['checkpoint', 'x', '--priority', 'urgent'])).exitCode).toBe(2);
  });
});

describe('cairn checkpoints', () => {
  async function withTwo(): Promise<FakeCore> {
    const core = new FakeCore();
    await runCairn(['checkpoint', 'one', '--tag', 'x'], { core });
    core.items = [aTerminal('b', { key: key('tmux:b') })];
    await runCairn(['checkpoint', 'two\x1b[31m'], { core });
    return core;
  }

  it('lists them, by words and as a document', async () => {
    const core = await withTwo();

    const people = await runCairn(['checkpoints', 'list'], { core });
    const scripts = await runCairn(['checkpoints', 'list', '--json'], { core });

    expect(people.stdout).toMatch(/one +#x/);
    expect(people.stdout).not.toContain('\x1b');
    expect(scripts.json()).toMatchObject({
      checkpoints: expect.arrayContaining([expect.objectContaining({ name: 'one' })]),
    });
  });

  it('edits what was given and nothing else', async () => {
    const core = await withTwo();

    const { json } = await runCairn(['checkpoints', 'edit', 'one', '--name', 'first', '--pin', '--no-tags', '--json'], {
      core,
    });

    expect(json()).toMatchObject({ checkpoint: { name: 'first', pinned: true, tags: [], priority: 'normal' } });
    expect((await runCairn(['checkpoints', 'edit', 'first'], { core })).exitCode).toBe(2);
  });

  it('deletes by id prefix; a dry run deletes nothing', async () => {
    const core = await withTwo();
    core.vault.isClosed = false;
    const [one] = await core.vault.listCheckpoints();
    const reference = one?.id.slice(0, 6) ?? '';

    const dry = await runCairn(['checkpoints', 'delete', reference, '--dry-run'], { core });
    const real = await runCairn(['checkpoints', 'delete', reference, '--json'], { core });

    expect(dry.stdout).toContain('Would delete 1 checkpoint: one.');
    expect(real.json()).toMatchObject({ dryRun: false, deleted: [{ name: 'one' }] });
    expect((await runCairn(['checkpoints', 'delete', 'one'], { core })).exitCode).toBe(4);
  });
});
