// An open file as an item, of whatever editor: where it is, what the cursor stands on, and its unsaved text as a stream. The facts
// are written and read here alone.

import { createHash } from 'node:crypto';

import { z } from 'zod';

import { parseItemKey, type ItemKey, type SourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';

/** The stream of the unsaved text, as the file would hold it, in UTF-8. */
export const TEXT = 'text';
/** Longer unsaved texts are cut, and said to be. */
export const MAX_TEXT_BYTES = 8 * 1024 * 1024;
const MAX_KEY_LENGTH = 900;
const HASH_LENGTH = 32;
const MAX_NAME_LENGTH = 200;
const MAX_WINDOWS = 50;

const windowSchema = z.object({
  tab: z.int().min(1),
  /** Its place in the tab, from 1. */
  place: z.int().min(1),
  line: z.int().min(1),
  column: z.int().min(1),
  split: z.enum(['row', 'column']).optional(),
});

/** What a restore needs of a document; everything from outside is optional. */
export const documentFactsSchema = z.object({
  /** Absolute; absent for a text that has no file yet. */
  path: z.string().optional(),
  name: z.string(),
  /** From 1. */
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
  isModified: z.boolean().default(false),
  /** In front in its window of the editor. */
  isActive: z.boolean().default(false),
  isShown: z.boolean().default(true),
  /** False for what an editor that does not run has left behind. */
  isRunning: z.boolean().default(true),
  isRecoverable: z.boolean().default(false),
  /** The editor itself shows the unsaved text again when it starts next. */
  isKept: z.boolean().default(false),
  /** The file lies on another machine. */
  isRemote: z.boolean().default(false),
  editor: z.string(),
  /** The folder that is open in the editor. */
  cwd: z.string().optional(),
  terminal: z.string().optional(),
  windows: z.array(windowSchema).optional(),
  /** What became of the unsaved text, where there is some. */
  unsaved: z.enum(['whole', 'cut', 'unreadable']).optional(),
  /** Equal for equal texts. */
  textId: z.string().optional(),
  /** How the file is encoded where that is not UTF-8. */
  encoding: z.string().optional(),
  /** The folder of the file with its links followed, where that is another. */
  realFolderPath: z.string().optional(),
});
export type DocumentFacts = z.infer<typeof documentFactsSchema>;

export type DocumentWindow = z.infer<typeof windowSchema>;

/** An unsaved text as a capture has it. */
export type UnsavedText =
  | { readonly status: 'read'; readonly stream: CapturedStream; readonly textId: string; readonly isCut: boolean }
  | { readonly status: 'unreadable' };

export interface DocumentDescription {
  readonly source: SourceId;
  readonly group: string;
  readonly editor: string;
  /** Null for a text without a file. */
  readonly path: string | null;
  /** For a text without a file, what the editor calls it. */
  readonly name: string;
  /** Facts of this editor, beside those below. */
  readonly facts: JsonObject;
  readonly isModified: boolean;
  readonly windows?: readonly DocumentWindow[];
  readonly text?: UnsavedText;
}

/** Builds the item. */
export function toDocumentItem(key: ItemKey, document: DocumentDescription): CapturedItem {
  const { path, text, windows = [] } = document;
  const name = (path === null ? document.name : path.slice(path.lastIndexOf('/') + 1)).slice(0, MAX_NAME_LENGTH);
  const unsaved = text === undefined ? null : text.status === 'unreadable' ? text.status : text.isCut ? 'cut' : 'whole';
  return {
    key,
    kind: 'document',
    source: document.source,
    group: document.group,
    title: name === '' ? 'Untitled' : name,
    attributes: {
      ...(path === null ? {} : { path }),
      name,
      editor: document.editor,
      isModified: document.isModified,
      ...document.facts,
      ...(windows.length > 0 ? { windows: windows.slice(0, MAX_WINDOWS).map(withoutUndefined) } : {}),
      ...(unsaved === null ? {} : { unsaved }),
      ...(text?.status === 'read' ? { textId: text.textId } : {}),
    },
    streams: text?.status === 'read' ? [text.stream] : [],
  };
}

/** Names a document by its path, so that it stays the same when its editor is started anew; another key for a second one. */
export function documentKey(source: SourceId, place: string): ItemKey {
  const isPlain = place.length <= MAX_KEY_LENGTH && !/[\u0000-\u001f\u007f-\u009f]/.test(place);
  return parseItemKey(
    `${source}:${isPlain ? place : `${place.replaceAll(/[^\w./-]/g, '_').slice(0, 200)}~${hash(place)}`}`,
  );
}

/** Names a text by what it says. */
export function textIdOf(bytes: Uint8Array): string {
  return hash(bytes);
}

/** The stream of an unsaved text that was read whole. */
export function toUnsavedText(bytes: Uint8Array<ArrayBuffer>, version: string, isCut: boolean): UnsavedText {
  const textId = textIdOf(bytes);
  const stream: CapturedStream = { name: TEXT, kind: 'blob', version, content: { type: 'whole', bytes } };
  return { status: 'read', stream, textId, isCut };
}

function withoutUndefined(window: DocumentWindow): JsonObject {
  return { ...window };
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, HASH_LENGTH);
}
