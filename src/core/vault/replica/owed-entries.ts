// Entries that came without their bodies (S4, decision 25): each must be retired by an entry of the same device, or a server keeps it back.

import type { IndexRange } from '../../../shared/replication/entry.ts';

/** What is owed with one index more. Indexes come in ascending order. */
export function addOwed(owed: readonly IndexRange[], index: number): IndexRange[] {
  const last = owed.at(-1);
  if (last?.last === index - 1) return [...owed.slice(0, -1), { first: last.first, last: index }];
  return [...owed, { first: index, last: index }];
}

/** What is owed without what was retired. */
export function withoutRetired(owed: readonly IndexRange[], retires: readonly IndexRange[]): IndexRange[] {
  return retires.reduce<readonly IndexRange[]>(
    (left, retired) => left.flatMap((range) => cut(range, retired)),
    owed,
  ) as IndexRange[]; // a list of its own, made here
}

/** The first index that stands in both; null where there is none. */
export function firstInBoth(one: readonly IndexRange[], other: readonly IndexRange[]): number | null {
  for (const { first, last } of one)
    for (const range of other) {
      const from = Math.max(first, range.first);
      if (from <= Math.min(last, range.last)) return from;
    }
  return null;
}

function cut(range: IndexRange, { first, last }: IndexRange): IndexRange[] {
  if (last < range.first || first > range.last) return [range];
  const parts = [
    { first: range.first, last: first - 1 },
    { first: last + 1, last: range.last },
  ];
  return parts.filter((part) => part.first <= part.last);
}
