// The sources of the VS Code family: open editors, windows and unsaved texts, as the editor itself writes them down; brought back by its
// own command line. Its files are never written.

import { previewDocument } from '../documents/preview.ts';
import {
  applyDocuments,
  planDocuments,
  undoDocument,
  type DocumentEditor,
  type OpenTarget,
} from '../documents/restore-documents.ts';
import { folderOf, inParts, runScreenEditor, whyNoScreenEditor } from '../documents/screen-editor.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { Host, Source, SourceDetection, WatchContext } from '../source.ts';
import { backupRoots, captureCode, type CodeMemory } from './vscode-capture.ts';
import { readWindows, WorkspaceFolders } from './vscode-files.ts';
import { dataFolders, type VsCodeProduct } from './vscode-products.ts';

export function createVsCodeSource(product: VsCodeProduct): Source {
  const memory: CodeMemory = { folders: new WorkspaceFolders(), editors: new Map() };
  const editor = createEditor(product);
  return {
    id: product.source,
    title: product.title,
    kinds: ['document'],
    readsPaths: false,
    detect: async (host) => detect(host, product),
    capture: (context) => captureCode(context, product, memory),
    watch: async (context) => watchBackups(context, product),
    preview: previewDocument,
    planRestore: (items, context) => planDocuments(editor, items, context),
    applyRestore: (steps, context) => applyDocuments(editor, steps, context),
    undoRestore: undoDocument,
  };
}

function detect(host: Host, product: VsCodeProduct): SourceDetection {
  const windows = dataFolders(product, host).flatMap((folder) => {
    try {
      return readWindows(folder) ?? [];
    } catch {
      return []; // the capture says why
    }
  });
  return windows.length === 0
    ? { isPresent: false, summary: 'no window found' }
    : { isPresent: true, summary: `${windows.length} window${windows.length === 1 ? '' : 's'}` };
}

function watchBackups(context: WatchContext, product: VsCodeProduct): void {
  const roots = backupRoots(context, product);
  watchFolders({ roots, signal: context.signal, onChange: () => context.onChange() });
}

function createEditor({ source, title, programs }: VsCodeProduct): DocumentEditor {
  return {
    source,
    opensAtColumn: true,
    planOpening: (targets, _items, { host }) => {
      const why = whyNoScreenEditor(host, title, programs);
      if (why !== null) return { kind: 'leave', why };
      const folder = folderOf(targets);
      return { kind: 'open', where: folder === null ? `in ${title}` : `in ${title}, in the window of ${folder}` };
    },
    open: async (targets, _group, context) => {
      await runScreenEditor(context, programs, codeCalls(targets));
      return '';
    },
  };
}

/**
 * The words of the calls that open these files. A folder opens in its own window, or the window that shows it already comes to the
 * front; never does a folder take another one's window.
 */
export function codeCalls(targets: readonly OpenTarget[]): string[][] {
  const folder = folderOf(targets);
  // A colon would be read as the beginning of a line number.
  const plain = targets.filter(({ path }) => !path.includes(':'));
  const odd = targets.filter(({ path }) => path.includes(':'));
  const where = folder === null ? ['--reuse-window'] : [];
  const shown = folder === null || folder.includes(':') ? [] : [folder];
  const calls = inParts(plain).map((part) => [...where, '--goto', ...shown, ...part.map(toGoto)]);
  const others = inParts(odd).map((part) => [...(folder === null ? where : [folder]), ...part.map(({ path }) => path)]);
  return [...others, ...calls];
}

function toGoto({ path, line, column }: OpenTarget): string {
  return line === undefined ? path : `${path}:${line}:${column ?? 1}`;
}
