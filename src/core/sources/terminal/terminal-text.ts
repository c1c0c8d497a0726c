// The text of terminals, of whatever program: what its streams are called, how much of it is kept, and which part where it is too much.

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedStream } from '../../../shared/model/item.ts';

/** What the shell printed: its scrollback and its screen, also while a full-screen program hides it. */
export const SCROLLBACK = 'scrollback';
/** What a full-screen program shows. */
export const PROGRAM_SCREEN = 'program-screen';
export const MAX_SCROLLBACK_LINES = 10_000;
export const MAX_STREAM_BYTES = 8 * 1024 * 1024;

export interface TerminalText {
  readonly streams: readonly CapturedStream[];
  /** True where older lines were left out. */
  readonly isCut: boolean;
}

/** The whole text as a stream; the version is empty where nothing tells one. */
export function toTextStream(name: string, version: string, text: Buffer): CapturedStream {
  return { name, kind: 'ring', version, content: { type: 'whole', bytes: new Uint8Array(text) } };
}

/** A screen's empty lines below the cursor are no text. */
export function withoutBlankEnd(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && text[end - 1] === 0x0a) end -= 1;
  return end === text.length ? text : text.subarray(0, Math.min(text.length, end + 1));
}

/** The end of a text, from the start of a line on. */
export function lastLines<Bytes extends Uint8Array>(text: Bytes, maxBytes: number): Bytes {
  if (text.length <= maxBytes) return text;
  const lineEnd = text.indexOf(0x0a, text.length - maxBytes - 1);
  return text.subarray(lineEnd < 0 ? text.length : lineEnd + 1) as Bytes; // a part of the same kind of bytes
}

/** Cuts the largest texts so that all together may be handed over. */
export function fitTexts(
  texts: ReadonlyMap<ItemKey, TerminalText>,
  maxBytes: number,
): ReadonlyMap<ItemKey, TerminalText> {
  const sizes = [...texts.values()].flatMap(({ streams }) => streams.map(sizeOf)).toSorted((a, b) => a - b);
  if (sizes.reduce((sum, size) => sum + size, 0) <= maxBytes) return texts;
  let leftBytes = maxBytes;
  let limit = 0;
  for (const [index, size] of sizes.entries()) {
    limit = Math.floor(leftBytes / (sizes.length - index));
    if (size > limit) break;
    leftBytes -= size;
  }
  return new Map([...texts].map(([key, text]) => [key, cutTo(text, limit)]));
}

function cutTo(text: TerminalText, limit: number): TerminalText {
  if (text.streams.every((stream) => sizeOf(stream) <= limit)) return text;
  const streams = text.streams.map((stream): CapturedStream => {
    if (stream.content.type !== 'whole' || stream.content.bytes.length <= limit) return stream;
    return { ...stream, content: { type: 'whole', bytes: lastLines(stream.content.bytes, limit).slice() } };
  });
  return { streams, isCut: true };
}

function sizeOf({ content }: CapturedStream): number {
  return content.type === 'whole' ? content.bytes.length : 0;
}
