// Hands over unsaved texts: only what changed since it was stored, and no more than a capture may take at once.

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CaptureContext } from '../source.ts';
import { MAX_TEXT_BYTES, TEXT, toUnsavedText, type UnsavedText } from './document.ts';

/** Reads a text, cut to so many bytes. */
export type ReadText = (
  maxBytes: number,
) => Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly isCut: boolean } | null>;

export class UnsavedTexts {
  readonly #context: CaptureContext;
  #budgetBytes: number;

  constructor(context: CaptureContext) {
    this.#context = context;
    this.#budgetBytes = context.maxBytes;
  }

  /**
   * The text of a document. What was stored stays where the text cannot be read now.
   * @param version equal versions mean equal texts; empty where that cannot be told
   */
  async read(key: ItemKey, version: string, readText: ReadText): Promise<UnsavedText> {
    const stored = this.#stored(key);
    if (stored !== null && version !== '' && stored.stream.version === version) return stored;
    const maxBytes = Math.min(MAX_TEXT_BYTES, this.#budgetBytes);
    const text = maxBytes <= 0 ? null : await readText(maxBytes);
    if (text === null) return stored ?? { status: 'unreadable' };
    this.#budgetBytes -= text.bytes.length;
    return toUnsavedText(text.bytes, version, text.isCut);
  }

  /** The text as it was stored last; null where there is none. */
  #stored(key: ItemKey): Extract<UnsavedText, { status: 'read' }> | null {
    const known = this.#context.known(key, TEXT);
    const previous = this.#context.previous.find((item) => item.key === key)?.attributes;
    const textId = previous?.['textId'];
    if (known === undefined || typeof textId !== 'string') return null;
    return {
      status: 'read',
      stream: { name: TEXT, kind: 'blob', version: known.version, content: { type: 'unchanged' } },
      textId,
      isCut: previous?.['unsaved'] === 'cut',
    };
  }
}
