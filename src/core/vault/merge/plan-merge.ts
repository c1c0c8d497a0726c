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
  /** Readable ones that stay out, newer than the newest one here. */
  readonly newer: number;
  readonly newCheckpoints: readonly Checkpoint[];
  readonly changedCheckpoints: readonly Checkpoint[];
  readonly sessions: readonly SessionPlan[];
  readonly sessionsDeletedHere: number;
  readonly conflicts: readonly MergeConflict[];
}

/** @param isSameVault the other one is another state of this vault */
export function planMerge(own: VaultState, other: VaultState, isSameVault: boolean, rules: MergeRules): MergePlan {
  const { readable, inBoth, unreadable } = findMissing(own, other);
  const { incoming, newer, goesOn } = splitNewer(own, other, readable, isSameVault);
  const { places, untouched } = placeIncoming(own, other, incoming, goesOn);
  const checkpoints = planCheckpoints(own, other, incoming, rules);
  const sessions = planSessions(own, other, rules);
  return {
    ...{ places, untouched, incoming: incoming.length, span: spanOf(other, incoming), inBoth, unreadable, newer },
    ...checkpoints,
    sessions: sessions.plans,
    sessionsDeletedHere: sessions.deletedHere,
    conflicts: [...checkpoints.conflicts, ...sessions.conflicts],
  };
}

function findMissing(own: VaultState, other: VaultState) {
  const there = new Set<SnapshotId>();
  for (let at = 0; at < own.index.count; at += 1) there.add(own.index.idAt(at));
  const readable: number[] = [];
  let inBoth = 0;
  for (let at = 0; at < other.index.count; at += 1) {
    if (there.has(other.index.idAt(at))) inBoth += 1;
    else if (isReadable(other, at)) readable.push(at);
  }
  return { readable, inBoth, unreadable: other.head.snapshots - inBoth - readable.length };
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

/**
 * The newest snapshot is what the next capture goes on from, and what a restore offers: it must be of this vault's own machine. So what is
 * newer than the newest here comes in only where the other one is this vault as it went on, from the very snapshot that is the newest here.
 */
function splitNewer(own: VaultState, other: VaultState, readable: readonly number[], isSameVault: boolean) {
  const { count } = own.index;
  const goesOn = isSameVault && (count === 0 || other.index.indexOfId(own.index.idAt(count - 1)) >= 0);
  if (goesOn) return { incoming: readable, newer: 0, goesOn };
  const newest = count === 0 ? Number.NEGATIVE_INFINITY : own.index.timeAt(count - 1);
  const incoming = readable.filter((at) => other.index.timeAt(at) < newest);
  return { incoming, newer: readable.length - incoming.length, goesOn };
}

/** By time; what is of one side keeps its order, also where a clock jumped. */
function placeIncoming(own: VaultState, other: VaultState, incoming: readonly number[], goesOn: boolean) {
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
  const rest = incoming.slice(next).map((at): MergedPlace => ({ side: 'other', at }));
  const newestAt = own.index.count - 1;
  if (rest.length === 0 || newestAt < 0 || goesOn) return { places: [...places, ...rest], untouched };
  // Where a clock was set back the last ones may be left: before the newest own one all the same.
  const before = places.filter(({ side, at }) => side === 'other' || at !== newestAt);
  return {
    places: [...before, ...rest, { side: 'own', at: newestAt } as const],
    untouched: Math.min(untouched, newestAt),
  };
}

function planCheckpoints(own: VaultState, other: VaultState, incoming: readonly number[], rules: MergeRules) {
  const comesIn = new Set(incoming.map((at) => other.index.idAt(at)));
  const newCheckpoints: Checkpoint[] = [];
  const changedCheckpoints: Checkpoint[] = [];
  const conflicts: MergeConflict[] = [];
  for (const { checkpoint: theirs } of other.records.checkpoints()) {
    const ours = own.records.findCheckpoint(theirs.id)?.record.checkpoint;
    const isThere = own.index.indexOfId(theirs.snapshotId) >= 0 || comesIn.has(theirs.snapshotId);
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
