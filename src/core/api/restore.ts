// Restores: plan, run with each step as it comes, undo, and whether to ask for one.

import { isAbsolute } from 'node:path';

import type { z } from 'zod';

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { RestoreStep } from '../../shared/model/restore.ts';
import type { RestoreReportView, restoreRequestSchema, RestoreStepView } from '../../shared/contract/schemas.ts';
import { readJournal } from '../restore/restore-journal.ts';
import type { RestoreRequest } from '../restore/restore-service.ts';
import { moveProject } from '../restore/select-project.ts';
import type { Vault } from '../vault/vault.ts';
import type { ApiDeps } from './api-deps.ts';
import { crossing, EventQueue, os } from './handlers.ts';
import { historyReader } from './histories.ts';

type RequestView = z.output<typeof restoreRequestSchema>;

const NEVER = new AbortController().signal;

export function restoreHandlers(deps: ApiDeps) {
  const { session } = deps;
  const ends = new Set<AbortController>();
  return {
    plan: os.restore.plan.handler(({ input, signal }) => planOnly(deps, input, signal)),
    run: os.restore.run.handler(async function* ({ input, signal }) {
      const { request, items } = await prepare(deps, input, signal);
      const { restores, prompts } = session.unlocked();
      const end = new AbortController();
      ends.add(end);
      const queue = new EventQueue<RestoreStepView>();
      const cancel = (): void => end.abort();
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        const plan = await restores.plan(request);
        yield { type: 'planned' as const, steps: plan.steps.map((step) => viewStep(step, items)) };
        const progress = tellProgress(deps, plan.steps);
        const running = session
          .whileRestoring(() =>
            restores.apply(plan, request, {
              signal: end.signal,
              onStep: (step) => {
                queue.push(viewStep(step, items));
                progress.step(step);
              },
            }),
          )
          .finally(() => {
            queue.end();
            progress.end();
          });
        running.catch(() => undefined); // told below, once the steps are read
        for await (const step of queue.events(undefined)) yield { type: 'step' as const, step };
        const report = await running;
        await prompts.dismiss(request.snapshotId);
        yield { type: 'done' as const, report: viewReport(report, items) };
      } catch (error) {
        throw crossing(error);
      } finally {
        signal?.removeEventListener('abort', cancel);
        ends.delete(end);
        end.abort();
      }
    }),
    cancel: os.restore.cancel.handler(() => {
      for (const end of ends) end.abort();
      return { ok: true as const };
    }),
    create: os.restore.create.handler(({ input: { dryRun, ...request }, signal }) =>
      dryRun ? planOnly(deps, request, signal) : restoreAtOnce(deps, request, signal),
    ),
    undo: os.restore.undo.handler(async ({ signal }) => {
      const { restores, app } = session.unlocked();
      const items = await itemsToUndo(app.vault);
      const report = await session.whileRestoring(() =>
        restores.undo({ signal: signal ?? NEVER, onStep: () => undefined }),
      );
      return viewReport(report, items);
    }),
    prompt: os.restore.prompt.handler(async () => ({ prompt: await session.unlocked().prompts.current() })),
    dismissPrompt: os.restore.dismissPrompt.handler(async ({ input }) => {
      await session.unlocked().prompts.dismiss(input.snapshotId);
      return { ok: true as const };
    }),
  };
}

/** What the last restore brought back, to name its steps by; empty where its point is gone. */
async function itemsToUndo(vault: Vault): Promise<Items> {
  const entry = (await readJournal(vault)).findLast((other) => !other.isUndone);
  if (entry === undefined) return new Map();
  const items = await vault.readSnapshot(entry.snapshotId).then(
    ({ itemList }) => itemList,
    () => [],
  );
  return new Map(items.map((item) => [item.key, item]));
}

/** The whole restore, for callers that wait for its report. */
export async function restoreAtOnce(
  deps: ApiDeps,
  view: RequestView,
  signal: AbortSignal | undefined,
): Promise<RestoreReportView> {
  const { request, items } = await prepare(deps, view, signal);
  const { restores } = deps.session.unlocked();
  const report = await deps.session.whileRestoring(async () => {
    const plan = await restores.plan(request);
    const progress = tellProgress(deps, plan.steps);
    try {
      return await restores.apply(plan, request, { signal: request.signal, onStep: progress.step });
    } finally {
      progress.end();
    }
  });
  return viewReport(report, items);
}

/** Tells every window how far it is. What the plan leaves out is no progress. */
function tellProgress(
  { session }: ApiDeps,
  steps: readonly RestoreStep[],
): { readonly step: (step: RestoreStep) => void; readonly end: () => void } {
  const planned = new Set(steps.filter(({ status }) => status === 'planned').map(({ key }) => key));
  const total = steps.filter(({ status }) => status === 'planned').length;
  let count = 0;
  const tell = (hasEnded: boolean): void =>
    session.emit({ type: 'restore.progress', done: Math.min(count, total), total, hasEnded });
  tell(false);
  return {
    step: ({ key }) => {
      if (!planned.has(key)) return;
      count += 1;
      tell(false);
    },
    end: () => tell(true),
  };
}

async function planOnly(deps: ApiDeps, view: RequestView, signal: AbortSignal | undefined): Promise<RestoreReportView> {
  const { request, items } = await prepare(deps, view, signal);
  const plan = await deps.session.unlocked().restores.plan(request);
  return viewReport({ steps: plan.steps, undo: null }, items);
}

type Items = ReadonlyMap<string, SnapshotItem>;

async function prepare(
  { session }: ApiDeps,
  view: RequestView,
  signal: AbortSignal | undefined,
): Promise<{ request: RestoreRequest; items: Items }> {
  const own = session.unlocked().app.vault;
  const from = view.device === undefined ? undefined : historyReader(session, view.device);
  const nowMs = session.app.clock.nowMs();
  const snapshotId = await (from ?? own).resolveSnapshot(view.snapshot, nowMs);
  const { itemList } = await (from ?? own).readSnapshot(snapshotId);
  const request: RestoreRequest = {
    ...(from === undefined ? {} : { from }),
    snapshotId,
    only: view.only,
    ...projectOf(view, itemList),
    options: {
      shouldRunCommands: view.runCommands,
      shouldApplyGit: view.apply,
      worktreeDir: null,
      allowsFileUrls: view.openFiles,
      withScrollback: true,
    },
    signal: signal ?? NEVER,
  };
  return { request, items: new Map(itemList.map((item) => [item.key, item])) };
}

/** @throws AppError USAGE_INVALID, ITEM_NOT_FOUND */
function projectOf(
  { project, into }: RequestView,
  itemList: readonly SnapshotItem[],
): Pick<RestoreRequest, 'project' | 'mappings'> {
  if (into !== undefined && (project === undefined || !isAbsolute(into)))
    throw new AppError('USAGE_INVALID', '`into` is an absolute folder, and for a project only.', {
      hint: 'Give `project` too, and a folder from the root on.',
    });
  if (project === undefined) return {};
  return { project, ...(into === undefined ? {} : { mappings: [moveProject(itemList, project, into)] }) };
}

function viewReport(
  { steps, undo }: { readonly steps: readonly RestoreStep[]; readonly undo: RestoreReportView['undo'] },
  items: Items,
): RestoreReportView {
  return { steps: steps.map((step) => viewStep(step, items)), undo };
}

function viewStep({ key, action, status, detail }: RestoreStep, items: Items): RestoreStepView {
  const item = items.get(key);
  return { key, action, status, detail, ...(item === undefined ? {} : { title: item.title, kind: item.kind }) };
}
