// The Vim source: what running Vims have open, told by their swap files, and what crashed ones left in theirs. Vim has no way to ask it
// for its cursor or windows, so those are not known.

import { dirname, join } from 'node:path';

import { parseSourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { documentKey, toDocumentItem } from '../documents/document.ts';
import { findClosed, groupOf, toInstance } from '../documents/instances.ts';
import { previewDocument } from '../documents/preview.ts';
import { realFolderFact } from '../documents/real-folder.ts';
import { applyDocuments, planDocuments, undoDocument } from '../documents/restore-documents.ts';
import { createTerminalEditor, openCommandOf, type TerminalEditorOptions } from '../documents/terminal-editor.ts';
import { UnsavedTexts } from '../documents/unsaved-texts.ts';
import { readOwner, readProcesses, readWorkingDirectory, type ProcessInfo } from '../host/proc.ts';
import type { CaptureContext, Host, Source, SourceCapture, SourceDetection } from '../source.ts';
import { captureRecoverable, encodingFact } from './recoverable.ts';
import { listSwapFiles, readSwapFile, readSwapText, type SwapFile } from './swap-files.ts';
import { findVims, isVimName, type VimProcess } from './vim-processes.ts';

const VIM = parseSourceId('vim');
const TITLE = 'Vim';
const EDITOR: TerminalEditorOptions = { source: VIM, programs: ['vim', 'vi'], isProgram: isVimName };
/** Folders that are searched for swap files of crashed Vims. */
const MAX_FOLDERS = 300;

export function createVimSource(): Source {
  const editor = createTerminalEditor(EDITOR);
  return {
    id: VIM,
    title: TITLE,
    kinds: ['document'],
    readsPaths: false,
    detect: async (host) => detect(host),
    capture,
    preview: previewDocument,
    openCommand: (documents, terminal) => openCommandOf(EDITOR, documents, terminal),
    planRestore: (items, context) => planDocuments(editor, items, context),
    applyRestore: (steps, context) => applyDocuments(editor, steps, context),
    undoRestore: undoDocument,
  };
}

function detect(host: Host): SourceDetection {
  const found = findVims(host).length;
  return found === 0
    ? { isPresent: false, summary: 'Vim does not run' }
    : { isPresent: true, summary: `${found} running` };
}

async function capture(context: CaptureContext): Promise<SourceCapture> {
  const texts = new UnsavedTexts(context);
  const processes = readProcesses(context.host);
  const vims = findVims(context.host, processes);
  const items = new Map<string, CapturedItem>();
  for (const vim of vims) {
    context.signal.throwIfAborted();
    for (const item of await captureVim(context, texts, vim)) if (!items.has(item.key)) items.set(item.key, item);
  }
  const recoverable = await captureRecoverable(context, texts, {
    source: VIM,
    editor: TITLE,
    candidates: findCandidates(context, processes),
    taken: new Set(items.keys()),
  });
  const all = [...items.values(), ...recoverable];
  return { items: all, problems: [], closed: findClosed(context, all, new Set()) };
}

async function captureVim(context: CaptureContext, texts: UnsavedTexts, vim: VimProcess): Promise<CapturedItem[]> {
  const instance = toInstance(context.host, vim);
  const swaps = vim.swapFiles.flatMap((path) => readSwapFile(context.host, path) ?? []);
  const common = {
    source: VIM,
    group: groupOf(instance),
    editor: TITLE,
    name: 'Untitled',
  } as const;
  const facts = { cwd: vim.cwd, instance, ...(vim.tty === null ? {} : { tty: vim.tty }) };
  const items: CapturedItem[] = [];
  for (const swap of swaps) {
    const { path, header } = swap;
    if (path !== null && context.excludes.path(path)) continue;
    // A text without a file that nobody has written in is nothing.
    if (path === null && !header.isModified) continue;
    const key = documentKey(VIM, path ?? `${vim.pid}-${vim.startTime}:${swap.swapFile}`);
    const text = header.isModified ? await texts.read(key, swap.version, textReader(swap, context)) : undefined;
    items.push(
      toDocumentItem(key, {
        ...common,
        path,
        isModified: header.isModified,
        facts: { ...facts, swapFile: swap.swapFile, ...encodingFact(header.encoding), ...realFolderFact(path) },
        ...(text === undefined ? {} : { text }),
      }),
    );
  }
  const covered = new Set(swaps.map(({ path }) => path));
  // Without swap files (`-n`) its words are all there is.
  const named =
    swaps.length > 0 ? [] : vim.namedFiles.filter((path) => !covered.has(path) && !context.excludes.path(path));
  for (const path of named) {
    const key = documentKey(VIM, path);
    items.push(
      toDocumentItem(key, { ...common, path, isModified: false, facts: { ...facts, ...realFolderFact(path) } }),
    );
  }
  return items;
}

function textReader(swap: SwapFile, { excludes }: CaptureContext) {
  return async (maxBytes: number) => {
    const read = readSwapText(swap, excludes, maxBytes);
    return read.result === 'text' ? read : null;
  };
}

/** Where crashed Vims may have left swap files: where open files lie, where shells stand, and the folders that Vim knows. */
function findCandidates(context: CaptureContext, processes: readonly ProcessInfo[]): string[] {
  const { host, previous } = context;
  const known = previous.flatMap(({ attributes }) => textsOf(attributes['swapFile']));
  const beside = previous.flatMap(({ attributes }) => textsOf(attributes['path'])).map((path) => dirname(path));
  const standing = processes
    .filter(({ pid, ttyNumber }) => ttyNumber !== 0 && readOwner(host.procDir, pid) === host.uid)
    .flatMap(({ pid }) => readWorkingDirectory(host.procDir, pid)?.path ?? []);
  const usual = ['tmp', '.vim/swap', '.vim/tmp', '.vim/swapfiles', '.local/state/vim/swap'].map((name) =>
    join(host.homeDir, name),
  );
  const folders = new Set([
    ...known.map((path) => dirname(path)),
    ...beside,
    ...standing,
    ...usual,
    '/var/tmp',
    '/tmp',
  ]);
  const allowed = [...folders].filter((folder) => !context.excludes.path(folder)).slice(0, MAX_FOLDERS);
  return [...known, ...allowed.flatMap(listSwapFiles)];
}

function textsOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : [];
}
