// Parses what `zellij action list-panes --json` prints (Zellij 0.44 and later).

import { z } from 'zod';

import { splitsOf, type Splits } from '../terminal/splits.ts';

const MAX_TITLE_LENGTH = 500;

const id = z.int().min(0);
const cells = z.int().min(0);
const title = z
  .string()
  .transform((text) => text.slice(0, MAX_TITLE_LENGTH))
  .catch('');
const flag = z.boolean().catch(false);

const paneSchema = z.object({
  id,
  is_plugin: flag,
  is_focused: flag,
  is_floating: flag,
  is_suppressed: flag,
  title,
  tab_id: id,
  tab_position: id.optional().catch(undefined),
  tab_name: title,
  pane_x: cells.optional().catch(undefined),
  pane_y: cells.optional().catch(undefined),
  pane_rows: cells.optional().catch(undefined),
  pane_columns: cells.optional().catch(undefined),
  pane_content_columns: cells.optional().catch(undefined),
});
type Row = z.infer<typeof paneSchema>;

export interface ZellijPane {
  readonly id: number;
  readonly title: string;
  readonly isFocused: boolean;
  readonly isFloating: boolean;
  readonly columns: number | null;
  readonly tab: ZellijTab;
}

export interface ZellijTab {
  readonly id: number;
  /** From 0. */
  readonly index: number;
  readonly name: string;
  /** Of the panes that do not float; null where they do not tell where they stand. */
  readonly splits: Splits | null;
}

/** Terminals only, plugins are none. Null where it is no list at all; entries that cannot be read are counted. Total. */
export function parsePanes(
  text: string,
): { readonly panes: readonly ZellijPane[]; readonly unreadable: number } | null {
  const entries = z.array(z.unknown()).safeParse(fromJson(text)).data;
  if (entries === undefined) return null;
  const rows = entries.flatMap((entry) => paneSchema.safeParse(entry).data ?? []);
  const terminals = rows.filter((row) => !row.is_plugin);
  const tabs = new Map<number, ZellijTab>();
  for (const [tabId, panes] of Map.groupBy(terminals, (row) => row.tab_id)) {
    const [first] = panes;
    if (first === undefined) continue;
    const index = first.tab_position ?? tabs.size;
    tabs.set(tabId, { id: tabId, index, name: first.tab_name, splits: treeOf(panes) });
  }
  const panes = terminals.flatMap((row): ZellijPane[] => {
    const tab = tabs.get(row.tab_id);
    if (tab === undefined) return [];
    const columns = row.pane_content_columns ?? row.pane_columns ?? null;
    return [{ id: row.id, title: row.title, isFocused: row.is_focused, isFloating: row.is_floating, columns, tab }];
  });
  return { panes, unreadable: entries.length - rows.length };
}

function treeOf(rows: readonly Row[]): Splits | null {
  const tiled = rows.filter((row) => !row.is_floating && !row.is_suppressed);
  const boxes = tiled.flatMap(({ id, pane_x: left, pane_y: top, pane_columns: width, pane_rows: height }) =>
    left === undefined || top === undefined || width === undefined || height === undefined
      ? []
      : [{ id, left, top, width, height }],
  );
  return boxes.length === tiled.length ? splitsOf(boxes) : null;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
