// What VS Code remembers of its windows and editors: `storage.json` and two values of `state.vscdb`. Total: anything gives what can be
// understood of it. Formats as its sources have them (editorPart.ts, editorGroupModel.ts, textEditorWithViewState, windowsStateHandler.ts).

import { z } from 'zod';

import { parseResource, toResource, type Resource } from './resource.ts';
import { parseJsonText } from '../conversation/json-record.ts';

const MAX_EDITORS = 5_000;
const MAX_DEPTH = 40;
const MAX_WINDOWS = 200;

/** A window: with a folder, with a workspace file, or empty. */
export interface CodeWindow {
  /** The folder; null for one of a workspace file or without either. */
  readonly folder: Resource | null;
  readonly workspaceFile: Resource | null;
  /** Names its folder in `Backups`; null where it has none yet. */
  readonly backupFolder: string | null;
  /** It had the focus last. */
  readonly isLast: boolean;
}

const windowSchema = z.object({
  folder: z.unknown().optional(),
  workspaceIdentifier: z.object({ configURIPath: z.unknown() }).optional().catch(undefined),
  backupPath: z.string().optional().catch(undefined),
});
const storageSchema = z.object({
  windowsState: z
    .object({
      lastActiveWindow: windowSchema.optional().catch(undefined),
      openedWindows: z.array(z.unknown()).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** The windows of `storage.json`; null where it is none. */
export function parseWindows(json: string): CodeWindow[] | null {
  const parsed = storageSchema.safeParse(parseJson(json)).data;
  if (parsed === undefined) return null;
  const { lastActiveWindow, openedWindows = [] } = parsed.windowsState ?? {};
  const last = lastActiveWindow === undefined ? [] : [toWindow(lastActiveWindow, true)];
  const others = openedWindows.flatMap((window) => {
    const known = windowSchema.safeParse(window).data;
    return known === undefined ? [] : [toWindow(known, false)];
  });
  const windows = new Map<string, CodeWindow>();
  for (const window of [...last, ...others].slice(0, MAX_WINDOWS)) {
    const id = windowId(window);
    if (id !== '' && !windows.has(id)) windows.set(id, window);
  }
  return [...windows.values()];
}

/** Names a window for good: by what it shows. Empty for one that shows nothing. */
export function windowId({ folder, workspaceFile, backupFolder }: CodeWindow): string {
  return folder?.url ?? workspaceFile?.url ?? backupFolder ?? '';
}

/** What a folder of `workspaceStorage` belongs to; null where `workspace.json` does not say. */
export function parseWorkspace(json: string): Resource | null {
  const parsed = z
    .object({ folder: z.unknown().optional(), workspace: z.unknown().optional() })
    .safeParse(parseJson(json));
  return parsed.success ? (toUri(parsed.data.folder) ?? toUri(parsed.data.workspace)) : null;
}

export interface OpenEditor {
  readonly resource: Resource;
  /** The group's place, from 1, and its id. */
  readonly group: number;
  readonly groupId: number;
  /** In front in its group. */
  readonly isShown: boolean;
  /** In front in the group that has the focus. */
  readonly isActive: boolean;
  readonly isPinned: boolean;
  readonly isPreview: boolean;
}

const leafSchema = z.object({
  id: z.number(),
  editors: z.array(z.unknown()),
  mru: z.array(z.number()).catch([]),
  preview: z.number().optional().catch(undefined),
  /** The last one of those that are pinned. */
  sticky: z.number().optional().catch(undefined),
});

/** The editors of `memento/workbench.parts.editor`, group by group; null where it is none. */
export function parseEditors(json: string): OpenEditor[] | null {
  const state = z
    .object({
      'editorpart.state': z.object({
        serializedGrid: z.object({ root: z.unknown() }),
        activeGroup: z.number().optional().catch(undefined),
      }),
    })
    .safeParse(parseJson(json)).data?.['editorpart.state'];
  if (state === undefined) return null;
  const leaves: z.infer<typeof leafSchema>[] = [];
  collectLeaves(state.serializedGrid.root, leaves, 0);
  return leaves
    .flatMap((leaf, index) =>
      leaf.editors.map((editor, at) => toEditor(editor, at, { leaf, index, active: state.activeGroup })),
    )
    .filter((editor) => editor !== null)
    .slice(0, MAX_EDITORS);
}

export interface Cursor {
  readonly line: number;
  readonly column: number;
}

/** The cursors of `memento/workbench.editors.files.textFileEditor`, by address and by the group's id. */
export function parseCursors(json: string): ReadonlyMap<string, ReadonlyMap<number, Cursor>> {
  const entries = z.object({ textEditorViewState: z.array(z.unknown()) }).safeParse(parseJson(json)).data;
  const cursors = new Map<string, Map<number, Cursor>>();
  for (const entry of entries?.textEditorViewState ?? []) {
    const pair = z.tuple([z.string(), z.record(z.string(), z.unknown())]).safeParse(entry).data;
    const url = pair === undefined ? undefined : parseResource(pair[0])?.url;
    if (pair === undefined || url === undefined) continue;
    const ofGroups = Object.entries(pair[1]).flatMap(([group, state]): [number, Cursor][] => {
      const cursor = toCursor(state);
      return cursor === null ? [] : [[Number(group), cursor]];
    });
    cursors.set(url, new Map(ofGroups));
  }
  return cursors;
}

/** Parses the first line of a file in `Backups`: an address, and facts after a blank. */
export function parseBackupHead(line: string): { readonly resource: Resource; readonly isText: boolean } | null {
  const blank = line.indexOf(' ');
  const resource = parseResource(blank < 0 ? line : line.slice(0, blank));
  if (resource === null) return null;
  const facts = blank < 0 ? {} : parseJson(line.slice(blank + 1));
  const typeId = z.object({ typeId: z.string().catch('') }).safeParse(facts).data?.typeId ?? '';
  // Other types are notebooks and editors of extensions, whose bytes are theirs.
  return { resource, isText: typeId === '' };
}

function toWindow(window: z.infer<typeof windowSchema>, isLast: boolean): CodeWindow {
  const backupFolder = /([^/\\]+)[/\\]*$/.exec(window.backupPath ?? '')?.[1] ?? null;
  return {
    folder: toUri(window.folder),
    workspaceFile: toUri(window.workspaceIdentifier?.configURIPath),
    backupFolder: backupFolder === '.' || backupFolder === '..' ? null : backupFolder,
    isLast,
  };
}

/** Addresses are texts, or in older versions objects. */
function toUri(value: unknown): Resource | null {
  if (typeof value === 'string') return parseResource(value);
  const parts = z
    .object({ scheme: z.string(), authority: z.string().optional().catch(''), path: z.string() })
    .safeParse(value).data;
  return parts === undefined ? null : toResource(parts.scheme, parts.authority ?? '', parts.path);
}

function collectLeaves(node: unknown, leaves: z.infer<typeof leafSchema>[], depth: number): void {
  const parsed = z.object({ type: z.enum(['branch', 'leaf']), data: z.unknown() }).safeParse(node).data;
  if (parsed === undefined || depth > MAX_DEPTH || leaves.length > MAX_EDITORS) return;
  if (parsed.type === 'branch') {
    for (const child of Array.isArray(parsed.data) ? parsed.data : []) collectLeaves(child, leaves, depth + 1);
    return;
  }
  const leaf = leafSchema.safeParse(parsed.data).data;
  if (leaf !== undefined) leaves.push(leaf);
}

function toEditor(
  editor: unknown,
  at: number,
  { leaf, index, active }: { leaf: z.infer<typeof leafSchema>; index: number; active: number | undefined },
): OpenEditor | null {
  const value = z.object({ value: z.string() }).safeParse(editor).data?.value;
  const resource = value === undefined ? null : resourceIn(value, 0);
  if (resource === null) return null;
  const isShown = leaf.mru[0] === at;
  return {
    resource,
    group: index + 1,
    groupId: leaf.id,
    isShown,
    isActive: isShown && active === leaf.id,
    isPinned: leaf.sticky !== undefined && at <= leaf.sticky,
    isPreview: leaf.preview === at,
  };
}

/** A comparison holds two editors, of which the right one is the file that is worked on. */
function resourceIn(value: string, depth: number): Resource | null {
  const parsed = z
    .object({ resourceJSON: z.unknown().optional(), primarySerialized: z.string().optional().catch(undefined) })
    .safeParse(parseJson(value)).data;
  if (parsed === undefined) return null;
  const own = toUri(parsed.resourceJSON);
  if (own !== null) return own;
  return parsed.primarySerialized === undefined || depth > 2 ? null : resourceIn(parsed.primarySerialized, depth + 1);
}

function toCursor(state: unknown): Cursor | null {
  const position = z
    .object({
      cursorState: z
        .tuple([z.object({ position: z.object({ lineNumber: z.int().min(1), column: z.int().min(1) }) })])
        .rest(z.unknown()),
    })
    .safeParse(state).data?.cursorState[0].position;
  return position === undefined ? null : { line: position.lineNumber, column: position.column };
}

function parseJson(text: string): unknown {
  return parseJsonText(text) ?? null; // torn, or something else
}
