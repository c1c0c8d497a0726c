// What a page of SQLite's says of the records in it. A record that a leaf's list of cells names is there; one in its free space, or on a
// page that the map of pages calls free, was deleted. https://www.sqlite.org/fileformat2.html

import { PAGE_BYTES } from '../../database.ts';

const LEAF = 0x0d;
const LEAF_HEADER_BYTES = 8;
/** The database's own header stands before the first page's. */
const FIRST_PAGE_AT = 100;
const MAP_ENTRY_BYTES = 5;
/** Pages of which one page of the map tells. */
const MAPPED_PAGES = Math.floor(PAGE_BYTES / MAP_ENTRY_BYTES);
const FREE_PAGE = 2;
/** SQLite uses no page that holds this byte: it lies its locks there. */
const LOCK_PAGE = Math.floor(0x4000_0000 / PAGE_BYTES) + 1;
/** Bytes of a record that stay in its leaf, at most and at least. */
const MAX_LOCAL_BYTES = PAGE_BYTES - 35;
const MIN_LOCAL_BYTES = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
/** Longest header of a record that looks like one of ours. */
const MAX_HEADER_BYTES = 16;
/** What lies between the header of a record and its box, at most: three numbers and a keyed id. */
const MAX_BEFORE_BOX_BYTES = MAX_HEADER_BYTES + 3 * 8 + 16;

/** `unknown` where the page itself is damaged. */
export type Placing = 'live' | 'dead' | 'unknown';

export interface LeafPage {
  /** Where in the page the records of its cells begin. */
  readonly records: ReadonlySet<number>;
  /** Stretches of the page in which nothing is any more. */
  readonly free: readonly { readonly from: number; readonly to: number }[];
}

export interface RecordShape {
  /** Where the record begins, before the box by as much as its other columns take. */
  readonly start: number;
  /** Bytes of the whole record. */
  readonly length: number;
  /** Bytes of its last column. */
  readonly boxLength: number;
}

/** A leaf of a table; null where the bytes are none, or contradict themselves. */
export function parseLeafPage(page: Buffer, isFirst: boolean): LeafPage | null {
  const at = isFirst ? FIRST_PAGE_AT : 0;
  if (page.length < PAGE_BYTES || page[at] !== LEAF) return null;
  const cells = page.readUInt16BE(at + 3);
  const contentStart = page.readUInt16BE(at + 5);
  const listEnd = at + LEAF_HEADER_BYTES + cells * 2;
  if (listEnd > PAGE_BYTES || contentStart < listEnd || contentStart > PAGE_BYTES) return null;
  const records = new Set<number>();
  for (let cell = 0; cell < cells; cell += 1) {
    const pointer = page.readUInt16BE(at + LEAF_HEADER_BYTES + cell * 2);
    if (pointer < contentStart || pointer > PAGE_BYTES - 4) return null;
    records.add(skipVarint(page, skipVarint(page, pointer)));
  }
  const free = [{ from: listEnd, to: contentStart }];
  let block = page.readUInt16BE(at + 1);
  while (block !== 0) {
    if (block < contentStart || block > PAGE_BYTES - 4) return null;
    const size = page.readUInt16BE(block + 2);
    free.push({ from: block, to: block + size });
    const next = page.readUInt16BE(block);
    if (next !== 0 && next <= block) return null;
    block = next;
  }
  return { records, free };
}

/** The records that may hold a box at this place of the bytes, the likeliest first. */
export function recordsAround(bytes: Buffer, boxAt: number): RecordShape[] {
  const shapes: RecordShape[] = [];
  for (let start = boxAt - 3; start >= Math.max(0, boxAt - MAX_BEFORE_BOX_BYTES); start -= 1) {
    const headerBytes = bytes[start] ?? 0;
    if (headerBytes < 3 || headerBytes > MAX_HEADER_BYTES || bytes[start + 1] !== 0) continue;
    let at = start + 1;
    let before = 0;
    let last = 0;
    while (at < start + headerBytes) {
      before += columnBytes(last);
      last = readVarint(bytes, at);
      at = skipVarint(bytes, at);
    }
    if (at !== start + headerBytes || at + before !== boxAt || last < 12 || last % 2 !== 0) continue;
    const boxLength = columnBytes(last);
    shapes.push({ start, length: headerBytes + before + boxLength, boxLength });
  }
  return shapes;
}

/** How many bytes of a record lie in its leaf; the others in a chain of pages, whose first number follows them. */
export function localBytes(length: number): number {
  if (length <= MAX_LOCAL_BYTES) return length;
  const local = MIN_LOCAL_BYTES + ((length - MIN_LOCAL_BYTES) % (PAGE_BYTES - 4));
  return local <= MAX_LOCAL_BYTES ? local : MIN_LOCAL_BYTES;
}

/** The page of the map that tells of a page, and where in it. */
export function mapEntryOf(page: number): { readonly mapPage: number; readonly at: number } {
  const map = Math.floor((page - 2) / (MAPPED_PAGES + 1)) * (MAPPED_PAGES + 1) + 2;
  const mapPage = map === LOCK_PAGE ? map + 1 : map;
  return { mapPage, at: (page - mapPage - 1) * MAP_ENTRY_BYTES };
}

/** True where the map calls the page free; false too where it says nothing that makes sense. */
export function isFreeEntry(type: number | undefined): boolean {
  return type === FREE_PAGE;
}

/** Bytes of a column, by its type in the header of the record. */
function columnBytes(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8][type] ?? 0;
}

function readVarint(bytes: Buffer, at: number): number {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes[at + index] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return value;
  }
  return value * 256 + (bytes[at + 8] ?? 0);
}

function skipVarint(bytes: Buffer, at: number): number {
  for (let index = 0; index < 8; index += 1) if ((bytes[at + index] ?? 0) < 0x80) return at + index + 1;
  return at + 9;
}
