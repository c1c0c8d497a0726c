// Data of a VS Code as it writes them, after its sources: windows, editors, cursors, hot exit.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import BetterSqlite3 from 'better-sqlite3';

export interface EditorInput {
  readonly id: string;
  readonly value: string;
}

export interface Leaf {
  readonly id: number;
  readonly editors: readonly EditorInput[];
  readonly mru?: readonly number[];
  readonly preview?: number;
  readonly sticky?: number;
}

export function fileEditor(path: string): EditorInput {
  const { href } = pathToFileURL(path);
  return {
    id: 'workbench.editors.files.fileEditorInput',
    value: JSON.stringify({
      resourceJSON: { $mid: 1, fsPath: path, external: href, path, scheme: 'file' },
      encoding: 'utf8',
    }),
  };
}

export function untitledEditor(name: string): EditorInput {
  return {
    id: 'workbench.editors.untitledEditorInput',
    value: JSON.stringify({
      resourceJSON: { $mid: 1, path: name, scheme: 'untitled' },
      modeId: 'markdown',
      encoding: 'utf8',
    }),
  };
}

export function diffEditor(left: string, right: string): EditorInput {
  return {
    id: 'workbench.editors.diffEditorInput',
    value: JSON.stringify({
      primarySerialized: fileEditor(right).value,
      secondarySerialized: fileEditor(left).value,
      primaryTypeId: 'workbench.editors.files.fileEditorInput',
      secondaryTypeId: 'workbench.editors.files.fileEditorInput',
    }),
  };
}

/** `memento/workbench.parts.editor` with these groups side by side, the last two within each other. */
export function editorsState(leaves: readonly Leaf[], activeGroup: number): string {
  const nodes = leaves.map((leaf) => ({
    type: 'leaf',
    data: { mru: leaf.editors.map((_, at) => at), ...leaf },
    size: 600,
  }));
  const [first, ...others] = nodes;
  const inner = others.length > 1 ? [{ type: 'branch', data: others, size: 600 }] : others;
  const root = { type: 'branch', data: [first, ...inner].filter((node) => node !== undefined), size: 900 };
  return JSON.stringify({
    'editorpart.state': {
      serializedGrid: { root, orientation: 0, width: 1200, height: 900 },
      activeGroup,
      mostRecentActiveGroups: [activeGroup],
    },
    'editorpart.centeredview': {},
  });
}

/** `memento/workbench.editors.files.textFileEditor`. */
export function cursorsState(
  cursors: readonly (readonly [path: string, group: number, line: number, column: number])[],
): string {
  return JSON.stringify({
    textEditorViewState: cursors.map(([path, group, lineNumber, column]) => [
      pathToFileURL(path).href,
      {
        [group]: {
          cursorState: [
            {
              inSelectionMode: false,
              selectionStart: { lineNumber, column },
              position: { lineNumber, column },
            },
          ],
          viewState: { scrollLeft: 0, firstPosition: { lineNumber: 1, column: 1 }, firstPositionDeltaTop: 0 },
          contributionsState: {},
        },
      },
    ]),
  });
}

export class CodeData {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  writeWindows(windowsState: object): void {
    this.write('User/globalStorage/storage.json', JSON.stringify({ theme: 'vs-dark', windowsState }, null, 4));
  }

  /** A workspace's folder with its database. */
  writeWorkspace(id: string, belongsTo: object | null, values: Readonly<Record<string, string>>): string {
    if (belongsTo !== null) this.write(`User/workspaceStorage/${id}/workspace.json`, JSON.stringify(belongsTo));
    const path = join(this.folder, 'User/workspaceStorage', id, 'state.vscdb');
    mkdirSync(dirname(path), { recursive: true });
    const db = new BetterSqlite3(path);
    db.exec(
      'PRAGMA user_version = 1; CREATE TABLE IF NOT EXISTS ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)',
    );
    const insert = db.prepare('INSERT INTO ItemTable VALUES (?, ?)');
    for (const [key, value] of Object.entries(values)) insert.run(key, value);
    db.close();
    return path;
  }

  writeBackup(window: string, scheme: string, name: string, head: string, text: string | Uint8Array): void {
    this.write(`Backups/${window}/${scheme}/${name}`, Buffer.concat([Buffer.from(`${head}\n`), Buffer.from(text)]));
  }

  write(name: string, content: string | Uint8Array): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
