// The rows of a snapshot's items under a filter, with what the person has folded.

import { useMemo, useState } from 'react';

import type { ItemView } from '../../../shared/contract/schemas.ts';
import { groupItems, matchesFilter } from './group-items.ts';
import { toRows, type TreeRow } from './tree-rows.ts';

export interface TreeRows {
  readonly rows: readonly TreeRow[];
  /** How many items the filter lets through. */
  readonly count: number;
  readonly fold: (row: TreeRow, isOpen: boolean) => void;
}

const NOTHING: ReadonlySet<string> = new Set();

export function useTreeRows(items: readonly ItemView[], filter: string): TreeRows {
  const [folded, setFolded] = useState<ReadonlySet<string>>(NOTHING);
  const wanted = filter.trim();
  const shown = useMemo(
    () => (wanted === '' ? items : items.filter((item) => matchesFilter(item, wanted))),
    [items, wanted],
  );
  const sections = useMemo(() => groupItems(shown), [shown]);
  // What is looked for is not hidden in a fold.
  const rows = useMemo(() => toRows(sections, wanted === '' ? folded : NOTHING), [sections, folded, wanted]);
  const fold = (row: TreeRow, isOpen: boolean): void =>
    setFolded((before) => {
      const after = new Set(before);
      if (isOpen) after.delete(row.id);
      else after.add(row.id);
      return after;
    });
  return { rows, count: shown.length, fold };
}
