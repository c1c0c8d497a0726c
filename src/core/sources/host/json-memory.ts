// How much memory foreign JSON would take, told before it is parsed: sixteen megabytes of empty objects become more than a gigabyte.

import { isAscii } from 'node:buffer';

const MEGABYTE = 1024 * 1024;
/** Whatever such a text says, it takes little. */
const SMALL_BYTES = MEGABYTE;
/** Of an object or a list, with its place in what holds it. */
const CONTAINER_BYTES = 96;
/** Of a text or number, beside its characters. */
const VALUE_BYTES = 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LIST = 0x5b;
const OBJECT = 0x7b;

/** A line of a log: garbage of the lines before it may be in memory still. */
export const MAX_LINE_MEMORY_BYTES = 64 * MEGABYTE;
/** A whole file, of which a model is built beside it. */
export const MAX_DOCUMENT_MEMORY_BYTES = 96 * MEGABYTE;

/** True where the text, decoded and parsed, takes no more memory than that, by estimate. Total; linear in the bytes. */
export function fitsMemory(json: Uint8Array, maxBytes: number): boolean {
  if (json.length <= SMALL_BYTES) return true;
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  // One character beyond Latin makes every character take two bytes.
  let bytes = text.length * (isAscii(text) ? 2 : 3);
  for (let at = 0; at < text.length && bytes <= maxBytes; at += 1) {
    const byte = text[at];
    if (byte === OBJECT || byte === LIST) bytes += CONTAINER_BYTES;
    else if (byte === COMMA) bytes += VALUE_BYTES;
    else if (byte === QUOTE) at = endOfString(text, at + 1);
  }
  return bytes <= maxBytes;
}

/** The place of the quote that ends a string; the end of the text where none does. */
function endOfString(text: Buffer, start: number): number {
  for (let at = text.indexOf(QUOTE, start); at >= 0; at = text.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (at - escapes > start && text[at - escapes - 1] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}
