// Swap files that nobody holds open: a crash left them. The text in them is listed as a document that can be recovered; neither the
// swap file nor the file is ever touched.

import { hostname } from 'node:os';

import type { SourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { documentKey, toDocumentItem } from '../documents/document.ts';
import type { UnsavedTexts } from '../documents/unsaved-texts.ts';
import { readOwner, readProcess } from '../host/proc.ts';
import type { CaptureContext } from '../source.ts';
import { readSwapFile, readSwapText, type SwapFile } from './swap-files.ts';
import { heldSwapFiles, isEditorName } from './vim-processes.ts';

const MAX_RECOVERABLE = 500;
const GROUP = 'swap files that a crash left';

export interface RecoverableOptions {
  readonly source: SourceId;
  readonly editor: string;
  /** Swap files that may have been left. */
  readonly candidates: Iterable<string>;
  /** Keys that are taken by what is open. */
  readonly taken: ReadonlySet<string>;
}

/** The documents that such swap files hold: with changes, or seen open by an earlier capture. */
export async function captureRecoverable(
  context: CaptureContext,
  texts: UnsavedTexts,
  options: RecoverableOptions,
): Promise<CapturedItem[]> {
  const items: CapturedItem[] = [];
  const seenOpen = new Set(context.previous.map(({ attributes }) => attributes['swapFile']));
  const taken = new Set(options.taken);
  let held: ReadonlySet<string> | null = null;
  for (const swapFile of new Set(options.candidates)) {
    if (items.length >= MAX_RECOVERABLE) break;
    context.signal.throwIfAborted();
    const swap = readSwapFile(context.host, swapFile);
    if (swap === null || isHeldElsewhere(swap, context)) continue;
    if (swap.path !== null && context.excludes.path(swap.path)) continue;
    if (!swap.header.isModified && !seenOpen.has(swapFile)) continue;
    // Looked up only where there is anything to tell apart.
    held ??= heldSwapFiles(context.host);
    if (held.has(swapFile)) continue;
    const place = swap.path ?? swapFile;
    const key = [place, `${place}#${swapFile}`]
      .map((name) => documentKey(options.source, name))
      .find((name) => !taken.has(name));
    if (key === undefined) continue;
    taken.add(key);
    items.push(await toItem(context, texts, { options, swap, key }));
  }
  return items;
}

/** Named by another machine, or by an editor whose open files cannot be seen: it runs as another user. */
function isHeldElsewhere({ header }: SwapFile, { host }: CaptureContext): boolean {
  if (header.host !== '' && header.host !== hostname().slice(0, header.host.length)) return true;
  const process = readProcess(host.procDir, header.pid);
  if (process === null || process.isZombie || !isEditorName(process.name)) return false;
  return readOwner(host.procDir, header.pid) !== host.uid;
}

async function toItem(
  context: CaptureContext,
  texts: UnsavedTexts,
  { options, swap, key }: { options: RecoverableOptions; swap: SwapFile; key: CapturedItem['key'] },
): Promise<CapturedItem> {
  const { header, path, swapFile } = swap;
  let isUncertain = false;
  const text = header.isModified
    ? await texts.read(key, swap.version, async (maxBytes) => {
        const read = readSwapText(swap, context.excludes, maxBytes);
        if (read.result !== 'text') return null;
        isUncertain = read.isUncertain;
        return read;
      })
    : undefined;
  return toDocumentItem(key, {
    source: options.source,
    group: GROUP,
    editor: options.editor,
    path,
    name: path === null ? 'Untitled' : '',
    isModified: header.isModified,
    facts: {
      isRunning: false,
      isRecoverable: true,
      isShown: false,
      swapFile,
      leftAtMs: Math.round(swap.mtimeMs),
      ...(isUncertain ? { isUncertain } : {}),
      ...(header.isEncrypted ? { isEncrypted: true } : {}),
      ...encodingFact(header.encoding),
    },
    ...(text === undefined ? {} : { text }),
  });
}

/** Said only where it is not UTF-8, in which texts are kept. */
export function encodingFact(encoding: string): { encoding?: string } {
  return encoding === '' || encoding === 'utf-8' ? {} : { encoding };
}
