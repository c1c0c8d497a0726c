// Finds every box in the bytes of a file that SQLite refuses, by its magic number, whatever is left of the pages around it. Finding is
// not believing: a box counts once it authenticates under its kind and number.

import { BOX_HEADER_BYTES, BOX_KINDS, parseBoxHeader, type BoxHeader, type BoxKind } from '../../../crypto/box.ts';
import type { KeyTree } from '../../../crypto/key-tree.ts';
import { yieldToOthers, type WorkControl } from '../../upkeep/slices.ts';
import { PAGE_BYTES } from '../../database.ts';
import type { ByteSource } from './byte-source.ts';
import {
  isFreeEntry,
  localBytes,
  mapEntryOf,
  parseLeafPage,
  recordsAround,
  type LeafPage,
  type Placing,
} from './leaf-page.ts';
import { listLogFrames, type LogFrame } from './log-frames.ts';
import { PageSpace, type Chain } from './page-space.ts';

const BOX_MAGIC = Buffer.from('CRNb\u0001', 'latin1');
const HEADER_MAGIC = Buffer.from('CRNh\u0001', 'latin1');
const DEPOSIT_MAGIC = Buffer.from('CRNi\u0001', 'latin1');
const SLAB_BYTES = 512 * PAGE_BYTES;
/** A damaged length must not make it look for gigabytes; keyframes of very large workspaces are the longest. */
const MAX_BOX_BYTES = 64 * 1024 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;
/** Made anew from the snapshots: not looked for. */
const DERIVED_KINDS: ReadonlySet<BoxKind> = new Set([BOX_KINDS.searchSegment, BOX_KINDS.searchPage]);
const LEAF_TYPE = 0x0d;
/** Copies of a header that are kept apart; there are four, and some of the past. */
const MAX_HEADERS = 64;
/** Parts of a file that begin beside the border of a page. */
const MAX_SHIFTS = 4;

/** Where a box was found. Nothing of it is believed yet. */
export interface FoundBox {
  readonly kind: BoxKind;
  readonly number: number;
  readonly placing: Placing;
  readonly source: ByteSource;
  /** Where the box begins in the source. */
  readonly at: number;
}

export interface OpenedBox {
  readonly box: Buffer;
  readonly header: BoxHeader;
  readonly payload: Buffer;
}

export interface BoxScan {
  /** In the order in which they lie in the file. */
  readonly boxes: readonly FoundBox[];
  /** What looks like a copy of the header. */
  readonly headers: readonly Buffer[];
  /** Captures from the locked time, as they lie in their table. */
  readonly deposits: readonly Buffer[];
  /** The box at a place, once it authenticates; null where it does not. `isThorough` also tries pages that lie in each other's place. */
  read(keys: KeyTree, found: FoundBox, options?: { readonly isThorough: boolean }): Buffer | null;
  /** The same, and what it opened to. */
  open(keys: KeyTree, found: FoundBox): OpenedBox | null;
  /** What lies there, whether it authenticates or not. */
  readAsItIs(found: FoundBox): Buffer | null;
}

/** Looks through file and log. Reads each once, in pieces. @throws AppError CANCELLED */
export async function scanBoxes(
  files: { readonly database: ByteSource; readonly log: Buffer | null; readonly logSource: ByteSource | null },
  control: WorkControl,
): Promise<BoxScan> {
  const scan = new Scan(files.database, files.logSource, files.log);
  await scan.run(control);
  return scan;
}

class Scan implements BoxScan {
  readonly boxes: FoundBox[] = [];
  readonly headers: Buffer[] = [];
  readonly deposits: Buffer[] = [];
  readonly #database: ByteSource;
  readonly #log: ByteSource | null;
  readonly #frames: readonly LogFrame[];
  readonly #space: PageSpace;
  /** How far into a page each part of the file is moved. */
  readonly #shifts: number[] = [0];

  constructor(database: ByteSource, log: ByteSource | null, logBytes: Buffer | null) {
    this.#database = database;
    this.#log = log;
    const listed = logBytes === null ? null : listLogFrames(logBytes);
    this.#frames = listed?.pageBytes === PAGE_BYTES ? listed.frames : [];
    this.#space = new PageSpace({ database, log, frames: this.#frames });
  }

  async run(control: WorkControl): Promise<void> {
    const { sizeBytes } = this.#database;
    for (let at = 0; at < sizeBytes; at += SLAB_BYTES) {
      await yieldToOthers(control.signal);
      control.onProgress({ done: at, total: sizeBytes });
      // A page more at both ends: a record that is out of place may lie across the border.
      const from = Math.max(0, at - PAGE_BYTES);
      const slab = this.#database.read(from, at - from + SLAB_BYTES + PAGE_BYTES);
      this.#look(this.#database, slab, from, { from: at, to: Math.min(sizeBytes, at + SLAB_BYTES) }, null);
    }
    if (this.#log === null) return;
    for (const frame of this.#frames) {
      const page = this.#log.read(frame.at, PAGE_BYTES);
      this.#look(this.#log, page, frame.at, { from: frame.at, to: frame.at + page.length }, frame);
    }
  }

  read(keys: KeyTree, found: FoundBox, { isThorough } = { isThorough: false }): Buffer | null {
    return this.#open(keys, found, isThorough)?.box ?? null;
  }

  open(keys: KeyTree, found: FoundBox): OpenedBox | null {
    return this.#open(keys, found, false);
  }

  #open(keys: KeyTree, found: FoundBox, isThorough: boolean): OpenedBox | null {
    for (const { box, chain } of this.#assemble(found, isThorough)) {
      const opened = keys.open(found.kind, found.number, box);
      if (opened === null) continue;
      if (chain !== null) this.#space.claim(chain);
      return { ...opened, box: Buffer.from(box) };
    }
    return null;
  }

  readAsItIs(found: FoundBox): Buffer | null {
    const [first] = this.#assemble(found, false);
    return first === undefined ? null : Buffer.from(first.box);
  }

  /** What may be the box that begins there, the likeliest first. */
  *#assemble(found: FoundBox, isThorough: boolean): Generator<{ readonly box: Buffer; readonly chain: Chain | null }> {
    const before = Math.min(found.at, PAGE_BYTES);
    const around = found.source.read(found.at - before, before + PAGE_BYTES);
    for (const shape of recordsAround(around, before)) {
      const local = localBytes(shape.length) - (before - shape.start);
      if (local >= shape.boxLength) {
        if (!isThorough) yield { box: around.subarray(before, before + shape.boxLength), chain: null };
        continue;
      }
      const pointerAt = before + local;
      if (local < BOX_HEADER_BYTES || pointerAt + 4 > around.length || shape.boxLength > MAX_BOX_BYTES) continue;
      const start = around.subarray(before, pointerAt);
      const first = around.readUInt32BE(pointerAt);
      const rest = shape.boxLength - local;
      const chains = isThorough ? this.#space.mendedChains(first, rest) : this.#space.chains(first, rest);
      for (const chain of chains) yield { box: Buffer.concat([start, chain.bytes]), chain };
    }
  }

  /** Looks for what begins in a stretch of the source, of which more is at hand. */
  #look(
    source: ByteSource,
    bytes: Buffer,
    bytesAt: number,
    stretch: { readonly from: number; readonly to: number },
    frame: LogFrame | null,
  ): void {
    const pages = new PlacingPages(this.#space, bytes, bytesAt, frame, this.#shifts);
    const begin = stretch.from - bytesAt;
    const end = stretch.to - bytesAt;
    for (let at = bytes.indexOf(BOX_MAGIC, begin); at >= 0 && at < end; at = bytes.indexOf(BOX_MAGIC, at + 1)) {
      const header = parseBoxHeader(bytes.subarray(at, at + BOX_HEADER_BYTES + 64));
      if (header === null || DERIVED_KINDS.has(header.kind)) continue;
      const placing = pages.placingOf(at);
      if (placing.shift !== undefined && frame === null) this.#noteShift(placing.shift);
      this.boxes.push({
        kind: header.kind,
        number: header.recordId,
        placing: placing.placing,
        source,
        at: bytesAt + at,
      });
    }
    for (let at = bytes.indexOf(HEADER_MAGIC, begin); at >= 0 && at < end; at = bytes.indexOf(HEADER_MAGIC, at + 1)) {
      const copy = Buffer.from(source.read(bytesAt + at, MAX_HEADER_BYTES));
      if (this.headers.length < MAX_HEADERS) this.headers.push(copy);
    }
    for (let at = bytes.indexOf(DEPOSIT_MAGIC, begin); at >= 0 && at < end; at = bytes.indexOf(DEPOSIT_MAGIC, at + 1)) {
      if (pages.placingOf(at).placing !== 'live') continue;
      const deposit = this.#readPlain(bytes, at);
      if (deposit !== null) this.deposits.push(deposit);
    }
  }

  /** A record's last column, as it lies there. */
  #readPlain(bytes: Buffer, at: number): Buffer | null {
    for (const shape of recordsAround(bytes, at)) {
      const local = localBytes(shape.length) - (at - shape.start);
      if (local >= shape.boxLength) return Buffer.from(bytes.subarray(at, at + shape.boxLength));
      if (at + local + 4 > bytes.length) continue;
      const [chain] = this.#space.chains(bytes.readUInt32BE(at + local), shape.boxLength - local);
      if (chain !== undefined) return Buffer.concat([bytes.subarray(at, at + local), chain.bytes]);
    }
    return null;
  }

  #noteShift(shift: number): void {
    if (this.#shifts.includes(shift) || this.#shifts.length > MAX_SHIFTS) return;
    this.#shifts.push(shift);
    this.#space.noteShift(shift);
  }
}

/** Says of places in a stretch of bytes what their pages say of them. */
class PlacingPages {
  readonly #space: PageSpace;
  readonly #bytes: Buffer;
  readonly #bytesAt: number;
  readonly #frame: LogFrame | null;
  readonly #shifts: readonly number[];
  readonly #leaves = new Map<number, LeafPage | null>();
  readonly #maps = new Map<number, Buffer | null>();

  constructor(space: PageSpace, bytes: Buffer, bytesAt: number, frame: LogFrame | null, shifts: readonly number[]) {
    this.#space = space;
    this.#bytes = bytes;
    this.#bytesAt = bytesAt;
    this.#frame = frame;
    this.#shifts = shifts;
  }

  /** `shift` is given where the page begins elsewhere than the pages of the file do. */
  placingOf(at: number): { readonly placing: Placing; readonly shift?: number } {
    if (this.#frame !== null) {
      const placing = this.#placingIn(0, at, this.#frame.page === 1) ?? 'unknown';
      return { placing: placing === 'live' && !this.#space.isCurrentFrame(this.#frame) ? 'unknown' : placing };
    }
    for (const shift of this.#shifts) {
      const inFile = this.#bytesAt + at - shift;
      const start = Math.floor(inFile / PAGE_BYTES) * PAGE_BYTES + shift - this.#bytesAt;
      const page = Math.floor(inFile / PAGE_BYTES) + 1;
      const placing = start < 0 ? null : this.#placingIn(start, at, page === 1);
      if (placing === null) continue;
      if (shift !== 0) return { placing };
      if (this.#isFree(page)) return { placing: 'dead' };
      return { placing: placing === 'live' && this.#space.isOverlaid(page) ? 'unknown' : placing };
    }
    return this.#findPage(at);
  }

  /** Null where the bytes there are no leaf that knows the place. */
  #placingIn(start: number, at: number, isFirst: boolean): Placing | null {
    let leaf = this.#leaves.get(start);
    if (leaf === undefined) {
      leaf = parseLeafPage(this.#bytes.subarray(start, start + PAGE_BYTES), isFirst);
      this.#leaves.set(start, leaf);
    }
    if (leaf === null) return null;
    if (recordsAround(this.#bytes, at).some((shape) => leaf.records.has(shape.start - start))) return 'live';
    return leaf.free.some(({ from, to }) => at - start >= from && at - start < to) ? 'dead' : null;
  }

  /** Bytes that were put in or taken out move all pages behind them: then the page begins where a leaf names the record. */
  #findPage(at: number): { readonly placing: Placing; readonly shift?: number } {
    if (this.#shifts.length > MAX_SHIFTS) return { placing: 'unknown' };
    for (let start = at - 8; start >= Math.max(0, at - PAGE_BYTES); start -= 1) {
      if (this.#bytes[start] !== LEAF_TYPE) continue;
      if (this.#placingIn(start, at, false) === 'live')
        return { placing: 'live', shift: (this.#bytesAt + start) % PAGE_BYTES };
    }
    return { placing: 'unknown' };
  }

  #isFree(page: number): boolean {
    if (page <= 2) return false;
    const { mapPage, at } = mapEntryOf(page);
    let map = this.#maps.get(mapPage);
    if (map === undefined) {
      map = this.#space.read(mapPage);
      this.#maps.set(mapPage, map);
    }
    return isFreeEntry(map?.[at]);
  }
}
