// The Neovim source: what running ones have open, asked over their own sockets, and what crashed ones left in their swap files.

import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { documentKey, toDocumentItem, type DocumentWindow } from '../documents/document.ts';
import { findClosed, groupOf, toInstance, type Instance } from '../documents/instances.ts';
import { previewDocument } from '../documents/preview.ts';
import { realFolderFact } from '../documents/real-folder.ts';
import { applyDocuments, planDocuments, undoDocument } from '../documents/restore-documents.ts';
import { createTerminalEditor, openCommandOf, type TerminalEditorOptions } from '../documents/terminal-editor.ts';
import { UnsavedTexts } from '../documents/unsaved-texts.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type {
  CaptureContext,
  Host,
  Source,
  SourceCapture,
  SourceDetection,
  SourceProblem,
  WatchContext,
} from '../source.ts';
import { captureRecoverable, encodingFact } from '../vim/recoverable.ts';
import { isSwapName, listSwapFiles } from '../vim/swap-files.ts';
import { findNeovims, type NeovimProcess } from './neovim-processes.ts';
import { readBufferText, readNeovim, type NeovimBuffer, type NeovimState, type NeovimWindow } from './read-neovim.ts';
import { withNeovim, type NeovimConnection } from './rpc.ts';

const NEOVIM = parseSourceId('neovim');
const TITLE = 'Neovim';
const EDITOR: TerminalEditorOptions = { source: NEOVIM, programs: ['nvim'], isProgram: (name) => name === 'nvim' };
/** Kinds of buffers that hold text of the user's. */
const TEXT_TYPES = new Set(['', 'acwrite']);

export function createNeovimSource(): Source {
  const editor = createTerminalEditor(EDITOR);
  return {
    id: NEOVIM,
    title: TITLE,
    kinds: ['document'],
    readsPaths: false,
    detect: async (host) => detect(host),
    capture,
    watch: watchSwapFiles,
    preview: previewDocument,
    openCommand: (documents, terminal) => openCommandOf(EDITOR, documents, terminal),
    planRestore: (items, context) => planDocuments(editor, items, context),
    applyRestore: (steps, context) => applyDocuments(editor, steps, context),
    undoRestore: undoDocument,
  };
}

function detect(host: Host): SourceDetection {
  const found = findNeovims(host).length;
  return found === 0
    ? { isPresent: false, summary: 'Neovim does not run' }
    : { isPresent: true, summary: `${found} running` };
}

async function capture(context: CaptureContext): Promise<SourceCapture> {
  const texts = new UnsavedTexts(context);
  const problems: SourceProblem[] = [];
  // Side by side: one that does not answer takes no time from the others.
  const readings = await Promise.all(findNeovims(context.host).map((process) => readOne(context, texts, process)));
  const items = new Map<ItemKey, CapturedItem>();
  const troubled = new Set<string>();
  for (const reading of readings) {
    if ('problem' in reading) {
      problems.push(reading.problem);
      troubled.add(reading.problem.group ?? '');
    } else for (const item of reading.items) add(items, item);
  }
  const carried = context.previous.filter(({ group }) => troubled.has(group)).map(({ key }) => key);
  const recoverable = await captureRecoverable(context, texts, {
    source: NEOVIM,
    editor: TITLE,
    candidates: [...knownSwapFiles(context), ...swapFolders(context.host).flatMap(listSwapFiles)],
    taken: new Set([...items.keys(), ...carried]),
  });
  const all = [...items.values(), ...recoverable];
  return { items: all, problems, closed: findClosed(context, all, troubled) };
}

/** Two instances may show the same file: the second has a name of its own. */
function add(items: Map<ItemKey, CapturedItem>, item: CapturedItem): void {
  const key = items.has(item.key)
    ? documentKey(NEOVIM, `${item.key.slice(NEOVIM.length + 1)}#${item.group}`)
    : item.key;
  if (!items.has(key)) items.set(key, { ...item, key });
}

async function readOne(
  context: CaptureContext,
  texts: UnsavedTexts,
  process: NeovimProcess,
): Promise<{ items: CapturedItem[] } | { problem: SourceProblem }> {
  const instance = toInstance(context.host, process);
  const group = groupOf(instance);
  try {
    return await withNeovim(process.socket, context.signal, async (connection) => {
      const state = await readNeovim(connection);
      // A socket may be another one's by now, or lie in a container.
      if (state.pid !== process.pid) return { items: [] };
      const items: CapturedItem[] = [];
      for (const buffer of state.buffers) {
        const item = await toItem({ context, texts, connection, state, buffer, instance, tty: process.tty });
        if (item !== null) items.push(item);
      }
      return { items };
    });
  } catch (error) {
    if (!(error instanceof AppError) || context.signal.aborted) throw error;
    const message = `A running Neovim (process ${process.pid}) could not be read: ${error.message}.`;
    return { problem: { reason: 'unreadable', message, group } };
  }
}

interface BufferReading {
  readonly context: CaptureContext;
  readonly texts: UnsavedTexts;
  readonly connection: NeovimConnection;
  readonly state: NeovimState;
  readonly buffer: NeovimBuffer;
  readonly instance: Instance;
  readonly tty: string | null;
}

async function toItem(reading: BufferReading): Promise<CapturedItem | null> {
  const { context, texts, connection, state, buffer, instance, tty } = reading;
  const windows = state.windows.filter((window) => window.buffer === buffer.number);
  const path = buffer.name?.startsWith('/') === true ? buffer.name : null;
  if (buffer.name === null || !TEXT_TYPES.has(buffer.type) || (!buffer.isListed && windows.length === 0)) return null;
  // An empty buffer without a name, or one that a plugin shows under an address, is nothing to come back to.
  if (path === null && !buffer.isModified) return null;
  if (path !== null && context.excludes.path(path)) return null;
  const place = path ?? `${instance.pid}-${instance.startTime}:${buffer.number}`;
  const key = documentKey(NEOVIM, place);
  const version = `${groupOf(instance)}:${buffer.number}:${buffer.changes}`;
  const text = buffer.isModified
    ? await texts.read(key, version, async (maxBytes) =>
        buffer.sizeBytes < 0 ? null : readBufferText(connection, buffer, maxBytes),
      )
    : undefined;
  return toDocumentItem(key, {
    source: NEOVIM,
    group: groupOf(instance),
    editor: TITLE,
    path,
    name: buffer.name === '' ? 'Untitled' : buffer.name,
    isModified: buffer.isModified,
    windows: windows.map(toWindow),
    ...(text === undefined ? {} : { text }),
    facts: {
      ...cursorOf(buffer, windows, state),
      isShown: windows.length > 0,
      isActive: windows.some(({ id }) => id === state.activeWindow),
      cwd: state.cwd,
      instance,
      ...(tty === null ? {} : { tty }),
      ...(buffer.swapFile === '' ? {} : { swapFile: buffer.swapFile }),
      ...encodingFact(buffer.encoding),
      ...realFolderFact(path),
    },
  });
}

/** In the window that has the focus, else in the first one that shows it, else where it was left. */
function cursorOf(
  { line }: NeovimBuffer,
  windows: readonly NeovimWindow[],
  { activeWindow }: NeovimState,
): { line?: number; column?: number } {
  const window = windows.find(({ id }) => id === activeWindow) ?? windows[0];
  if (window !== undefined) return { line: window.line, column: window.column };
  return line > 0 ? { line } : {};
}

function toWindow({ tab, place, line, column, split }: NeovimWindow): DocumentWindow {
  return { tab: Math.max(1, tab), place: Math.max(1, place), line, column, ...(split === null ? {} : { split }) };
}

/** Its own swap files, by age of the version: since 0.8, and before. */
function swapFolders(host: Host): string[] {
  const state = host.env['XDG_STATE_HOME'] || join(host.homeDir, '.local/state');
  const data = host.env['XDG_DATA_HOME'] || join(host.homeDir, '.local/share');
  return [join(state, 'nvim/swap'), join(data, 'nvim/swap')];
}

function knownSwapFiles({ previous }: CaptureContext): string[] {
  return previous.flatMap(({ attributes }) => {
    const { swapFile } = attributes;
    return typeof swapFile === 'string' && swapFile.startsWith('/') ? [swapFile] : [];
  });
}

/** A swap file is written within seconds of a change, which is the sign that there is unsaved text. */
async function watchSwapFiles(context: WatchContext): Promise<void> {
  watchFolders({
    roots: swapFolders(context.host),
    isRelevant: isSwapName,
    signal: context.signal,
    onChange: () => context.onChange(),
  });
}
