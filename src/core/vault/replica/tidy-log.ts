// Letting go in the own log of what the vault has let go (S8). In two steps, each one commit: first the log is wound back to before what is
// to go, so that what is left is told anew; once that is told, the old entries are retired, and their bodies go here too. In between the
// server has both, and a new device finds everything in order.

import { parseBody, parseSignedPart, type IndexRange, type WireEntry } from '../../../shared/replication/entry.ts';
import type { ObjectId } from '../../../shared/replication/ids.ts';
import type { MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import type { SnapshotId } from '../../../shared/model/ids.ts';
import { listOf } from '../log/notes.ts';
import { REPLICA_SETTINGS } from '../log/records.ts';
import type { VaultState } from '../log/vault-state.ts';
import { yieldToOthers, type WorkControl } from '../upkeep/slices.ts';
import { redactedChunkSchema, type RedactedChunk } from './events.ts';
import type { Draft } from './draft.ts';
import { FULL_EVERY } from './export-log.ts';
import { picturesOf, toRanges, wornPicture, type LogPicture } from './log-pictures.ts';
import type { LogState } from './log-state.ts';
import { findNewcomers } from './shared-values.ts';
import { encodeTold, findDueSession, parseTold, planSession, toldAfter, type ToldSession } from './tell-sessions.ts';
import type { ReplicaSelection } from '../vault-replica.ts';
import type { ReplicaLog } from './replica-log.ts';
import { withoutBody } from './wire.ts';

const READ_SLICE = 64;
/** Entries of sessions that are signed before they are sent. */
const MAX_ENTRIES_AT_ONCE = 64;
/** Ids, and runs of bytes, in one event. */
const MAX_IDS_PER_EVENT = 2_000;
const MAX_SPOTS_PER_EVENT = 2_000;

export interface TidyDeps {
  readonly state: VaultState;
  readonly log: ReplicaLog;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
}

export interface TidyOptions {
  readonly nowMs: number;
  readonly selection: ReplicaSelection;
  readonly strategy: MergeStrategy;
  /** Snapshots gone since they were told from which on they are worth telling the rest anew. */
  readonly retellAfter: number;
}

/** What was taken out here and is not told yet. */
interface Notes {
  readonly forgotten: readonly SnapshotId[];
  /** The first sequence that was forgotten. */
  readonly from: number;
  readonly redacted: readonly RedactedChunk[];
}

/** Does the next step that is due; false where nothing is. @throws AppError CANCELLED */
export async function tidyLog(deps: TidyDeps, options: TidyOptions, control: WorkControl): Promise<boolean> {
  const log = deps.log.state();
  if (log === null) return false;
  const { state, log: replica } = deps;
  // Nothing to send: what others said is written here.
  if (findNewcomers(state, replica.fields, log.inStep, options.selection).length > 0)
    await deps.withLock(() => replica.adopt(options));
  if (await tellSessions(deps, options, control)) return true;
  const notes = readNotes(deps.state);
  if (notes.forgotten.length + notes.redacted.length > 0 || log.retelling === null)
    return beginRetelling(deps, options, log, notes, control);
  return isTold(deps.state, log, log.retelling.until) ? endRetelling(deps, options, log, control) : false;
}

/**
 * Tells of sessions that the others do not know as they are now, some at a time; their old entries go in the same commit. True where there
 * were any.
 */
async function tellSessions(deps: TidyDeps, options: TidyOptions, { signal }: WorkControl): Promise<boolean> {
  let signed = 0;
  while (signed < MAX_ENTRIES_AT_ONCE) {
    await yieldToOthers(signal);
    const log = deps.log.state();
    const { selection, nowMs } = options;
    if (log === null || findDueSession(deps.state, readTold(deps.state, log), selection, nowMs) === null) break;
    const entries = await deps.withLock(() => tellSession(deps, options));
    if (entries === 0) break;
    signed += entries;
  }
  return signed > 0;
}

/** With the writer's lock held; gives how many entries it signed. */
function tellSession({ state, log: replica }: TidyDeps, { selection, nowMs }: TidyOptions): number {
  const log = replica.state();
  if (log === null) return 0;
  const told = readTold(state, log);
  const due = findDueSession(state, told, selection, nowMs);
  const step = due === null ? null : planSession(state, due);
  if (step === null) return 0;
  const retired = step.retires.flatMap((range) => replica.rows(log, range));
  const lists = toRanges(retired.map(({ index }) => index));
  const retiring: Draft[] = lists.map((retires) => ({ kind: 'retire', events: [], requires: [], retires }));
  const entries = [...step.entries, ...retiring];
  const others = told.filter(({ id }) => id !== step.id);
  replica.rewrite(log, entries, {
    drops: [],
    retired,
    nowMs,
    sets: (first) => ({
      name: REPLICA_SETTINGS.sessions,
      value: encodeTold(log.deviceId, [...others, ...toldAfter(step, first)]),
    }),
  });
  return entries.length;
}

/** What was told under another identity, the others of this one do not have. */
function readTold({ records }: VaultState, { deviceId }: LogState): ToldSession[] {
  return parseTold(records.findSetting(REPLICA_SETTINGS.sessions)?.value, deviceId);
}

async function beginRetelling(
  deps: TidyDeps,
  { nowMs, retellAfter }: TidyOptions,
  log: LogState,
  notes: Notes,
  control: WorkControl,
): Promise<boolean> {
  const { state } = deps;
  const pictures = picturesOf(log);
  const starts = [
    notes.forgotten.length === 0 ? -1 : pictures.findIndex(({ through }) => through >= notes.from),
    await findNaming(deps, log, pictures, new Set(notes.redacted.map(({ id }) => id)), control),
    wornPicture(pictures, state.index, retellAfter),
  ].filter((at) => at >= 0);
  const isUrgent = notes.forgotten.length + notes.redacted.length > 0;
  const start = starts.length === 0 ? undefined : pictures[Math.min(...starts)];
  if (start === undefined && !isUrgent) return false;
  return deps.withLock(() => {
    const now = deps.log.state();
    // What came meanwhile is looked at in the next call.
    if (now === null || !isSame(now, log) || JSON.stringify(readNotes(state)) !== JSON.stringify(notes)) return false;
    const wound = start === undefined ? now : windBack(now, pictures, start, isUrgent);
    const drops = [REPLICA_SETTINGS.forgotten, REPLICA_SETTINGS.redacted];
    deps.log.rewrite(wound, tellNotes(notes), { drops, retired: [], nowMs });
    return true;
  });
}

function windBack(log: LogState, pictures: readonly LogPicture[], start: LogPicture, isUrgent: boolean): LogState {
  const { retelling } = log;
  return {
    ...log,
    pictures: pictures.filter(({ first }) => first < start.first),
    exportedThrough: start.after,
    sinceFull: FULL_EVERY,
    retelling: {
      spans: [...(retelling?.spans ?? []), { first: start.first, last: log.headIndex }],
      until: Math.max(retelling?.until ?? 0, log.exportedThrough),
      isUrgent: isUrgent || retelling?.isUrgent === true,
    },
  };
}

async function endRetelling(
  deps: TidyDeps,
  { nowMs }: TidyOptions,
  log: LogState,
  control: WorkControl,
): Promise<boolean> {
  const retired: { readonly index: number; readonly entry: WireEntry }[] = [];
  const named = new Set<ObjectId>();
  for await (const { index, entry } of rowsOf(deps, log, log.retelling?.spans ?? [], control)) {
    // Fields, names and what was taken out stay: who comes later must hear of them.
    if (entry.bodyBytes === null || parseSignedPart(entry.signedBytes)?.kind !== 'snapshot') continue;
    for (const id of log.retelling?.isUrgent === true ? (parseBody(entry.bodyBytes)?.requires ?? []) : [])
      named.add(id);
    retired.push({ index, entry: withoutBody(entry) });
  }
  const lists = toRanges(retired.map(({ index }) => index));
  const entries: Draft[] = lists.map((retires) => ({ kind: 'retire', events: [], requires: [], retires }));
  return deps.withLock(() => {
    const now = deps.log.state();
    if (now === null || !isSame(now, log) || JSON.stringify(now.retelling) !== JSON.stringify(log.retelling))
      return false;
    const freeing = [...new Set([...now.freeing, ...named])];
    deps.log.rewrite({ ...now, retelling: null, freeing }, entries, { drops: [], retired, nowMs });
    return true;
  });
}

/** True once all that there is up to a sequence stands in the log. */
function isTold({ index }: VaultState, log: LogState, until: number): boolean {
  const next = index.positionFrom(log.exportedThrough + 1);
  return next >= index.count || index.sequenceAt(next) > until;
}

function isSame(one: LogState, other: LogState): boolean {
  return (
    one.deviceId === other.deviceId && one.headHash === other.headHash && one.exportedThrough === other.exportedThrough
  );
}

/** The first picture of which an entry names one of these objects; -1 where none does. */
async function findNaming(
  deps: TidyDeps,
  log: LogState,
  pictures: readonly LogPicture[],
  ids: ReadonlySet<ObjectId>,
  control: WorkControl,
): Promise<number> {
  const first = pictures[0]?.first;
  if (ids.size === 0 || first === undefined) return -1;
  for await (const { index, entry } of rowsOf(deps, log, [{ first, last: log.headIndex }], control)) {
    const requires = entry.bodyBytes === null ? [] : (parseBody(entry.bodyBytes)?.requires ?? []);
    if (requires.some((id) => ids.has(id))) return pictures.findLastIndex((picture) => picture.first <= index);
  }
  return -1;
}

async function* rowsOf(
  { log: replica }: TidyDeps,
  log: LogState,
  spans: readonly IndexRange[],
  { signal }: WorkControl,
): AsyncGenerator<{ readonly index: number; readonly entry: WireEntry }> {
  for (const { first, last } of spans) {
    for (let from = first; from <= last; from += READ_SLICE) {
      await yieldToOthers(signal);
      yield* replica.rows(log, { first: from, last: Math.min(last, from + READ_SLICE - 1) });
    }
  }
}

function readNotes({ records }: VaultState): Notes {
  const forgotten = records.findSetting(REPLICA_SETTINGS.forgotten)?.value;
  const redacted = records.findSetting(REPLICA_SETTINGS.redacted)?.value;
  const from = forgotten?.['from'];
  return {
    forgotten: listOf(forgotten, 'ids').filter((id): id is SnapshotId => typeof id === 'string'), // written by prune.ts
    from: typeof from === 'number' ? from : 0,
    redacted: listOf(redacted, 'chunks').flatMap((chunk) => redactedChunkSchema.safeParse(chunk).data ?? []),
  };
}

function tellNotes({ forgotten, redacted }: Notes): Draft[] {
  const drafts: Draft[] = [];
  for (let from = 0; from < forgotten.length; from += MAX_IDS_PER_EVENT) {
    const snapshots = forgotten.slice(from, from + MAX_IDS_PER_EVENT);
    drafts.push({ kind: 'operation', events: [{ type: 'forgotten', snapshots }], requires: [] });
  }
  let chunks: RedactedChunk[] = [];
  let spots = 0;
  for (const chunk of redacted) {
    if (spots > 0 && spots + chunk.spots.length > MAX_SPOTS_PER_EVENT) {
      drafts.push({ kind: 'operation', events: [{ type: 'redacted', chunks }], requires: [] });
      chunks = [];
      spots = 0;
    }
    chunks.push(chunk);
    spots += chunk.spots.length;
  }
  if (chunks.length > 0) drafts.push({ kind: 'operation', events: [{ type: 'redacted', chunks }], requires: [] });
  return drafts;
}
