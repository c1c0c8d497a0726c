import { describe, expect, it } from 'vitest';

import { readJournal } from '../../../src/core/restore/restore-journal.ts';
import { RestoreService, type RestoreRequest } from '../../../src/core/restore/restore-service.ts';
import { selectItems } from '../../../src/core/restore/select-items.ts';
import type { RestoreContext, Source } from '../../../src/core/sources/source.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { parseSourceId, type SnapshotId } from '../../../src/shared/model/ids.ts';
import type { SnapshotItem } from '../../../src/shared/model/item.ts';
import type { PlannedStep, RestoreStep, StepResult } from '../../../src/shared/model/restore.ts';
import { aCapture, aConversation, aStream, aTerminal, key, text } from '../../support/captures.ts';
import { FakeSource } from '../../support/fake-source.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { DEFAULT_RESTORE_OPTIONS, makeTestHost, toSnapshotItems } from '../../support/test-host.ts';
import { openTestVault, TEST_NOW_MS } from '../../support/test-vault.ts';

type Overrides = Partial<Pick<Source, 'planRestore' | 'applyRestore' | 'undoRestore' | 'resumeCommand'>>;

/** A source that opens things in a set of its own. */
function openingSource(id: string, open: Set<string>, overrides: Overrides = {}): Source {
  const base = new FakeSource(id);
  const step = (key: PlannedStep['key'], status: PlannedStep['status'], detail: string): PlannedStep => ({
    key,
    source: base.id,
    action: 'open',
    status,
    detail,
    payload: null,
  });
  return Object.assign(base, {
    planRestore: async (items: Parameters<Source['planRestore']>[0]) =>
      items.map((item) =>
        open.has(item.key) ? step(item.key, 'skipped', 'open') : step(item.key, 'planned', 'opens'),
      ),
    async *applyRestore(steps: readonly PlannedStep[], context: RestoreContext): AsyncIterable<StepResult> {
      for (const { key, action } of steps) {
        if (context.signal.aborted) return;
        open.add(key);
        yield { key, action, status: 'done', detail: 'opened', undo: { key } };
      }
    },
    undoRestore: async (result: StepResult): Promise<StepResult> => {
      open.delete(result.key);
      return { key: result.key, action: 'close', status: 'done', detail: 'closed' };
    },
    ...overrides,
  });
}

async function setUp(sources: (open: Set<string>) => readonly Source[], capturing: { fails?: AppError } = {}) {
  const test = await openTestVault();
  const folder = makeTemporaryFolder();
  const open = new Set<string>();
  const saved = await test.vault.save(
    aCapture([
      aTerminal('a', { streams: [aStream({ text: 'text of a' })] }),
      aTerminal('b'),
      aConversation('c', 'talk', { attributes: { terminal: 'tmux:a' } }),
    ]),
  );
  let nowMs = TEST_NOW_MS;
  const service = new RestoreService({
    vault: test.vault,
    host: makeTestHost(folder.path),
    sources: sources(open),
    nowMs: () => (nowMs += 10_000),
    lookAtPresent: async () => present(open),
    capturePresent: async () => {
      if (capturing.fails !== undefined) throw capturing.fails;
      return (await test.vault.save(aCapture([], { kind: 'before-restore', takenAtMs: nowMs }))).summary.id;
    },
    findTerminal: async () => undefined,
  });
  const request = (overrides: Partial<RestoreRequest> = {}): RestoreRequest => ({
    snapshotId: saved.summary.id,
    only: [],
    options: DEFAULT_RESTORE_OPTIONS,
    signal: new AbortController().signal,
    ...overrides,
  });
  const steps: RestoreStep[] = [];
  const progress = { signal: new AbortController().signal, onStep: (step: RestoreStep) => steps.push(step) };
  const dispose = async (): Promise<void> => {
    await test[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  };
  return { test, service, open, request, steps, progress, [Symbol.asyncDispose]: dispose };
}

/** What a look at the present finds: the items that a restore opened. */
function present(open: ReadonlySet<string>): SnapshotItem[] {
  return [...open].map((name) => ({ ...aTerminal(name.slice(name.indexOf(':') + 1)), stale: false, streams: [] }));
}

describe('RestoreService', () => {
  it('plans without storing anything', async () => {
    await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)]);
    const before = await set.test.vault.listSnapshots({ limit: 10 });

    expect((await set.service.plan(set.request())).steps).toHaveLength(3);
    expect(await set.test.vault.listSnapshots({ limit: 10 })).toEqual(before);
  });

  it('does what the plan says, reports each step, and captures the present first', async () => {
    await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)]);
    const plan = await set.service.plan(set.request());
    expect(plan.steps.map((step) => [step.key, step.status])).toEqual([
      ['claude-code:c', 'planned'],
      ['tmux:a', 'planned'],
      ['tmux:b', 'planned'],
    ]);
    expect(set.open.size).toBe(0);

    const report = await set.service.apply(plan, set.request(), set.progress);

    expect(report.steps.map((step) => step.status)).toEqual(['done', 'done', 'done']);
    expect(set.steps).toEqual(report.steps);
    expect((await set.test.vault.readSnapshot(report.undo as SnapshotId)).kind).toBe('before-restore');
    expect([...set.open]).toEqual(['claude-code:c', 'tmux:a', 'tmux:b']);
  });

  it('does nothing twice, and undoes in reverse exactly what it did', async () => {
    await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)]);
    const run = async () => set.service.apply(await set.service.plan(set.request()), set.request(), set.progress);
    await run();
    expect((await run()).steps.every((step) => step.status === 'skipped')).toBe(true);

    const undone = await set.service.undo(set.progress);

    expect(undone.steps.map((step) => [step.key, step.status])).toEqual([
      ['tmux:b', 'done'],
      ['tmux:a', 'done'],
      ['claude-code:c', 'done'],
    ]);
    expect(set.open.size).toBe(0);
    await expect(set.service.undo(set.progress)).rejects.toMatchObject({ code: 'RESTORE_NOTHING_TO_UNDO' });
  });

  it('selects by kind, key and glob, and names near keys where nothing is selected', async () => {
    await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)]);
    const keys = async (...only: string[]) =>
      (await set.service.plan(set.request({ only }))).steps.map((step) => step.key);

    expect(await keys('conversation')).toEqual(['claude-code:c']);
    expect(await keys('tmux:b')).toEqual(['tmux:b']);
    expect(await keys('tmux:*', 'claude-code')).toEqual(['claude-code:c', 'tmux:a', 'tmux:b']);
    await expect(keys('tmux:x')).rejects.toMatchObject({
      code: 'ITEM_NOT_FOUND',
      hint: expect.stringContaining('tmux:a'),
    });
    expect(() => selectItems([], ['tab'])).toThrow(/Nothing in this snapshot/);
  });

  it('gives the terminal the resume command of the conversation that ran in it', async () => {
    const seen: unknown[] = [];
    await using set = await setUp((open) => [
      openingSource('tmux', open, {
        planRestore: async (items, context) => {
          seen.push(
            ...items.map((item) => [item.key, context.resumeCommandFor(item.key)]),
            text(await context.readStream(items[0]!.key, 'scrollback')),
          );
          return [];
        },
      }),
      openingSource('claude-code', open, { resumeCommand: () => ({ argv: ['claude', '--resume', 'c'], cwd: '/' }) }),
    ]);

    const plan = await set.service.plan(set.request());

    expect(seen).toEqual([
      ['tmux:a', { argv: ['claude', '--resume', 'c'], cwd: '/' }],
      ['tmux:b', undefined],
      'text of a',
    ]);
    expect(plan.steps.filter((step) => step.source === 'tmux').map((step) => step.status)).toEqual([
      'skipped',
      'skipped',
    ]);
  });

  it('keeps a failure to its own source, and journals what was done before it', async () => {
    await using set = await setUp((open) => [
      openingSource('tmux', open, {
        async *applyRestore(steps) {
          const [first] = steps;
          if (first !== undefined) yield { key: first.key, action: 'open', status: 'done', detail: 'opened', undo: {} };
          throw new Error('tmux went away');
        },
      }),
      openingSource('claude-code', open, { planRestore: async () => Promise.reject(new Error('no plan')) }),
    ]);

    const report = await set.service.apply(await set.service.plan(set.request()), set.request(), set.progress);

    expect(report.steps.map((step) => [step.key, step.status])).toEqual([
      ['claude-code:c', 'skipped'],
      ['tmux:a', 'done'],
      ['tmux:b', 'failed'],
    ]);
    expect((await readJournal(set.test.vault))[0]?.results.map(({ result }) => result.status)).toEqual([
      'done',
      'failed',
    ]);
  });

  it('stops when cancelled, and says what it did not get to', async () => {
    const controller = new AbortController();
    await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)]);
    const plan = await set.service.plan(set.request());

    const report = await set.service.apply(plan, set.request(), {
      signal: controller.signal,
      onStep: () => controller.abort(),
    });

    expect(report.steps.map((step) => step.status)).toEqual(['done', 'skipped', 'skipped']);
    expect(report.steps[2]?.detail).toMatch(/cancelled/);
  });

  it('can take back all that was made when it is cancelled, also what is told only later', async () => {
    const controller = new AbortController();
    const made = new Set<string>();
    await using set = await setUp((open) => [
      openingSource('tmux', open, {
        // As tmux does: everything is made first, then told.
        async *applyRestore(steps) {
          for (const { key } of steps) made.add(key);
          for (const { key, action } of steps) yield { key, action, status: 'done', detail: 'made', undo: { key } };
        },
        undoRestore: async (result) => {
          made.delete(result.key);
          return { ...result, status: 'done' };
        },
      }),
    ]);
    const plan = await set.service.plan(set.request({ only: ['tmux'] }));
    const progress = { signal: controller.signal, onStep: () => controller.abort() };
    await set.service.apply(plan, set.request({ only: ['tmux'] }), progress);
    expect(made.size).toBeGreaterThan(1);

    await set.service.undo({ signal: new AbortController().signal, onStep: () => undefined });

    expect([...made]).toEqual([]);
  });

  it.each(['VAULT_DISK_FULL', 'VAULT_READ_ONLY'] as const)(
    'goes on where the present cannot be saved (%s), and promises no undo',
    async (code) => {
      await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)], {
        fails: new AppError(code, 'The vault cannot be written.'),
      });

      const report = await set.service.apply(await set.service.plan(set.request()), set.request(), set.progress);

      expect(report.steps.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
      expect(report.undo).toBeNull();
      await expect(set.service.undo(set.progress)).rejects.toMatchObject({ code: 'RESTORE_NOTHING_TO_UNDO' });
    },
  );

  it('does nothing where the present cannot be captured for another reason', async () => {
    await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)], {
      fails: new AppError('VAULT_DAMAGED', 'The vault is damaged.'),
    });

    await expect(
      set.service.apply(await set.service.plan(set.request()), set.request(), set.progress),
    ).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    expect(set.open.size).toBe(0);
  });

  it('keeps what could not be taken back, so that it can be tried again', async () => {
    let isStuck = true;
    await using set = await setUp((open) => [
      openingSource('tmux', open, {
        undoRestore: async (result) => {
          if (isStuck && result.key === 'tmux:a') throw new Error('tmux does not answer');
          open.delete(result.key);
          return { key: result.key, action: 'close', status: 'done', detail: 'closed' };
        },
      }),
      openingSource('claude-code', open),
    ]);
    await set.service.apply(await set.service.plan(set.request()), set.request(), set.progress);
    const statuses = async (): Promise<unknown> =>
      (await set.service.undo(set.progress)).steps.map((step) => [step.key, step.status]);

    expect(await statuses()).toEqual([
      ['tmux:b', 'done'],
      ['tmux:a', 'failed'],
      ['claude-code:c', 'done'],
    ]);
    isStuck = false;
    expect(await statuses()).toEqual([['tmux:a', 'done']]);
    expect(set.open.size).toBe(0);
    await expect(statuses()).rejects.toMatchObject({ code: 'RESTORE_NOTHING_TO_UNDO' });
  });

  it('takes back what a step made before it failed', async () => {
    const undone: string[] = [];
    await using set = await setUp((open) => [
      openingSource('claude-code', open, {
        async *applyRestore([step]) {
          if (step !== undefined)
            yield { key: step.key, action: 'open', status: 'failed', detail: 'half', undo: { written: 1 } };
        },
        undoRestore: async (result) => {
          undone.push(result.key);
          return { key: result.key, action: 'close', status: 'done', detail: 'removed' };
        },
      }),
    ]);
    const request = set.request({ only: ['conversation'] });
    await set.service.apply(await set.service.plan(request), request, set.progress);

    await set.service.undo(set.progress);

    expect(undone).toEqual(['claude-code:c']);
  });

  it('says of a carried item from when it is', async () => {
    await using set = await setUp((open) => [openingSource('tmux', open), openingSource('claude-code', open)]);
    const stale = await set.test.vault.save(
      aCapture([], { carried: [toSnapshotItems([aTerminal('a')]).items[0]!.key], takenAtMs: TEST_NOW_MS + 1 }),
    );

    const plan = await set.service.plan(set.request({ snapshotId: stale.summary.id, only: ['tmux:a'] }));

    expect(plan.steps[0]?.detail).toContain('As it was at 2026-11-20 12:00 UTC');
  });
});

describe('a restore of one project', () => {
  it('takes only its things, and plans them where its repository is now', async () => {
    await using vaultOfTest = await openTestVault();
    using folder = makeTemporaryFolder();
    const here = `${folder.path}/api`;
    const repositoryAt = (path: string): SnapshotItem => ({
      ...aTerminal('repo'),
      kind: 'repository',
      attributes: { path, remotes: { origin: 'git@github.com:acme/api.git' } },
      streams: [],
      stale: false,
    });
    const captured = '/gone/from/here/api';
    const { streams: _, stale: __, ...repository } = repositoryAt(captured);
    const saved = await vaultOfTest.vault.save(
      aCapture([
        { ...repository, key: key('git:/gone/from/here/api'), source: parseSourceId('git'), streams: [] },
        aTerminal('a', { attributes: { cwd: `${captured}/src` } }),
        aTerminal('b', { attributes: { cwd: '/elsewhere' } }),
      ]),
    );
    const planned: SnapshotItem[] = [];
    const source = openingSource('tmux', new Set());
    const service = new RestoreService({
      vault: vaultOfTest.vault,
      host: makeTestHost(folder.path),
      sources: [
        Object.assign(source, {
          planRestore: async (items: readonly SnapshotItem[]) => {
            planned.push(...items);
            return [];
          },
        }),
      ],
      nowMs: () => TEST_NOW_MS,
      lookAtPresent: async () => [repositoryAt(here)],
      capturePresent: async () => saved.summary.id,
      findTerminal: async () => undefined,
    });
    const request: RestoreRequest = {
      snapshotId: saved.summary.id,
      only: ['terminal'],
      project: 'acme/api',
      options: DEFAULT_RESTORE_OPTIONS,
      signal: new AbortController().signal,
    };
    await service.plan(request);
    expect(planned.map((item) => [item.key, item.attributes['cwd']])).toEqual([['tmux:a', `${here}/src`]]);

    planned.length = 0;
    await service.plan({ ...request, mappings: [{ from: captured, to: '/other' }] });
    expect(planned.map(({ attributes }) => attributes['cwd'])).toEqual(['/other/src']);
    await expect(service.plan({ ...request, project: 'web' })).rejects.toMatchObject({ code: 'ITEM_NOT_FOUND' });
  });
});
