// What a disk could hold after a power cut: everything that was synced, and of the rest any part, sectors of a write each for itself,
// entries of a folder in their order (as journalling file systems keep them) or any of them (all that POSIX promises).

import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import type { DiskEvent } from './disk-shim.ts';

const SECTOR_BYTES = 512;

/** What becomes of what was not synced. */
export const CUT_MODES = ['nothing', 'everything', 'ordered', 'any', 'torn'] as const;
export type CutMode = (typeof CUT_MODES)[number];

type FileStep =
  | { readonly type: 'write'; readonly offset: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly sizeBytes: number };

/** A file's content is a history; a name is only where it stands. */
interface RecordedFile {
  readonly start: Buffer;
  readonly steps: { readonly at: number; readonly step: FileStep }[];
  readonly syncs: number[];
}

/** A change of names, all of it or none. */
interface NameStep {
  readonly at: number;
  readonly folder: string;
  readonly changes: readonly { readonly path: string; readonly file: number | null }[];
}

export class RecordedDisk {
  /** The folder that is recorded. */
  readonly root: string;
  readonly #files: RecordedFile[] = [];
  readonly #startNames = new Map<string, number>();
  readonly #names: NameStep[] = [];
  readonly #folderSyncs: { readonly at: number; readonly folder: string }[] = [];
  readonly #said: { readonly at: number; readonly text: string }[] = [];
  readonly #byInode = new Map<number, number>();
  /** How many things were done: a cut can fall after each. */
  length = 0;

  /** Begins with the folder as it stands, all of it synced. */
  constructor(root: string) {
    this.root = root;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const file = this.#addFile(readFileSync(path));
      this.#byInode.set(statSync(path).ino, file);
      this.#startNames.set(path, file);
    }
  }

  /** Takes what was done since. */
  add(events: readonly DiskEvent[]): void {
    const names = new Map(this.#startNames);
    for (const event of events) {
      this.#addEvent(event, names);
      this.length += 1;
    }
  }

  /** What the program had said when the power went, in lines. */
  saidBefore(cut: number): string[] {
    const text = this.#said
      .filter(({ at }) => at < cut)
      .map((said) => said.text)
      .join('');
    return text.split('\n').filter((line) => line !== '');
  }

  /** Where a cut is likely to tell something: just before and after each sync, rename and word. */
  telling(): number[] {
    const moments = [
      ...this.#folderSyncs.map(({ at }) => at),
      ...this.#names.map(({ at }) => at),
      ...this.#said.map(({ at }) => at),
      ...this.#files.flatMap(({ syncs }) => syncs),
    ];
    return [...new Set(moments.flatMap((at) => [at, at + 1]))].toSorted((a, b) => a - b);
  }

  /** Writes the folder into another place, as the disk could hold it after the first `cut` things. */
  writeCut(cut: number, mode: CutMode, random: () => number, to: string): void {
    const placed = new Map<number, string>();
    for (const [path, file] of this.#namesAt(cut, mode, random)) {
      const place = join(to, relative(this.root, path));
      mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
      const first = placed.get(file);
      if (first === undefined) writeFileSync(place, this.#contentAt(file, cut, mode, random), { mode: 0o600 });
      else linkSync(first, place);
      placed.set(file, first ?? place);
    }
  }

  #namesAt(cut: number, mode: CutMode, random: () => number): Map<string, number> {
    const names = new Map(this.#startNames);
    const done = this.#names.filter(({ at }) => at < cut);
    const open = done.filter((step) => !this.#isNameSynced(step, cut));
    // In order, the names that survive are the first ones.
    const kept = new Set(mode === 'any' || mode === 'torn' ? open.filter(() => random() < 0.5) : []);
    if (mode === 'ordered') for (const step of open.slice(0, Math.floor(random() * (open.length + 1)))) kept.add(step);
    const isOpen = new Set(open);
    for (const step of done) {
      if (isOpen.has(step) && mode !== 'everything' && !kept.has(step)) continue;
      for (const { path, file } of step.changes) {
        if (file === null) names.delete(path);
        else names.set(path, file);
      }
    }
    return names;
  }

  #isNameSynced(step: NameStep, cut: number): boolean {
    return this.#folderSyncs.some(({ at, folder }) => at > step.at && at < cut && folder === step.folder);
  }

  #contentAt(id: number, cut: number, mode: CutMode, random: () => number): Buffer {
    const file = this.#files[id];
    if (file === undefined) throw new Error('a name of no file');
    const syncedBefore = file.syncs.findLast((at) => at < cut) ?? -1;
    const content = new GrowingBytes(file.start);
    for (const { at, step } of file.steps) {
      if (at >= cut) break;
      if (at < syncedBefore || mode === 'everything') content.apply(step);
      else if (mode === 'torn' && step.type === 'write') content.applyTorn(step.offset, step.bytes, random);
      else if (mode !== 'nothing' && random() < 0.5) content.apply(step);
    }
    return content.bytes();
  }

  #addFile(start: Buffer): number {
    this.#files.push({ start, steps: [], syncs: [] });
    return this.#files.length - 1;
  }

  #addEvent(event: DiskEvent, names: Map<string, number>): void {
    const at = this.length;
    switch (event.type) {
      case 'create': {
        const file = this.#addFile(Buffer.alloc(0));
        this.#byInode.set(event.inode, file);
        this.#rename(at, names, [{ path: event.path, file }]);
        break;
      }
      case 'write':
        this.#fileOf(event.inode)?.steps.push({ at, step: event });
        break;
      case 'truncate':
        this.#fileOf(event.inode)?.steps.push({ at, step: event });
        break;
      case 'sync':
        this.#fileOf(event.inode)?.syncs.push(at);
        break;
      case 'sync-folder':
        this.#folderSyncs.push({ at, folder: event.path });
        break;
      case 'rename':
      case 'link': {
        const file = names.get(event.from);
        if (file === undefined) break; // a folder
        const gone = event.type === 'rename' ? [{ path: event.from, file: null }] : [];
        this.#rename(at, names, [...gone, { path: event.to, file }]);
        break;
      }
      case 'unlink':
        this.#rename(at, names, [{ path: event.path, file: null }]);
        break;
      case 'say':
        this.#said.push({ at, text: event.text });
        break;
    }
  }

  #fileOf(inode: number): RecordedFile | undefined {
    return this.#files[this.#byInode.get(inode) ?? -1];
  }

  #rename(at: number, names: Map<string, number>, changes: NameStep['changes']): void {
    for (const { path, file } of changes) {
      if (file === null) names.delete(path);
      else names.set(path, file);
    }
    this.#names.push({ at, folder: dirname(changes.at(-1)?.path ?? ''), changes });
  }
}

class GrowingBytes {
  #room: Buffer;
  #size: number;

  constructor(start: Buffer) {
    this.#room = Buffer.from(start);
    this.#size = start.length;
  }

  apply(step: FileStep): void {
    if (step.type === 'write') this.#write(step.offset, step.bytes);
    else this.#resize(step.sizeBytes);
  }

  /** Each sector for itself, as they lie on the disk. */
  applyTorn(offset: number, bytes: Buffer, random: () => number): void {
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES));
      if (random() < 0.5) this.#write(offset + from, bytes.subarray(from, to));
      from = to;
    }
  }

  bytes(): Buffer {
    return this.#room.subarray(0, this.#size);
  }

  #write(offset: number, bytes: Buffer): void {
    if (offset + bytes.length > this.#size) this.#resize(offset + bytes.length);
    bytes.copy(this.#room, offset);
  }

  #resize(size: number): void {
    if (size > this.#room.length) {
      const room = Buffer.alloc(Math.max(size, this.#room.length * 2));
      this.#room.copy(room, 0, 0, this.#size);
      this.#room = room;
    } else if (size < this.#size) this.#room.fill(0, size, this.#size);
    this.#size = size;
  }
}
