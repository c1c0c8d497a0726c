// What several devices may edit, field by field (S7). A field is the set of its versions: each has a stamp and says which versions its
// writer replaced. Sets are joined, so every order of delivery gives the same. What was replaced by nobody is current; where several are,
// two edits were made apart: one is shown, and the others are kept and can be seen.

import type { HybridClock } from '../replication/entry.ts';
import type { JsonValue } from '../model/json.ts';
import { compareClocks } from './hybrid-clock.ts';

/** How edits that were made apart are decided. `manual` shows the newest until somebody chooses. */
export const MERGE_STRATEGIES = ['latest', 'most-complete', 'manual'] as const;
export type MergeStrategy = (typeof MERGE_STRATEGIES)[number];

/** The most versions that are kept of one field; the newest stay. */
export const MAX_VERSIONS = 32;

export interface FieldVersion {
  /** Null is a tombstone: the field, or what it belongs to, was deleted. */
  readonly value: JsonValue;
  /** Null where nobody knows when: then whatever comes from elsewhere wins. */
  readonly clock: HybridClock | null;
  readonly device: string;
  /** Stamps of the versions that its writer saw in its place. */
  readonly replaces: readonly string[];
}

/** Versions, the newest first, none twice. */
export type FieldState = readonly FieldVersion[];

export interface FieldView {
  readonly current: FieldVersion;
  /** Other values that nobody has replaced, the newest first. */
  readonly others: readonly FieldVersion[];
}

/** Names a version among all of its field. */
export function stampOf({ clock, device }: FieldVersion): string {
  return clock === null ? `-@${device}` : `${clock.wallMs}.${clock.counter}@${device}`;
}

/** Both sets as one: the same whichever is named first. */
export function joinField(one: FieldState, other: FieldState): FieldState {
  const versions = new Map<string, FieldVersion>();
  for (const version of [...one, ...other]) {
    const stamp = stampOf(version);
    const there = versions.get(stamp);
    // The same stamp twice is the same version, or a writer that broke the rules: then one of both, whichever came first.
    if (there === undefined || compareVersions(version, there) < 0) versions.set(stamp, version);
  }
  return [...versions.values()].toSorted(compareVersions).slice(0, MAX_VERSIONS);
}

/** What is to be shown of a field; null where it has no version. */
export function viewField(state: FieldState, strategy: MergeStrategy): FieldView | null {
  const replaced = new Set(state.flatMap(({ replaces }) => replaces));
  const heads = state.filter((version) => !replaced.has(stampOf(version)));
  // Only a writer that broke the rules could replace everything: then the newest counts.
  const candidates = heads.length > 0 ? heads : state.slice(0, 1);
  const current = strategy === 'most-complete' ? mostComplete(candidates) : candidates[0];
  if (current === undefined) return null;
  const others: FieldVersion[] = [];
  for (const version of candidates) {
    const isSeen = [current, ...others].some((seen) => isSameValue(seen.value, version.value));
    if (!isSeen) others.push(version);
  }
  return { current, others };
}

/** A new version in the place of all that are current. */
export function writeField(
  state: FieldState,
  value: JsonValue,
  stamp: { readonly clock: HybridClock; readonly device: string },
): { readonly state: FieldState; readonly version: FieldVersion } {
  const replaced = new Set(state.flatMap(({ replaces }) => replaces));
  const replaces = state.map(stampOf).filter((name) => !replaced.has(name));
  const version: FieldVersion = { value, ...stamp, replaces };
  return { state: joinField(state, [version]), version };
}

/** What becomes of a value here when one comes from elsewhere. */
export type MergeOutcome = 'identical' | 'newer' | 'older' | 'untimed';

/** `newer`: the remote one is, and wins. `untimed`: one has no time, so the remote one wins. */
export function judgeVersions(local: FieldVersion, remote: FieldVersion): MergeOutcome {
  if (isSameValue(local.value, remote.value)) return 'identical';
  if (local.clock === null || remote.clock === null) return 'untimed';
  const order = compareClocks(remote.clock, local.clock) || compareTexts(remote.device, local.device);
  return order > 0 ? 'newer' : 'older';
}

export function isSameValue(one: JsonValue, other: JsonValue): boolean {
  return canonical(one) === canonical(other);
}

/** Newest first; then by device, then by value, so that every device sorts alike. */
function compareVersions(one: FieldVersion, other: FieldVersion): number {
  if (one.clock !== null && other.clock !== null) {
    const order = compareClocks(other.clock, one.clock);
    if (order !== 0) return order;
  } else if (one.clock !== other.clock) return one.clock === null ? 1 : -1;
  return (
    compareTexts(other.device, one.device) ||
    compareTexts(canonical(one.value), canonical(other.value)) ||
    compareTexts(one.replaces.join(' '), other.replaces.join(' '))
  );
}

/** What says more: something over nothing, more members, then a longer text; the newest of equals. */
function mostComplete(versions: FieldState): FieldVersion | undefined {
  return versions.reduce<FieldVersion | undefined>(
    (best, version) => (best === undefined || fullness(version.value) > fullness(best.value) ? version : best),
    undefined,
  );
}

function fullness(value: JsonValue): number {
  if (value === null || value === '') return 0;
  return canonical(value).length;
}

function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => compareTexts(a, b)))
      : member,
  );
}

function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
