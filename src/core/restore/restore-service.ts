// Restores: plan, then do. The present is captured first, nothing that runs is closed or overwritten, and the last restore can be
// taken back.

import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotId } from '../../shared/model/ids.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { PlannedStep, RestorePlan, RestoreReport, RestoreStep, StepResult } from '../../shared/model/restore.ts';
import type { Host, OpenTerminal, RestoreContext, RestoreOptions, Source } from '../sources/source.ts';
import type { Vault } from '../vault/vault.ts';
import { mapPaths, type PathMapping } from './map-paths.ts';
import { planSteps } from './plan-restore.ts';
import { createRestoreContext, makeScratchFolder, type ScratchFolder } from './restore-context.ts';
import { readJournal, writeJournalEntry, type JournalEntry, type JournalResult } from './restore-journal.ts';
import { selectItems } from './select-items.ts';
import { findMove, selectProject } from './select-project.ts';

/** Panes read their old text from the scratch folder when they start; at the latest then it goes. */
const SCRATCH_GRACE_MS = 3_000;
const SCRATCH_POLL_MS = 50;

export interface RestoreServiceDeps {
  readonly vault: Vault;
  readonly host: Host;
  readonly sources: readonly Source[];
  readonly nowMs: () => number;
  /** Reads what is open now and stores nothing: a plan is made against it. */
  readonly lookAtPresent: (signal: AbortSignal) => Promise<readonly SnapshotItem[]>;
  /** Captures the present and gives its snapshot: what is done is planned against it, and undo goes back to it. */
  readonly capturePresent: (signal: AbortSignal) => Promise<SnapshotId>;
  /** Opens terminals for commands; undefined where none can be driven. */
  readonly findTerminal: (host: Host) => Promise<OpenTerminal | undefined>;
}

export interface RestoreRequest {
  /** Where the snapshot is, if not in the own history: another device's. */
  readonly from?: Pick<Vault, 'readSnapshot' | 'readStream'>;
  readonly snapshotId: SnapshotId;
  /** Kinds, sources, keys or globs; empty means everything. */
  readonly only: readonly string[];
  /** Only what belongs to this project: a name, a folder, a remote's address or its end. */
  readonly project?: string;
  /** Folders that lie elsewhere now. */
  readonly mappings?: readonly PathMapping[];
  readonly options: RestoreOptions;
  readonly signal: AbortSignal;
}

export interface RestoreProgress {
  readonly signal: AbortSignal;
  readonly onStep: (step: RestoreStep) => void;
}

export class RestoreService {
  readonly #deps: RestoreServiceDeps;

  constructor(deps: RestoreServiceDeps) {
    this.#deps = deps;
  }

  /**
   * What a restore would do: the present is looked at, so that what is open already is known. Nothing is changed or stored.
   * @throws AppError SNAPSHOT_NOT_FOUND, ITEM_NOT_FOUND
   */
  async plan(request: RestoreRequest): Promise<RestorePlan> {
    const present = await this.#deps.lookAtPresent(request.signal);
    return this.#withContext(request, present, (context) => this.#planIn(request, context));
  }

  /**
   * Carries a plan out: captures the present, plans anew against it so that nothing is done twice, and reports each step as it
   * comes. Cancelling skips what is left. Where the vault cannot be written (a full disk, or one that is read-only) it goes on all
   * the same; then it cannot be undone, and the report names no snapshot to go back to.
   */
  async apply(plan: RestorePlan, request: RestoreRequest, progress: RestoreProgress): Promise<RestoreReport> {
    const beforeId = await this.#capturePresent(progress.signal);
    const itemList =
      beforeId === null
        ? await this.#deps.lookAtPresent(progress.signal)
        : (await this.#deps.vault.readSnapshot(beforeId)).itemList;
    const signal = AbortSignal.any([request.signal, progress.signal]);
    return this.#withContext({ ...request, snapshotId: plan.snapshotId, signal }, itemList, async (context) => {
      const fresh = await this.#planIn(request, context);
      const wanted = new Set(plan.steps.filter((step) => step.status === 'planned').map((step) => step.key));
      const steps = fresh.steps.filter((step) => step.status === 'skipped' || wanted.has(step.key));
      if (steps.every((step) => step.status === 'skipped')) return { steps: steps.map(toStep), undo: beforeId };
      const startedAtMs = this.#deps.nowMs();
      const entry: JournalEntry | null =
        beforeId === null ? null : { startedAtMs, snapshotId: plan.snapshotId, beforeId, isUndone: false, results: [] };
      if (entry !== null) await writeJournalEntry(this.#deps.vault, entry);
      const done = await this.#applySteps(steps, context, progress, entry);
      return { steps: done, undo: beforeId };
    });
  }

  /**
   * Takes the last restore back that was not yet. What could not be taken back stays in the journal, so that it can be tried again.
   * @throws AppError RESTORE_NOTHING_TO_UNDO
   */
  async undo(progress: RestoreProgress): Promise<RestoreReport> {
    const { vault, host, nowMs } = this.#deps;
    const entry = (await readJournal(vault)).findLast((other) => !other.isUndone);
    if (entry === undefined)
      throw new AppError('RESTORE_NOTHING_TO_UNDO', 'There is no restore that could be undone.', {
        hint: 'Every restore was undone already, or none was made.',
      });
    const steps: RestoreStep[] = [];
    const left = new Set(entry.results.filter(({ result }) => result.undo !== undefined));
    const context = {
      host,
      signal: progress.signal,
      nowMs: nowMs(),
      readBefore: (key: StepResult['key'], stream: string) => vault.readStream(entry.beforeId, key, stream),
    };
    try {
      for (const made of [...left].toReversed()) {
        progress.signal.throwIfAborted();
        const undone = await this.#undoOne(made, context);
        if (undone.status !== 'failed') left.delete(made);
        steps.push(undone);
        progress.onStep(undone);
      }
    } finally {
      const results = left.size === 0 ? entry.results : entry.results.filter((result) => left.has(result));
      await writeJournalEntry(vault, { ...entry, isUndone: left.size === 0, results });
    }
    return { steps, undo: entry.beforeId };
  }

  async #undoOne(
    { source: id, result }: JournalResult,
    context: Parameters<Source['undoRestore']>[1],
  ): Promise<RestoreStep> {
    const source = this.#deps.sources.find((other) => other.id === id);
    if (source === undefined) return failed(result, `This Cairn has no source "${id}".`);
    try {
      return toStep(await source.undoRestore(result, context));
    } catch (error) {
      return failed(result, error instanceof Error ? error.message : 'unknown reason');
    }
  }

  async #capturePresent(signal: AbortSignal): Promise<SnapshotId | null> {
    try {
      return await this.#deps.capturePresent(signal);
    } catch (error) {
      const cannotWrite =
        error instanceof AppError && (error.code === 'VAULT_DISK_FULL' || error.code === 'VAULT_READ_ONLY');
      if (!cannotWrite) throw error;
      return null;
    }
  }

  async #planIn(request: RestoreRequest, context: RestoreContext): Promise<RestorePlan> {
    return {
      snapshotId: request.snapshotId,
      takenAtMs: context.snapshot.takenAtMs,
      steps: await planSteps(context, this.#deps.sources),
    };
  }

  async #withContext<Result>(
    request: RestoreRequest,
    present: readonly SnapshotItem[],
    work: (context: RestoreContext) => Promise<Result>,
  ): Promise<Result> {
    const { host, sources, nowMs, findTerminal } = this.#deps;
    const vault = request.from ?? this.#deps.vault;
    const snapshot = await vault.readSnapshot(request.snapshotId);
    const place = (items: readonly SnapshotItem[]): readonly SnapshotItem[] => mapPaths(items, mappings);
    const named = selectItems(snapshot.itemList, request.only);
    const ofProject = request.project === undefined ? null : selectProject(named, request.project, snapshot.itemList);
    const root = ofProject?.root ?? null;
    const move = root === null ? null : findMove(root, present, existsSync);
    // What somebody said goes before what was found.
    const mappings = request.mappings ?? (move === null ? [] : [move]);
    const scratch = await makeScratchFolder(host);
    try {
      const context = createRestoreContext({
        vault,
        host,
        sources,
        present,
        snapshot: { id: snapshot.id, takenAtMs: snapshot.takenAtMs },
        selected: place(ofProject?.items ?? named),
        conversations: place(snapshot.itemList.filter((item) => item.kind === 'conversation')),
        options: request.options,
        openTerminal: await findTerminal(host),
        scratchDir: scratch.path,
        nowMs: nowMs(),
        signal: request.signal,
      });
      return await work(context);
    } finally {
      await waitUntilRead(scratch);
      scratch.remove();
    }
  }

  async #applySteps(
    steps: readonly PlannedStep[],
    context: RestoreContext,
    progress: RestoreProgress,
    entry: JournalEntry | null,
  ): Promise<RestoreStep[]> {
    const { vault, sources } = this.#deps;
    const done: RestoreStep[] = [];
    const results: JournalResult[] = [];
    const report = (step: RestoreStep): void => {
      done.push(step);
      progress.onStep(step);
    };
    for (const step of steps) if (step.status === 'skipped') report(toStep(step));
    for (const group of groupBySource(steps.filter((step) => step.status === 'planned'))) {
      const source = sources.find((other) => other.id === group[0]?.source);
      const left = new Map(group.map((step) => [step.key, step]));
      const note = (result: StepResult): void => {
        left.delete(result.key);
        if (source !== undefined) results.push({ source: source.id, result });
        report({ key: result.key, action: result.action, status: result.status, detail: result.detail });
      };
      if (source !== undefined && !progress.signal.aborted) {
        try {
          // To the end also when it is cancelled: the source stops by itself, and what it has made by then must be known to be undone.
          for await (const result of source.applyRestore(group, context)) note(result);
        } catch (error) {
          const why = error instanceof Error ? error.message : 'unknown reason';
          const failures = progress.signal.aborted ? [] : [...left.values()];
          for (const step of failures)
            note({ key: step.key, action: step.action, status: 'failed', detail: `${source.title} failed: ${why}` });
        }
      }
      for (const step of left.values())
        note({
          key: step.key,
          action: step.action,
          status: 'skipped',
          detail: progress.signal.aborted ? 'The restore was cancelled before it.' : 'Its source did not get to it.',
        });
      if (entry !== null) await writeJournalEntry(vault, { ...entry, results: [...results] });
    }
    return done;
  }
}

/** Each pane removes its file once it is printed; what is left after a while is removed with the folder. */
async function waitUntilRead(scratch: ScratchFolder): Promise<void> {
  for (let waited = 0; waited < SCRATCH_GRACE_MS && !scratch.isEmpty(); waited += SCRATCH_POLL_MS)
    await delay(SCRATCH_POLL_MS);
}

/** Steps of one source that follow each other, in the plan's order. */
function groupBySource(steps: readonly PlannedStep[]): PlannedStep[][] {
  const groups: PlannedStep[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last?.[0]?.source === step.source) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

function failed(result: StepResult, detail: string): RestoreStep {
  return { key: result.key, action: 'undo', status: 'failed', detail };
}

function toStep({ key, action, status, detail }: RestoreStep): RestoreStep {
  return { key, action, status, detail };
}
