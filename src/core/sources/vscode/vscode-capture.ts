// Captures the editors of VS Code's windows, with the texts that it keeps unsaved for its next start (hot exit).

import { join } from 'node:path';

import type { CapturedItem } from '../../../shared/model/item.ts';
import { documentKey, toDocumentItem, type UnsavedText } from '../documents/document.ts';
import { realFolderFact } from '../documents/real-folder.ts';
import { UnsavedTexts } from '../documents/unsaved-texts.ts';
import { whyUnreadable } from '../host/read-file.ts';
import type { CaptureContext, SourceCapture, SourceProblem } from '../source.ts';
import { windowId, type CodeWindow, type OpenEditor } from './parse-state.ts';
import type { Resource } from './resource.ts';
import {
  belongsTo,
  groupOf,
  isCodeRunning,
  listBackups,
  readBackupText,
  readEditors,
  readWindows,
  stampOf,
  type Backup,
  type WindowEditors,
  type WorkspaceFolders,
} from './vscode-files.ts';
import { dataFolders, type VsCodeProduct } from './vscode-products.ts';

const NO_EDITORS: WindowEditors = { editors: [], cursors: new Map() };
const NO_WINDOW: CodeWindow = { folder: null, workspaceFile: null, backupFolder: null, isLast: false };

/** What was read of each window, while its file stays the same. */
export interface CodeMemory {
  readonly folders: WorkspaceFolders;
  readonly editors: Map<string, { readonly stamp: string; readonly read: WindowEditors }>;
}

export async function captureCode(
  context: CaptureContext,
  product: VsCodeProduct,
  memory: CodeMemory,
): Promise<SourceCapture> {
  const reading = new CodeReading(context, product, memory);
  let isKnown = false;
  for (const dataFolder of dataFolders(product, context.host))
    isKnown = (await reading.readData(dataFolder)) || isKnown;
  const { items, problems } = reading;
  const troubled = new Set(problems.map(({ group }) => group));
  // Its files say what is open: what they no longer name was closed. Where they are gone, nothing is known.
  const isTroubled = problems.some(({ group }) => group === undefined);
  const closed = isKnown && !isTroubled ? context.previous.filter(({ group }) => !troubled.has(group)) : [];
  const present = new Set<string>(items.map(({ key }) => key));
  return { items, problems, closed: closed.map(({ key }) => key).filter((key) => !present.has(key)) };
}

class CodeReading {
  readonly #context: CaptureContext;
  readonly #product: VsCodeProduct;
  readonly #memory: CodeMemory;
  readonly #texts: UnsavedTexts;
  readonly #keys = new Set<string>();
  readonly items: CapturedItem[] = [];
  readonly problems: SourceProblem[] = [];

  constructor(context: CaptureContext, product: VsCodeProduct, memory: CodeMemory) {
    this.#context = context;
    this.#product = product;
    this.#memory = memory;
    this.#texts = new UnsavedTexts(context);
  }

  /** False where there is nothing of this product. */
  async readData(dataFolder: string): Promise<boolean> {
    let windows: CodeWindow[] | null;
    try {
      windows = readWindows(dataFolder);
    } catch (error) {
      this.problems.push({
        reason: 'unreadable',
        message: `The windows of ${this.#product.title} cannot be read: ${whyUnreadable(error)}.`,
      });
      return true;
    }
    if (windows === null) return false;
    const isRunning = isCodeRunning(this.#context.host, dataFolder, this.#product.programs);
    const backups = listBackups(dataFolder);
    const left = new Set(backups);
    for (const window of windows) {
      this.#context.signal.throwIfAborted();
      const path = (window.folder ?? window.workspaceFile)?.path ?? null;
      const own = backups.filter((backup) => belongsTo(backup, window));
      for (const backup of own) left.delete(backup);
      if (path !== null && this.#context.excludes.path(path)) continue;
      await this.#readWindow(window, own, { dataFolder, isRunning });
    }
    // Texts of windows that are not open: what is nowhere else must not be lost.
    for (const backup of left) {
      const window = { ...NO_WINDOW, backupFolder: backup.backupFolder };
      await this.#addItem({
        resource: backup.resource,
        editor: null,
        backup,
        window,
        dataFolder,
        isRunning,
        cursor: null,
      });
    }
    return true;
  }

  async #readWindow(
    window: CodeWindow,
    backups: readonly Backup[],
    data: { readonly dataFolder: string; readonly isRunning: boolean },
  ): Promise<void> {
    const { editors, cursors } = this.#editorsOf(window, data.dataFolder);
    const byUrl = Map.groupBy(editors, ({ resource }) => resource.url);
    for (const [url, places] of byUrl) {
      const editor = places.find(({ isActive }) => isActive) ?? places.find(({ isShown }) => isShown) ?? places[0];
      if (editor === undefined) continue;
      const backup = backups.find(({ resource }) => resource.url === url) ?? null;
      const cursor = cursors.get(url)?.get(editor.groupId) ?? [...(cursors.get(url)?.values() ?? [])][0] ?? null;
      await this.#addItem({ resource: editor.resource, editor, backup, window, ...data, cursor });
    }
    for (const backup of backups.filter(({ resource }) => !byUrl.has(resource.url))) {
      await this.#addItem({ resource: backup.resource, editor: null, backup, window, ...data, cursor: null });
    }
  }

  #editorsOf(window: CodeWindow, dataFolder: string): WindowEditors {
    const folder = this.#memory.folders.find(dataFolder, window);
    if (folder === null) return NO_EDITORS;
    try {
      const stamp = stampOf(folder);
      const known = this.#memory.editors.get(folder);
      if (known?.stamp === stamp) return known.read;
      const read = readEditors(folder);
      this.#memory.editors.set(folder, { stamp, read });
      return read;
    } catch (error) {
      const why = whyUnreadable(error);
      const name = window.folder?.name ?? window.workspaceFile?.name ?? 'an empty window';
      const message = `The files open in ${this.#product.title}, ${name}, cannot be read: ${why}.`;
      // A window that has just come has no file yet.
      if (why !== 'it is not there')
        this.problems.push({ reason: 'unreadable', message, group: groupOf(dataFolder, window) });
      return NO_EDITORS;
    }
  }

  async #addItem(found: Found): Promise<void> {
    const { resource, editor, backup, window, dataFolder, isRunning, cursor } = found;
    const { path } = resource;
    const { excludes } = this.#context;
    if (path === null ? excludes.url(resource.url) : excludes.path(path)) return;
    // An empty untitled editor is nothing to come back to.
    if (resource.isUntitled && backup === null) return;
    const place = resource.isUntitled ? `${windowId(window)}:${resource.url}` : (path ?? resource.url);
    const key = [place, `${place}#${windowId(window)}`]
      .map((name) => documentKey(this.#product.source, name))
      .find((name) => !this.#keys.has(name));
    if (key === undefined) return;
    this.#keys.add(key);
    const folder = window.folder?.path ?? null;
    // A path of an untitled text is where it would be saved first; there is no file.
    const file = resource.isUntitled ? null : path;
    const text = backup === null ? undefined : await this.#readText(key, backup);
    this.items.push(
      toDocumentItem(key, {
        source: this.#product.source,
        group: groupOf(dataFolder, window),
        editor: this.#product.title,
        path: file,
        name: resource.name,
        isModified: backup !== null,
        ...(text === undefined ? {} : { text }),
        facts: {
          ...cursor,
          isShown: editor?.isShown ?? false,
          isActive: editor?.isActive ?? false,
          isPinned: editor?.isPinned ?? false,
          ...(editor?.isPreview === true ? { isPreview: true } : {}),
          ...(editor === null ? {} : { editorGroup: editor.group }),
          isRunning,
          ...(backup === null ? {} : { isKept: true }),
          ...(folder === null ? {} : { cwd: folder }),
          ...(path === null && !resource.isUntitled ? { url: resource.url, isRemote: true } : {}),
          ...realFolderFact(file),
        },
      }),
    );
  }

  async #readText(key: CapturedItem['key'], backup: Backup): Promise<UnsavedText> {
    if (!backup.isText) return { status: 'unreadable' };
    return this.#texts.read(key, backup.version, async (maxBytes) => readBackupText(backup, maxBytes));
  }
}

interface Found {
  readonly resource: Resource;
  readonly editor: OpenEditor | null;
  readonly backup: Backup | null;
  readonly window: CodeWindow;
  readonly dataFolder: string;
  readonly isRunning: boolean;
  readonly cursor: { readonly line: number; readonly column: number } | null;
}

/** Where hot exit writes. */
export function backupRoots(context: Pick<CaptureContext, 'host'>, product: VsCodeProduct): string[] {
  return dataFolders(product, context.host).map((folder) => join(folder, 'Backups'));
}
