// Logs with a JSON record a line, torn and spliced lines anywhere: what is no record is counted, never a reason to stop.

import { MAX_LINE_MEMORY_BYTES } from '../host/json-memory.ts';
import { parseRecordBytes, type JsonRecord } from './json-record.ts';

const NEWLINE = 0x0a;
/** Enough to tell a record's kind before it is parsed. */
const BEGINNING_BYTES = 64;

export interface RecordLines {
  take(record: JsonRecord): void;
  /** A line that is no record. */
  skip(): void;
  /** Lines that begin so are passed over unread: heavy ones that tell nothing. */
  readonly heavy?: RegExp;
}

/** Takes in whole lines; gives the number of bytes used, up to and with the last line end. The rest waits for its end. */
export function readRecordLines(bytes: Uint8Array, lines: RecordLines): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  for (let end = buffer.indexOf(NEWLINE); end >= 0; end = buffer.indexOf(NEWLINE, start)) {
    readLine(buffer.subarray(start, end), lines);
    start = end + 1;
  }
  return start;
}

/** Takes in everything: a last line without its end too. */
export function readAllRecords(bytes: Uint8Array, lines: RecordLines): void {
  const used = readRecordLines(bytes, lines);
  readLine(Buffer.from(bytes.buffer, bytes.byteOffset + used, bytes.byteLength - used), lines);
}

function readLine(line: Buffer, lines: RecordLines): void {
  if (line.length === 0 || lines.heavy?.test(line.toString('latin1', 0, BEGINNING_BYTES)) === true) return;
  const record = parseRecordBytes(line, MAX_LINE_MEMORY_BYTES);
  if (record === null) lines.skip();
  else lines.take(record);
}
