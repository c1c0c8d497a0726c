import { describe, expect, it } from 'vitest';

import { parseSourceId } from '../../../src/shared/model/ids.ts';
import type { PlannedStep } from '../../../src/shared/model/restore.ts';
import { CLAUDE, key, TMUX } from '../../support/captures.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const PLAN: readonly PlannedStep[] = [
  {
    key: key('tmux:main:1.0'),
    source: TMUX,
    action: 'create-pane',
    status: 'planned',
    detail: 'In ~/src\x1b[2J, vim on the prompt',
    payload: {},
  },
  {
    key: key('tmux:main:1.1'),
    source: TMUX,
    action: 'create-pane',
    status: 'skipped',
    detail: 'Already open',
    payload: null,
  },
  {
    key: key('claude-code:abc'),
    source: CLAUDE,
    action: 'resume-conversation',
    status: 'planned',
    detail: 'In window 2',
    payload: {},
  },
];

async function withPlan(): Promise<FakeCore> {
  const core = new FakeCore();
  await runCairn(['capture'], { core });
  core.plan = PLAN;
  return core;
}

describe('cairn restore', () => {
  it('shows the plan of a dry run, and does nothing', async () => {
    const core = await withPlan();

    const people = await runCairn(['restore', 'latest', '--dry-run'], { core });
    const scripts = await runCairn(['restore', 'latest', '--dry-run', '--json'], { core });

    expect(people.stdout).toMatch(/planned +tmux:main:1\.0 +create-pane +In ~\/src, vim on the prompt/);
    expect(people.stdout).toContain('2 steps, 1 skipped');
    expect(scripts.json()).toMatchObject({
      undo: null,
      steps: [{ status: 'planned' }, { status: 'skipped' }, { status: 'planned' }],
    });
    core.vault.isClosed = false;
    expect(await core.vault.listSnapshots({ limit: 10 })).toHaveLength(1);
  });

  it('does what the plan says, step by step, and says how to take it back', async () => {
    const { exitCode, stdout } = await runCairn(['restore', 'latest'], { core: await withPlan() });

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/done +tmux:main:1\.0/);
    expect(stdout).toContain('Restored: 2 done and 1 skipped.');
    expect(stdout).toContain('`cairn restore --undo` takes it back');
  });

  it('has exit code 1 and an error in the document where a step failed', async () => {
    const core = await withPlan();
    core.failingKeys = ['claude-code:abc'];

    const { exitCode, json } = await runCairn(['restore', 'latest', '--json'], { core });

    expect(exitCode).toBe(1);
    expect(json()).toMatchObject({
      steps: [{ status: 'done' }, { status: 'skipped' }, { status: 'failed' }],
      undo: expect.stringMatching(/^[0-9a-f]{16}$/),
      error: { code: 'SOURCE_FAILED', message: '1 step of 3 failed.' },
    });
  });

  it('says that it was cancelled where a signal ends the planning', async () => {
    const stop = new AbortController();
    const core = await withPlan();
    core.beforePlan = () => {
      stop.abort();
      stop.signal.throwIfAborted();
    };

    const people = await runCairn(['restore', 'latest'], { core, signal: stop.signal });

    expect([people.exitCode, people.stdout, people.stderr]).toEqual([1, '', 'cairn: Cancelled.\n']);
  });

  it('says what was done before a signal ended it, and has exit code 1', async () => {
    const results = [];
    for (const argv of [
      ['restore', 'latest'],
      ['restore', 'latest', '--json'],
    ]) {
      const stop = new AbortController();
      const core = await withPlan();
      core.beforeStep = (step) => {
        if (step === 'claude-code:abc') stop.abort();
      };
      results.push(await runCairn(argv, { core, signal: stop.signal }));
    }
    const [people, scripts] = results;

    expect(people?.stdout).toContain('Restored: 1 done and 2 skipped.');
    expect(people?.stderr).toBe(
      'cairn: The restore was cancelled before it was complete. The same command goes on; `cairn restore --undo` takes back what was done.\n',
    );
    expect(scripts?.json()).toMatchObject({
      steps: [{ status: 'done' }, { status: 'skipped' }, { status: 'skipped' }],
      error: { code: 'CANCELLED', retryable: true },
    });
    expect(results.map(({ exitCode }) => exitCode)).toEqual([1, 1]);
  });

  it('hands over what was selected and allowed', async () => {
    const core = await withPlan();

    await runCairn(
      [
        'restore',
        'latest',
        '--dry-run',
        '--only',
        'tab',
        '--only',
        'tmux:*',
        '--run',
        '--worktree',
        '/tmp/w',
        '--allow-file-urls',
        '--no-scrollback',
      ],
      { core },
    );

    expect(core.requests).toMatchObject([
      {
        only: ['tab', 'tmux:*'],
        options: {
          shouldRunCommands: true,
          shouldApplyGit: false,
          worktreeDir: '/tmp/w',
          allowsFileUrls: true,
          withScrollback: false,
        },
      },
    ]);
  });

  it('captures and asks nothing where there is nothing to do', async () => {
    const core = await withPlan();
    core.plan = PLAN.filter(({ status }) => status === 'skipped');

    const { exitCode, json } = await runCairn(['restore', 'latest', '--json'], { core });

    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({ steps: [{ status: 'skipped' }], undo: null });
    core.vault.isClosed = false;
    expect(await core.vault.listSnapshots({ limit: 10 })).toHaveLength(1);
  });

  it('asks a person before it does anything', async () => {
    const no = await runCairn(['restore', 'latest'], { core: await withPlan(), answers: [TEST_PASSWORD, 'n'] });
    const yes = await runCairn(['restore', 'latest'], { core: await withPlan(), answers: [TEST_PASSWORD, ''] });

    expect([no.exitCode, yes.exitCode]).toEqual([0, 0]);
    expect(no.stdout).toContain('Nothing was restored.');
    expect(yes.stdout).toContain('2 done');
    expect(yes.stderr).toContain('Do 2 steps? [Y/n]');
  });

  it.each([
    [['restore'], 2],
    [['restore', 'latest', '--undo'], 2],
    [['restore', '--undo', '--run'], 2],
    [['restore', 'latest', '--apply', '--worktree', '/tmp/w'], 2],
    [['restore', '--undo'], 4],
    [['restore', 'ffffff'], 4],
  ])('%j has exit code %i', async (argv, exitCode) => {
    expect((await runCairn(argv, { core: await withPlan() })).exitCode).toBe(exitCode);
  });

  it('tells many steps that are skipped for one reason in one row', async () => {
    const core = await withPlan();
    const skipped = Array.from({ length: 40 }, (_, at): PlannedStep => ({
      key: key(`shell-history:${at}`),
      source: parseSourceId('shell-history'),
      action: 'show-history',
      status: 'skipped',
      detail: 'History is shown, not run.',
      payload: null,
    }));
    core.plan = [...PLAN, ...skipped];

    const { stdout } = await runCairn(['restore', 'latest', '--dry-run'], { core });

    expect(stdout).toContain('2 steps, 41 skipped');
    expect(stdout).toContain('shell-history:0 and 39 more');
    expect(stdout).not.toContain('shell-history:1 ');
  });
});
