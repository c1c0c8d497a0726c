// Uses from several segments put together: one segment says where a use began, a later one where it ended.

import type { UseEntry } from './segment.ts';

/** A use whose item and name are told by something that is the same in all segments. */
export interface JoinableUse<Place extends string | number = string> extends UseEntry {
  /** Equal for the same stream of the same item. */
  readonly place: Place;
}

/** Joins uses of one anchor, given in the order of the segments: each end is put to the newest beginning before it. */
export function joinUses<Use extends JoinableUse<string | number>>(uses: readonly Use[]): Use[] {
  const joined: Use[] = [];
  for (const use of uses) {
    if (use.first !== 0) {
      joined.push(use);
      continue;
    }
    const at = joined.findLastIndex(
      (other) =>
        other.last === 0 && other.skip === use.skip && other.length === use.length && other.place === use.place,
    );
    const begun = joined[at];
    // Without a beginning it is of an earlier segment, which is not among these.
    if (begun === undefined) joined.push(use);
    else joined[at] = { ...begun, last: use.last };
  }
  return joined;
}
