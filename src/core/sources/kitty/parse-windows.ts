// Parses what `kitty @ ls` tells. Environments, which stand there too, are dropped here and now.

import { z } from 'zod';

import { leavesOf, type Splits } from '../terminal/splits.ts';

const id = z.int().min(0);
const windowSchema = z.object({
  id,
  pid: z.int().positive().nullish().catch(null),
  title: z.string().catch(''),
  is_active_window: z.boolean().optional().catch(undefined),
  is_active: z.boolean().optional().catch(undefined),
  columns: z.int().positive().optional().catch(undefined),
  lines: z.int().positive().optional().catch(undefined),
});
const tabSchema = z.object({
  id,
  title: z.string().catch(''),
  layout: z.string().catch(''),
  layout_state: z.unknown().optional(),
  is_active_tab: z.boolean().optional().catch(undefined),
  is_active: z.boolean().optional().catch(undefined),
  active_window_history: z.array(z.int()).catch([]),
  windows: z.array(z.unknown()).catch([]),
});
const osWindowSchema = z.object({ id, tabs: z.array(z.unknown()).catch([]) });

const MAX_TITLE_LENGTH = 500;
const MAX_DEPTH = 32;

export interface KittyWindow {
  readonly id: number;
  readonly pid: number;
  readonly title: string;
  readonly isActive: boolean;
  readonly columns: number | null;
  readonly lines: number | null;
  readonly tab: KittyTab;
}

export interface KittyTab {
  readonly id: number;
  /** From 0, in its OS window. */
  readonly index: number;
  readonly title: string;
  readonly layout: string;
  readonly isActive: boolean;
  /** Of all windows of the tab; null where the layout is another one. */
  readonly splits: Splits | null;
  readonly osWindowId: number;
}

export interface ParsedWindows {
  readonly windows: readonly KittyWindow[];
  /** Entries that could not be read. */
  readonly unreadable: number;
}

/** Parses the data of an answer to `ls`; null where it is no list at all. Total. */
export function parseWindows(data: unknown): ParsedWindows | null {
  const osWindows = z.array(z.unknown()).safeParse(fromJson(data)).data;
  if (osWindows === undefined) return null;
  const windows: KittyWindow[] = [];
  let unreadable = 0;
  for (const each of osWindows) {
    const osWindow = osWindowSchema.safeParse(each).data;
    if (osWindow === undefined) {
      unreadable += 1;
      continue;
    }
    for (const [index, other] of osWindow.tabs.entries()) {
      const tab = tabSchema.safeParse(other).data;
      const read = tab === undefined ? null : toWindows(tab, index, osWindow.id);
      windows.push(...(read?.windows ?? []));
      unreadable += read?.unreadable ?? 1;
    }
  }
  return { windows, unreadable };
}

function toWindows(tab: z.infer<typeof tabSchema>, index: number, osWindowId: number): ParsedWindows {
  const parsed = tab.windows.map((window) => windowSchema.safeParse(window).data);
  const read = parsed.filter((window) => window !== undefined);
  // An overlay without a process of its own is no terminal.
  const shown = read.flatMap((window) => (typeof window.pid === 'number' ? [{ ...window, pid: window.pid }] : []));
  const splits =
    tab.layout === 'splits' ? parseSplits(tab.layout_state, new Set(shown.map((window) => window.id))) : null;
  const kittyTab: KittyTab = {
    id: tab.id,
    index,
    title: tab.title.slice(0, MAX_TITLE_LENGTH),
    layout: tab.layout.slice(0, MAX_TITLE_LENGTH),
    isActive: tab.is_active_tab ?? tab.is_active ?? false,
    splits,
    osWindowId,
  };
  const active = tab.active_window_history.at(-1);
  const windows = shown.map((window): KittyWindow => ({
    id: window.id,
    pid: window.pid,
    title: window.title.slice(0, MAX_TITLE_LENGTH),
    isActive: window.is_active_window ?? window.is_active ?? active === window.id,
    columns: window.columns ?? null,
    lines: window.lines ?? null,
    tab: kittyTab,
  }));
  return { windows, unreadable: parsed.length - read.length };
}

/** Null unless the tree has exactly these windows: it names groups, which are windows only where nothing overlays them. */
function parseSplits(state: unknown, ids: ReadonlySet<number>): Splits | null {
  const pairs = z.object({ pairs: z.unknown() }).safeParse(state).data?.pairs;
  const splits = parsePair(pairs, 0);
  if (splits === null) return null;
  const leaves = leavesOf(splits);
  return leaves.length === ids.size && leaves.every((leaf) => ids.has(leaf)) && new Set(leaves).size === ids.size
    ? splits
    : null;
}

function parsePair(value: unknown, depth: number): Splits | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  if (depth > MAX_DEPTH) return null;
  const pair = z
    .object({ horizontal: z.boolean().catch(true), one: z.unknown().optional(), two: z.unknown().optional() })
    .safeParse(value).data;
  if (pair === undefined) return null;
  const one = parsePair(pair.one, depth + 1);
  const two = parsePair(pair.two, depth + 1);
  if (one === null || two === null) return one ?? two;
  return { isHorizontal: pair.horizontal, one, two };
}

/** kitty gives JSON within JSON. */
function fromJson(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
