// What of a content is text that somebody would look for: terminal lines without their control sequences; of a transcript (lines of
// JSON) the texts in each record, without identifiers and encoded bytes. Total: any bytes give some text or none.

import { isAscii } from 'node:buffer';

import { stripEscapes } from '../../../shared/text/sanitize-text.ts';

/** Between two texts of a record: a hit never spans them. */
export const TEXT_BORDER = '\u0001';

/** Members whose values only tie records together. */
const NOISE = new Set([
  'uuid',
  'parentUuid',
  'leafUuid',
  'requestId',
  'tool_use_id',
  'toolUseID',
  'parentToolUseID',
  'sourceToolAssistantUUID',
  'signature',
  'encrypted_content',
  'timestamp',
  'type',
  'role',
  'stop_reason',
  'service_tier',
  'media_type',
]);
/** Records that copy what stands elsewhere. */
const HEAVY_RECORDS = new Set(['file-history-snapshot', 'progress', 'queue-operation']);
const MAX_RECORD_CHARACTERS = 8 * 1024 * 1024;
const MAX_DEPTH = 24;
const MIN_ENCODED = 240;
const ENCODED = /^[A-Za-z0-9+/_=-]+$/;
const PROBED_BYTES = 4096;
const ESCAPE = 0x1b;
const C1 = /[\u0080-\u009f]/;
/** OSC, DCS, APC, PM and SOS. */
const STRINGS = /\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f]/;

/** A piece of a content: many lines, or one record. */
export interface TextPiece {
  readonly text: string;
  readonly isRecord: boolean;
  /** The bytes of the content it is made of. */
  readonly startByte: number;
  readonly endByte: number;
}

/** True for contents that hold no text. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, PROBED_BYTES).includes(0);
}

/**
 * The text in a run of whole lines.
 * @param isTranscript where lines may be records of JSON
 * @param isWanted false for lines of a transcript that need not be read
 */
export function readPieces(bytes: Buffer, isTranscript: boolean, isWanted?: (line: Buffer) => boolean): TextPiece[] {
  if (!isTranscript) return [{ text: plainText(bytes), isRecord: false, startByte: 0, endByte: bytes.length }];
  const pieces: TextPiece[] = [];
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    if (end > start && (isWanted === undefined || isWanted(bytes.subarray(start, end)))) {
      const line = bytes.toString('utf8', start, end);
      const record = readRecord(line);
      if (record !== '')
        pieces.push({ text: record ?? stripEscapes(line), isRecord: true, startByte: start, endByte: end });
    }
    start = end + 1;
  }
  return pieces;
}

/** The text of one line that stands apart. */
export function readLine(line: string, isTranscript: boolean): string {
  return (isTranscript ? readRecord(line) : null) ?? stripEscapes(line);
}

function plainText(bytes: Buffer): string {
  const text = isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8');
  if (!bytes.includes(ESCAPE) && !C1.test(text)) return text;
  // Only sequences that end somewhere may span lines: then each line by itself.
  return STRINGS.test(text) ? text.split('\n').map(stripEscapes).join('\n') : stripEscapes(text);
}

/** The texts of a record; empty where it has none; null where the line is no record. */
function readRecord(line: string): string | null {
  const text = line.trim();
  if (!text.startsWith('{') || !text.endsWith('}') || text.length > MAX_RECORD_CHARACTERS) return null;
  try {
    const record: unknown = JSON.parse(text);
    if (isHeavy(record)) return '';
    const texts = new Set<string>();
    collect(record, texts, 0);
    return [...texts].join(TEXT_BORDER);
  } catch {
    return null; // it only looks like one
  }
}

function isHeavy(record: unknown): boolean {
  if (typeof record !== 'object' || record === null || !('type' in record)) return false;
  return typeof record.type === 'string' && HEAVY_RECORDS.has(record.type);
}

function collect(value: unknown, into: Set<string>, depth: number): void {
  if (typeof value === 'string') {
    if (value !== '' && !isEncoded(value)) into.add(stripEscapes(value));
  } else if (Array.isArray(value)) {
    if (depth < MAX_DEPTH) for (const element of value) collect(element, into, depth + 1);
  } else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
    for (const [name, member] of Object.entries(value)) if (!NOISE.has(name)) collect(member, into, depth + 1);
  }
}

function isEncoded(text: string): boolean {
  return text.length >= MIN_ENCODED && !text.includes(' ') && ENCODED.test(text);
}
