// What is left of a stream as text: where something is lost, it says so in its place.

import type { IntactBytes } from '../vault/content/stream-reader.ts';
import { keepStyles } from '../../shared/text/keep-styles.ts';
import { stripEscapes } from '../../shared/text/sanitize-text.ts';

const BLANK = 0x20;

/** The text, with a line of its own for each stretch that is lost. */
export function toText({ bytes, holes }: IntactBytes): string {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let at = 0;
  for (const { from, length } of holes) {
    parts.push(decoder.decode(bytes.subarray(at, from)), `\n[Cairn: ${length} bytes could not be read here]\n`);
    at = from + length;
  }
  parts.push(decoder.decode(bytes.subarray(at)));
  return parts.join('');
}

/** The bytes with blanks for what is lost, so that everything else keeps its place; they are changed. */
export function blankHoles({ bytes, holes }: IntactBytes): Uint8Array<ArrayBuffer> {
  for (const { from, length } of holes) bytes.fill(BLANK, from, from + length);
  return bytes;
}

/** Captured text without anything that could drive the terminal it is looked at in: letters, tabs and lines are left. */
export function toHarmlessText(text: string): string {
  return stripEscapes(keepStyles(text));
}
