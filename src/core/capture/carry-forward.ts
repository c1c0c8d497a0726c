// What a capture lacks, and what of the newest snapshot stands in for it: the last good state is never replaced by an empty one.
// Pure. A carried item never stands beside one that was read, and nothing that the user excludes is carried.

import type { ItemKey } from '../../shared/model/ids.ts';
import type { Gap } from '../../shared/model/snapshot.ts';
import type { Source, SourceProblem } from '../sources/source.ts';
import type { NewestItem } from './newest-snapshot.ts';
import type { Reading } from './reading.ts';

export interface CarryInput {
  readonly readings: readonly Reading[];
  /** Items of the newest snapshot that no rule hides as a whole or in part. */
  readonly newest: readonly NewestItem[];
  /** Items that the user's rules hide now: a problem of theirs is not told either. */
  readonly isHidden: (key: ItemKey) => boolean;
  /** The gaps of the newest snapshot. */
  readonly earlierGaps: readonly Gap[];
  readonly nowMs: number;
  /** What a source has not shown for longer than this is carried no longer. */
  readonly inactiveMs: number;
}

export interface CarryPlan {
  readonly carried: readonly NewestItem[];
  readonly gaps: readonly Gap[];
}

/**
 * Plans gaps and carried items. A source that was not read keeps all its items; a group of which nothing is left, though the source
 * does not say that it was closed, keeps its items; so does an item or a group that the source names as unreadable. How long is
 * counted from the beginning of the gap, not of the silence: a machine that was off for weeks brings back what it had.
 */
export function planCarry(input: CarryInput): CarryPlan {
  const carried = new Map<ItemKey, NewestItem>();
  const gaps: Gap[] = [];
  for (const reading of input.readings) {
    const previous = input.newest.filter(({ source }) => source === reading.source.id);
    const plan = reading.status === 'read' ? planRead(input, reading, previous) : planUnread(input, reading, previous);
    gaps.push(...plan.gaps);
    for (const item of plan.carried) carried.set(item.key, item);
  }
  return { carried: [...carried.values()], gaps };
}

function planUnread(
  input: CarryInput,
  reading: Extract<Reading, { status: 'unread' }>,
  previous: readonly NewestItem[],
): CarryPlan {
  const gap = toGap(input, reading.source, reading);
  return { gaps: [gap], carried: isOver(input, gap) ? [] : previous };
}

function planRead(
  input: CarryInput,
  reading: Extract<Reading, { status: 'read' }>,
  previous: readonly NewestItem[],
): CarryPlan {
  const { source, capture } = reading;
  const read = new Set(capture.items.map(({ key }) => key));
  const gaps: Gap[] = [];
  const carried: NewestItem[] = [];
  const groups = Map.groupBy(previous, ({ group }): string | undefined => group);
  const kept = new Set<ItemKey>();
  const troubled = new Set<ItemKey>();
  for (const problem of capture.problems) {
    if (problem.key !== undefined && input.isHidden(problem.key)) continue;
    const gap = toGap(input, source, problem);
    gaps.push(gap);
    if (problem.key !== undefined) {
      troubled.add(problem.key);
      kept.add(problem.key);
    }
    for (const { key } of groups.get(problem.group) ?? []) {
      troubled.add(key);
      if (!isOver(input, gap)) kept.add(key);
    }
  }
  carried.push(...previous.filter(({ key }) => kept.has(key) && !read.has(key)));
  for (const lost of lostGroups(reading, previous, troubled)) {
    const gap = toGap(input, source, { reason: 'vanished', message: vanishedMessage(source, lost) });
    if (isOver(input, gap)) continue;
    gaps.push(gap);
    carried.push(...lost.items);
  }
  return { gaps, carried };
}

interface LostGroup {
  readonly group: string;
  readonly items: readonly NewestItem[];
}

/** Groups that had items, have none now, and of which the source does not know that they were closed. */
function lostGroups(
  { capture }: Extract<Reading, { status: 'read' }>,
  previous: readonly NewestItem[],
  troubled: ReadonlySet<ItemKey>,
): LostGroup[] {
  const present = new Set(capture.items.map(({ group }) => group));
  // Those that were read may be in another group now.
  const isKnown = new Set([...capture.items.map(({ key }) => key), ...(capture.closed ?? []), ...troubled]);
  const missing = previous.filter(({ key, group }) => !present.has(group) && !isKnown.has(key));
  return [...Map.groupBy(missing, ({ group }) => group)].map(([group, items]) => ({ group, items }));
}

/** The words do not change while the gap lasts: they are how it is recognised. */
function vanishedMessage(source: Source, { group, items }: LostGroup): string {
  const where = group === '' ? '' : ` in ${group}`;
  const what = items.length === 1 ? 'the item' : `the ${items.length} items`;
  return `${source.title} shows nothing any more${where}; ${what} seen last ${items.length === 1 ? 'is' : 'are'} kept.`;
}

function toGap(input: CarryInput, source: Source, { reason, message, key }: SourceProblem): Gap {
  const earlier = input.earlierGaps.find(
    (gap) =>
      gap.source === source.id &&
      gap.reason === reason &&
      gap.key === key &&
      (isUnread(reason) || key !== undefined || gap.message === message),
  );
  const sinceMs = earlier?.sinceMs ?? input.nowMs;
  return { source: source.id, reason, message, sinceMs, ...(key === undefined ? {} : { key }) };
}

/** Gaps of a whole source: there is one of a reason, whatever its words. */
function isUnread(reason: Gap['reason']): boolean {
  return reason === 'timeout' || reason === 'failed';
}

function isOver(input: CarryInput, gap: Gap): boolean {
  return input.nowMs - gap.sinceMs > input.inactiveMs;
}
