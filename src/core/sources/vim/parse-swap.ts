// Swap files of Vim and Neovim: whose file it is, whether it holds changes, and the text. Read, never recovered in place. Total: any
// bytes give a text or the word that there is none. Numbers are little-endian, as all machines that Cairn runs on write them.

import { ByteSink } from '../documents/byte-sink.ts';
import { decodeUtf8 } from '../documents/utf8.ts';

/** All that `parseSwapHeader` looks at. */
export const HEADER_BYTES = 1024;
const USER_AT = 28;
const HOST_AT = 68;
const NAME_AT = 108;
const FLAGS_AT = 1006;
const MODIFIED_AT = 1007;
const MAGIC_AT = 1008;
const MAGIC = 0x30313233;
const MODIFIED = 0x55;
const SAME_FOLDER = 4;
const HAS_ENCODING = 8;
const POINTERS = 0x7074;
const DATA = 0x6461;
/** Sizes of an entry in a block of pointers: where line numbers have 64 bits, and where they have 32 (newer Neovims). */
const WIDE_ENTRY = 32;
const NARROW_ENTRY = 24;
const ENTRIES_AT = 8;
const MAX_DEPTH = 12;
const MAX_BLOCKS = 200_000;
const NEWLINE = 0x0a;

export interface SwapHeader {
  readonly isEncrypted: boolean;
  readonly pageBytes: number;
  /** When the file was written last, as far as the editor knew, in seconds. */
  readonly fileMtimeS: number;
  readonly pid: number;
  readonly user: string;
  readonly host: string;
  /** As the editor wrote it: absolute, or with the home folder as `~` or `~user`. Empty for a text without a file. */
  readonly fileName: string;
  /** The file lies where the swap file lies. */
  readonly isInSameFolder: boolean;
  readonly lineEnd: '\n' | '\r\n' | '\r';
  /** Empty where the swap file does not say. */
  readonly encoding: string;
  readonly isModified: boolean;
}

/** Parses the first block; null where it is no swap file. */
export function parseSwapHeader(bytes: Uint8Array): SwapHeader | null {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0x62) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pageBytes = view.getUint32(12, true);
  if (view.getUint32(MAGIC_AT, true) !== MAGIC || pageBytes < HEADER_BYTES || pageBytes > 1024 * 1024) return null;
  const [user, host, fileName] = [
    textAt(bytes, USER_AT, HOST_AT),
    textAt(bytes, HOST_AT, NAME_AT),
    textAt(bytes, NAME_AT, FLAGS_AT),
  ];
  if (user === null || host === null || fileName === null) return null;
  const flags = bytes[FLAGS_AT] ?? 0;
  return {
    isEncrypted: bytes[1] !== 0x30,
    pageBytes,
    fileMtimeS: view.getUint32(16, true),
    pid: view.getUint32(24, true),
    user,
    host,
    fileName,
    isInSameFolder: (flags & SAME_FOLDER) !== 0,
    lineEnd: (flags & 3) === 2 ? '\r\n' : (flags & 3) === 3 ? '\r' : '\n',
    encoding: (flags & HAS_ENCODING) === 0 ? '' : encodingIn(bytes),
    isModified: bytes[MODIFIED_AT] === MODIFIED,
  };
}

/** The file on disk, from which the lines come that were never changed. */
export interface OriginalFile {
  readonly bytes: Uint8Array;
  readonly mtimeS: number;
}

export type SwapText =
  | {
      readonly result: 'text';
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly isCut: boolean;
      /** Its parts do not quite fit together, or the file was written since: the text may be mixed. */
      readonly isUncertain: boolean;
    }
  | { readonly result: 'encrypted' | 'damaged' | 'needs-file' };

/**
 * Reads the text as it was in the editor, as far as it was written to the swap file.
 * @param readOriginal called at most once, where lines of the file are needed; null where it cannot be read
 */
export function parseSwapText(bytes: Uint8Array, readOriginal: () => OriginalFile | null, maxBytes: number): SwapText {
  const header = parseSwapHeader(bytes);
  if (header === null) return { result: 'damaged' };
  if (header.isEncrypted) return { result: 'encrypted' };
  const reader = new SwapReader(bytes, header, readOriginal, maxBytes);
  try {
    return reader.read();
  } catch (error) {
    if (error instanceof NeedsFileError) return { result: 'needs-file' };
    if (error instanceof RangeError) return { result: 'damaged' };
    throw error;
  }
}

class NeedsFileError extends Error {}

class SwapReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #header: SwapHeader;
  readonly #readOriginal: () => OriginalFile | null;
  readonly #seen = new Set<number>();
  readonly #sink: ByteSink;
  #original: Lines | null = null;
  #isUncertain = false;

  constructor(bytes: Uint8Array, header: SwapHeader, readOriginal: () => OriginalFile | null, maxBytes: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = header;
    this.#readOriginal = readOriginal;
    this.#sink = new ByteSink(header.lineEnd, maxBytes);
  }

  /** @throws RangeError where a block is not there, NeedsFileError */
  read(): SwapText {
    this.#readPointers(1, 0);
    const sink = this.#sink;
    // An empty file has one empty line in memory.
    const isEmpty = sink.lines === 1 && sink.length === this.#header.lineEnd.length;
    return {
      result: 'text',
      bytes: isEmpty ? new Uint8Array() : sink.take(),
      isCut: sink.isCut,
      isUncertain: this.#isUncertain,
    };
  }

  #readPointers(block: number, depth: number): void {
    const at = this.#startOf(block);
    if (depth > MAX_DEPTH || this.#view.getUint16(at, true) !== POINTERS) throw new RangeError('no pointers');
    const count = this.#view.getUint16(at + 2, true);
    const size = this.#entrySize(this.#view.getUint16(at + 4, true));
    if (ENTRIES_AT + count * size > this.#header.pageBytes) throw new RangeError('too many pointers');
    for (let index = 0; index < count && !this.#sink.isCut; index += 1) {
      const entry = at + ENTRIES_AT + index * size;
      const number = Number(this.#view.getBigInt64(entry, true));
      const isWide = size === WIDE_ENTRY;
      const lines = isWide ? Number(this.#view.getBigInt64(entry + 8, true)) : this.#view.getInt32(entry + 8, true);
      const oldLine = isWide ? Number(this.#view.getBigInt64(entry + 16, true)) : this.#view.getInt32(entry + 12, true);
      const pages = this.#view.getInt32(entry + (isWide ? 24 : 16), true);
      if (number < 0) this.#takeOriginal(oldLine, lines);
      else this.#readBlock(number, { pages, lines, depth });
    }
  }

  #entrySize(maxCount: number): number {
    const room = this.#header.pageBytes - ENTRIES_AT;
    if (maxCount === Math.floor(room / WIDE_ENTRY)) return WIDE_ENTRY;
    if (maxCount === Math.floor(room / NARROW_ENTRY)) return NARROW_ENTRY;
    throw new RangeError('unknown size of pointers');
  }

  #readBlock(number: number, { pages, lines, depth }: { pages: number; lines: number; depth: number }): void {
    const at = this.#startOf(number);
    if (this.#view.getUint16(at, true) === DATA) this.#readLines(at, pages, lines);
    else {
      const before = this.#sink.lines;
      this.#readPointers(number, depth + 1);
      if (this.#sink.lines - before !== lines) this.#isUncertain = true;
    }
  }

  #readLines(at: number, pages: number, wanted: number): void {
    const end = at + Math.max(1, Math.min(pages, this.#bytes.length)) * this.#header.pageBytes;
    const textEnd = this.#view.getUint32(at + 12, true);
    const count = this.#view.getUint32(at + 16, true);
    // Where the count has 64 bits its upper half is zero; where it has 32 the first position follows, which never is.
    const indexAt = at + (this.#view.getUint32(at + 20, true) === 0 ? 24 : 20);
    if (indexAt + count * 4 > Math.min(end, this.#bytes.length) || at + textEnd > Math.min(end, this.#bytes.length)) {
      throw new RangeError('lines out of their block');
    }
    if (count !== wanted) this.#isUncertain = true;
    let until = textEnd;
    for (let line = 0; line < count && !this.#sink.isCut; line += 1) {
      // The upper bit is a mark of the editor's.
      const start = this.#view.getUint32(indexAt + line * 4, true) & 0x7fffffff;
      if (start >= until || at + start < indexAt) throw new RangeError('line out of its block');
      const text = this.#bytes.subarray(at + start, at + until);
      const zero = text.indexOf(0);
      this.#sink.addLine(zero < 0 ? text : text.subarray(0, zero));
      until = start;
    }
  }

  /** Lines that the editor never touched are not in the swap file. */
  #takeOriginal(first: number, count: number): void {
    if (count < 0 || count > this.#bytes.length + MAX_BLOCKS * 1000) throw new RangeError('too many lines');
    this.#original ??= this.#splitOriginal();
    for (let line = first; line < first + count && !this.#sink.isCut; line += 1) {
      const text = this.#original.at(line);
      if (text === null) {
        this.#isUncertain = true;
        return;
      }
      this.#sink.addLine(text);
    }
  }

  #splitOriginal(): Lines {
    const original = this.#readOriginal();
    if (original === null) throw new NeedsFileError();
    const bytes = toUtf8(original.bytes, this.#header.encoding);
    if (bytes === null) throw new NeedsFileError();
    if (Math.floor(original.mtimeS) !== this.#header.fileMtimeS) this.#isUncertain = true;
    return new Lines(bytes, this.#header.lineEnd);
  }

  /** @throws RangeError where it was read before, or is not there */
  #startOf(block: number): number {
    const at = block * this.#header.pageBytes;
    if (this.#seen.has(block) || this.#seen.size > MAX_BLOCKS || at + this.#header.pageBytes > this.#bytes.length) {
      throw new RangeError('no such block');
    }
    this.#seen.add(block);
    return at;
  }
}

/** The lines of a file, known by where they begin: very many short ones are no more than that. */
class Lines {
  readonly #bytes: Uint8Array;
  readonly #lineEnd: SwapHeader['lineEnd'];
  readonly #starts: number[] = [];

  constructor(bytes: Uint8Array, lineEnd: SwapHeader['lineEnd']) {
    this.#bytes = bytes;
    this.#lineEnd = lineEnd;
    const mark = lineEnd === '\r' ? 0x0d : NEWLINE;
    for (let at = 0; at < bytes.length;) {
      this.#starts.push(at);
      const found = bytes.indexOf(mark, at);
      at = found < 0 ? bytes.length : found + 1;
    }
  }

  /** The line, counted from 1, without its end; null where there is none. */
  at(line: number): Uint8Array | null {
    const start = this.#starts[line - 1];
    if (start === undefined) return null;
    const next = this.#starts[line] ?? this.#bytes.length;
    let end = next;
    const mark = this.#lineEnd === '\r' ? 0x0d : NEWLINE;
    if (end > start && this.#bytes[end - 1] === mark) end -= 1;
    if (this.#lineEnd === '\r\n' && end > start && this.#bytes[end - 1] === 0x0d) end -= 1;
    return this.#bytes.subarray(start, end);
  }
}

/** Null for encodings that are not known here. */
function toUtf8(bytes: Uint8Array, encoding: string): Uint8Array | null {
  if (encoding === '' || encoding === 'utf-8') return bytes;
  if (encoding === 'latin1') return Buffer.from(Buffer.from(bytes).toString('latin1'));
  return null;
}

/** It ends where the flags begin, with a zero before it. */
function encodingIn(bytes: Uint8Array): string {
  const start = bytes.lastIndexOf(0, FLAGS_AT - 1) + 1;
  const name = decodeUtf8(bytes.subarray(start, FLAGS_AT)) ?? '';
  return /^[a-z0-9-]{1,40}$/.test(name) ? name : '';
}

/** Text up to the first zero; null where it is no UTF-8. */
function textAt(bytes: Uint8Array, start: number, end: number): string | null {
  const field = bytes.subarray(start, end);
  const zero = field.indexOf(0);
  return decodeUtf8(zero < 0 ? field : field.subarray(0, zero));
}
