// Parses what `wezterm cli list --format json` prints.

import { z } from 'zod';

import type { Splits } from '../terminal/splits.ts';
import { splitsOf } from '../terminal/splits.ts';

const MAX_TITLE_LENGTH = 500;

const id = z.int().min(0);
const cells = z.int().min(0);
const title = z
  .string()
  .transform((text) => text.slice(0, MAX_TITLE_LENGTH))
  .catch('');

const paneSchema = z.object({
  window_id: id,
  tab_id: id,
  pane_id: id,
  workspace: z.string().catch('default'),
  size: z.object({ rows: cells, cols: cells }).optional().catch(undefined),
  title,
  tab_title: title,
  /** Versions before 2022 tell nothing from here on. */
  left_col: cells.optional().catch(undefined),
  top_row: cells.optional().catch(undefined),
  is_active: z.boolean().catch(false),
  is_zoomed: z.boolean().catch(false),
  tty_name: z.string().nullish().catch(null),
});

export interface WeztermPane {
  readonly id: number;
  readonly windowId: number;
  readonly workspace: string;
  readonly tab: WeztermTab;
  readonly title: string;
  readonly columns: number | null;
  readonly rows: number | null;
  readonly isActive: boolean;
  readonly isZoomed: boolean;
  readonly tty: string | null;
}

export interface WeztermTab {
  readonly id: number;
  /** From 0, in its window. */
  readonly index: number;
  /** As it was given by hand; empty where it was not. */
  readonly title: string;
  /** Null where the panes do not tell where they stand. */
  readonly splits: Splits | null;
}

/** Null where it is no list at all; entries that cannot be read are counted. Total. */
export function parsePanes(
  text: string,
): { readonly panes: readonly WeztermPane[]; readonly unreadable: number } | null {
  const entries = z.array(z.unknown()).safeParse(fromJson(text)).data;
  if (entries === undefined) return null;
  const rows = entries.flatMap((entry) => paneSchema.safeParse(entry).data ?? []);
  const tabs = new Map<number, WeztermTab>();
  const inWindow = new Map<number, number>();
  for (const [tabId, panes] of Map.groupBy(rows, (row) => row.tab_id)) {
    const [first] = panes;
    if (first === undefined) continue;
    const index = inWindow.get(first.window_id) ?? 0;
    inWindow.set(first.window_id, index + 1);
    tabs.set(tabId, { id: tabId, index, title: first.tab_title, splits: treeOf(panes) });
  }
  const panes = rows.flatMap((row): WeztermPane[] => {
    const tab = tabs.get(row.tab_id);
    if (tab === undefined) return [];
    return [
      {
        ...{ id: row.pane_id, windowId: row.window_id, workspace: row.workspace, tab, title: row.title },
        ...{ columns: row.size?.cols ?? null, rows: row.size?.rows ?? null },
        ...{ isActive: row.is_active, isZoomed: row.is_zoomed, tty: row.tty_name ?? null },
      },
    ];
  });
  return { panes, unreadable: entries.length - rows.length };
}

function treeOf(rows: readonly z.infer<typeof paneSchema>[]): Splits | null {
  const boxes = rows.flatMap(({ pane_id: id, left_col: left, top_row: top, size }) =>
    left === undefined || top === undefined || size === undefined
      ? []
      : [{ id, left, top, width: size.cols, height: size.rows }],
  );
  // A zoomed pane says that it is as large as its tab.
  return boxes.length === rows.length && !rows.some((row) => row.is_zoomed) ? splitsOf(boxes) : null;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
