// Values of foreign JSON, taken as they come.

import { fitsMemory, MAX_LINE_MEMORY_BYTES } from '../host/json-memory.ts';

/** Characters that are not worth a look at what they would take. */
const SURELY_FITS = 256 * 1024;

export type JsonRecord = Readonly<Record<string, unknown>>;

/** A text as an object of JSON; null where it is none: torn, spliced, another value, or more than fits into memory. */
export function parseRecord(text: string): JsonRecord | null {
  const value = parseJsonText(text);
  return isRecord(value) ? value : null;
}

/** The same for bytes. @param maxMemoryBytes what it may take, decoded and parsed */
export function parseRecordBytes(bytes: Uint8Array, maxMemoryBytes: number): JsonRecord | null {
  if (!fitsMemory(bytes, maxMemoryBytes)) return null;
  const value = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  return isRecord(value) ? value : null;
}

/** The objects of a list in bytes; null where it is no list, or more than fits into memory. */
export function parseListBytes(bytes: Uint8Array, maxMemoryBytes: number): JsonRecord[] | null {
  if (!fitsMemory(bytes, maxMemoryBytes)) return null;
  const value = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  return Array.isArray(value) ? recordsOf(value) : null;
}

/** A text as JSON; undefined where it is none, or more than fits into memory. */
export function parseJsonText(text: string): unknown {
  return text.length > SURELY_FITS && !fitsMemory(Buffer.from(text), MAX_LINE_MEMORY_BYTES)
    ? undefined
    : parseJson(text);
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that says something; null for any other value. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // torn or spliced
  }
}

/** The objects of a list; none where it is no list. */
export function recordsOf(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.filter((part) => isRecord(part)) : [];
}
