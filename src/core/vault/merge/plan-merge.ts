// What a merge would bring: which snapshots come in and where in the log they belong, which checkpoints and sessions are new, and what both
// sides say differently. Nothing is changed here.

import type { Checkpoint } from '../../../shared/model/checkpoint.ts';
import type { SessionId, SnapshotId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { SessionMessage, StoredSession } from '../../../shared/model/session.ts';
import { AppError } from '../../../shared/model/app-error.ts';
import type { MergeConflict } from '../../../shared/merge/merge-choices.ts';
import { listSessions, readMessages } from '../log/sessions.ts';
import type { VaultState } from '../log/vault-state.ts';
import { mergeCheckpoint, mergeFacts, type MergeRules } from './merge-fields.ts';

const WINDOW_MESSAGES = 10_000;

/** A place in the merged log: a snapshot of either side, by its position in that side's index. */
export type MergedPlace = { readonly side: 'own' | 'other'; readonly at: number };

export interface SessionPlan {
  readonly session: StoredSession;
  readonly facts: JsonObject;
  readonly pinned: boolean;
  readonly messages: readonly SessionMessage[];
  readonly isNew: boolean;
}

export interface MergePlan {
  /** From the first place on where something comes in; what is before stays as it is. */
  readonly places: readonly MergedPlace[];
  /** Own snapshots before that place. */
  readonly untouched: number;
  readonly incoming: number;
  /** When the first and the last of them were taken. */
  readonly span: { readonly fromMs: number; readonly toMs: number } | null;
  readonly inBoth: number;
  readonly unreadable: number;
  readonly newCheckpoints: readonly Checkpoint[];
  readonly changedCheckpoints: readonly Checkpoint[];
  readonly sessions: readonly SessionPlan[];
  readonly sessionsDeletedHere: number;
  readonly conflicts: readonly MergeConflict[];
}

/** @throws AppError USAGE_INVALID where the other vault is the newer one */
export function planMerge(own: VaultState, other: VaultState, rules: MergeRules): MergePlan {
  const { incoming, inBoth, unreadable } = findIncoming(own, other);
  assertOwnIsNewest(own, other, incoming);
  const { places, untouched } = placeIncoming(own, other, incoming);
  const checkpoints = planCheckpoints(own, other, rules);
  const sessions = planSessions(own, other, rules);
  return {
    ...{ places, untouched, incoming: incoming.length, span: spanOf(other, incoming), inBoth, unreadable },
    ...checkpoints,
    sessions: sessions.plans,
    sessionsDeletedHere: sessions.deletedHere,
    conflicts: [...checkpoints.conflicts, ...sessions.conflicts],
  };
}

function findIncoming(own: VaultState, other: VaultState) {
  const there = new Set<SnapshotId>();
  for (let at = 0; at < own.index.count; at += 1) there.add(own.index.idAt(at));
  const incoming: number[] = [];
  let inBoth = 0;
  for (let at = 0; at < other.index.count; at += 1) {
    if (there.has(other.index.idAt(at))) inBoth += 1;
    else if (isReadable(other, at)) incoming.push(at);
  }
  return { incoming, inBoth, unreadable: other.head.snapshots - inBoth - incoming.length };
}

function spanOf(other: VaultState, incoming: readonly number[]): MergePlan['span'] {
  if (incoming.length === 0) return null;
  const times = incoming.map((at) => other.index.timeAt(at));
  const smaller = (one: number, another: number): number => Math.min(one, another);
  const larger = (one: number, another: number): number => Math.max(one, another);
  return { fromMs: times.reduce(smaller), toMs: times.reduce(larger) };
}

function isReadable(other: VaultState, at: number): boolean {
  try {
    other.readSnapshot(other.index.sequenceAt(at));
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'VAULT_DAMAGED') return false;
    throw error;
  }
}

/** The newest snapshot is what the next capture goes on from, and what a restore offers: it must be of this vault. */
function assertOwnIsNewest(own: VaultState, other: VaultState, incoming: readonly number[]): void {
  const newest = own.index.count === 0 ? Number.NEGATIVE_INFINITY : own.index.timeAt(own.index.count - 1);
  if (incoming.every((at) => other.index.timeAt(at) < newest)) return;
  throw new AppError('USAGE_INVALID', 'The other vault holds snapshots that are newer than the newest one here.', {
    hint: 'Nothing was changed. Capture once (`cairn capture`) and merge again; or merge this vault into that one.',
  });
}

/** By time; what is of one side keeps its order, also where a clock jumped. */
function placeIncoming(own: VaultState, other: VaultState, incoming: readonly number[]) {
  const places: MergedPlace[] = [];
  let untouched = 0;
  let next = 0;
  for (let at = 0; at < own.index.count; at += 1) {
    for (; next < incoming.length; next += 1) {
      const candidate = incoming[next] ?? 0;
      if (other.index.timeAt(candidate) >= own.index.timeAt(at)) break;
      places.push({ side: 'other', at: candidate });
    }
    if (places.length === 0) untouched += 1;
    else places.push({ side: 'own', at });
  }
  // Where a clock was set back the last ones may be left: before the newest own one all the same.
  const rest = incoming.slice(next).map((at): MergedPlace => ({ side: 'other', at }));
  const newest = places.pop() ?? null;
  return { places: [...places, ...rest, ...(newest === null ? [] : [newest])], untouched };
}

function planCheckpoints(own: VaultState, other: VaultState, rules: MergeRules) {
  const newCheckpoints: Checkpoint[] = [];
  const changedCheckpoints: Checkpoint[] = [];
  const conflicts: MergeConflict[] = [];
  for (const { checkpoint: theirs } of other.records.checkpoints()) {
    const ours = own.records.findCheckpoint(theirs.id)?.record.checkpoint;
    const isThere = own.index.indexOfId(theirs.snapshotId) >= 0 || other.index.indexOfId(theirs.snapshotId) >= 0;
    if (ours === undefined) {
      if (isThere) newCheckpoints.push(theirs);
      continue;
    }
    const merged = mergeCheckpoint(ours, theirs, rules);
    conflicts.push(...merged.conflicts);
    if (merged.isChanged) changedCheckpoints.push(merged.value);
  }
  return { newCheckpoints, changedCheckpoints, conflicts };
}

function planSessions(own: VaultState, other: VaultState, rules: MergeRules) {
  const plans: SessionPlan[] = [];
  const conflicts: MergeConflict[] = [];
  let deletedHere = 0;
  for (const theirs of listSessions(other)) {
    if (isDeleted(theirs)) continue;
    const ours = own.sessions.find(theirs.id)?.session;
    if (ours !== undefined && isDeleted(ours)) {
      deletedHere += 1;
      continue;
    }
    const messages = readAllMessages(other, theirs.id);
    if (ours === undefined) {
      plans.push({ session: theirs, facts: theirs.facts, pinned: theirs.pinned, messages, isNew: true });
      continue;
    }
    const there = new Set(readAllMessages(own, ours.id).map(({ id }) => id));
    const missing = messages.filter(({ id }) => !there.has(id));
    const name = typeof ours.facts['name'] === 'string' ? ours.facts['name'] : ours.preview;
    const merged = mergeFacts({ id: ours.id, name }, ours, theirs, rules);
    conflicts.push(...merged.conflicts);
    if (merged.isChanged || missing.length > 0)
      plans.push({ session: theirs, facts: merged.value, pinned: ours.pinned, messages: missing, isNew: false });
  }
  return { plans, conflicts, deletedHere };
}

/** In windows: one gives so many at most. */
function readAllMessages(state: VaultState, id: SessionId): SessionMessage[] {
  const messages: SessionMessage[] = [];
  for (let firstIndex = 0; ; firstIndex += WINDOW_MESSAGES) {
    const window = readMessages(state, id, { firstIndex, limit: WINDOW_MESSAGES });
    messages.push(...window.messages);
    if (firstIndex + WINDOW_MESSAGES >= window.messageCount) return messages;
  }
}

/** The mark that stays of a session that was deleted on purpose; what it says src/core/sessions decides. */
function isDeleted({ facts }: StoredSession): boolean {
  return typeof facts['deletedAtMs'] === 'number';
}
