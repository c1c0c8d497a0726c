// How the live part of the own log hangs together (S8): each full picture begins a stretch of entries that lean on one another, and no entry
// leans on one before its picture. What is to go is told anew from a picture on, without what the vault has let go, and the old entries are
// retired after that: a new device reads everything in order, whenever it comes.

import type { IndexRange } from '../../../shared/replication/entry.ts';
import { MAX_RETIRED_RANGES_PER_ENTRY } from '../../../shared/replication/limits.ts';
import type { TimeIndex } from '../log/time-index.ts';

/** Snapshots told that the vault no longer has: so many are worth telling the others anew, and fewer where they are most of what was told. */
export const RETELL_AFTER = 2_000;
const RETELL_SHARE = 0.75;
const RETELL_AT_LEAST = 200;

/** A full picture and what leans on it. */
export interface LogPicture {
  /** The entry that it begins with; it goes on to where the next begins. */
  readonly first: number;
  /** It tells the snapshots after this sequence, up to `through`. */
  readonly after: number;
  readonly through: number;
  /** How many snapshots it told. */
  readonly told: number;
}

/** Old entries that are retired once everything is told anew that they told. */
export interface Retelling {
  readonly spans: readonly IndexRange[];
  /** The sequence up to which there is to tell. */
  readonly until: number;
  /** True where somebody wants something gone: then the server's grace time is cut short. */
  readonly isUrgent: boolean;
}

/** What of a log's state speaks of pictures. */
interface PicturedLog {
  readonly headIndex: number;
  readonly exportedThrough: number;
  readonly pictures: readonly LogPicture[];
  readonly retelling: Retelling | null;
}

/** What one entry adds to the pictures. */
export interface ToldSnapshots {
  readonly beginsPicture: boolean;
  readonly after: number;
  readonly through: number;
  readonly snapshots: number;
}

/** The pictures with one entry more. */
export function withEntry(pictures: readonly LogPicture[], index: number, told: ToldSnapshots): LogPicture[] {
  const { after, through, snapshots } = told;
  const last = pictures.at(-1);
  if (told.beginsPicture || last === undefined) return [...pictures, { first: index, after, through, told: snapshots }];
  return [...pictures.slice(0, -1), { ...last, through, told: last.told + snapshots }];
}

/** The pictures of a log, also of one whose state did not note them: then it is one. */
export function picturesOf(log: PicturedLog): LogPicture[] {
  const { pictures, exportedThrough, headIndex } = log;
  if (pictures.length > 0 || headIndex === 0 || exportedThrough === 0 || log.retelling !== null) return [...pictures];
  return [{ first: 1, after: 0, through: exportedThrough, told: exportedThrough }];
}

/** The picture from which on is told anew because of snapshots that are gone since; -1 where it is not worth it. */
export function wornPicture(
  pictures: readonly LogPicture[],
  index: Pick<TimeIndex, 'positionFrom'>,
  retellAfter: number,
): number {
  const live = pictures.map(({ after, through }) => index.positionFrom(through + 1) - index.positionFrom(after + 1));
  const gone = pictures.map(({ told }, at) => Math.max(0, told - (live[at] ?? 0)));
  const goneInAll = gone.reduce((sum, count) => sum + count, 0);
  const liveInAll = live.reduce((sum, count) => sum + count, 0);
  const isMostly = goneInAll >= RETELL_AT_LEAST && goneInAll >= (goneInAll + liveInAll) * RETELL_SHARE;
  return goneInAll >= retellAfter || isMostly ? gone.findIndex((count) => count > 0) : -1;
}

/** Ascending indexes as ranges, in lists that an entry can hold. */
export function toRanges(indexes: readonly number[]): IndexRange[][] {
  const ranges: { first: number; last: number }[] = [];
  for (const index of indexes) {
    const open = ranges.at(-1);
    if (open?.last === index - 1) open.last = index;
    else ranges.push({ first: index, last: index });
  }
  const lists: IndexRange[][] = [];
  for (let from = 0; from < ranges.length; from += MAX_RETIRED_RANGES_PER_ENTRY)
    lists.push(ranges.slice(from, from + MAX_RETIRED_RANGES_PER_ENTRY));
  return lists;
}

/** The log after entries behind `from` have moved on by some places, because others came before them. */
export function moveEntries<Log extends PicturedLog>(log: Log, from: number, by: number): Log {
  const { pictures, retelling } = log;
  return {
    ...log,
    pictures: pictures.map((picture) => ({ ...picture, first: moveIndex(picture.first, from, by) })),
    retelling: retelling === null ? null : { ...retelling, spans: moveRanges(retelling.spans, from, by) },
  };
}

/** Ranges of entries after such a move. */
export function moveRanges(ranges: readonly IndexRange[], from: number, by: number): IndexRange[] {
  return ranges.map(({ first, last }) => ({ first: moveIndex(first, from, by), last: moveIndex(last, from, by) }));
}

function moveIndex(index: number, from: number, by: number): number {
  return index > from ? index + by : index;
}
