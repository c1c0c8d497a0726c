// The sidecar `vault.db.keys` (V6, V11, V13): the fourth header copy, the last head seen, and the boxes of the newest snapshots, so
// that a vault file that was damaged, cut or put back is noticed and its newest manifests survive. Nothing in it is in the clear
// that is not in the header. Layout: "CRNk", version u8, three zero bytes, header length u32, header, then boxes, each after a u32.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { withStorageErrors } from '../errors.ts';

const MAGIC = Buffer.from('CRNk\u0001\u0000\u0000\u0000', 'latin1');
const MAX_BYTES = 256 * 1024 * 1024;

export interface Sidecar {
  readonly header: Buffer;
  /** Sealed boxes: the head first, then keyframes and snapshots. */
  readonly boxes: readonly Buffer[];
}

export function encodeSidecar(sidecar: Sidecar): Buffer {
  const parts: Buffer[] = [MAGIC];
  for (const part of [sidecar.header, ...sidecar.boxes]) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length, 0);
    parts.push(length, part);
  }
  return Buffer.concat(parts);
}

/** Reads a sidecar; null where it is none. A cut tail loses only the boxes behind the cut. */
export function parseSidecar(bytes: Buffer): Sidecar | null {
  if (bytes.length > MAX_BYTES || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) return null;
  const parts: Buffer[] = [];
  let at = MAGIC.length;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length > bytes.length) break;
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [header, ...boxes] = parts;
  return header === undefined ? null : { header, boxes };
}

/** The sidecar on disk; null where there is none or it is unreadable (the tables hold three more copies). */
export function readSidecar(path: string): Sidecar | null {
  try {
    return parseSidecar(readFileSync(path));
  } catch {
    return null; // missing or unreadable: the opening counts the copies and mends what is not there
  }
}

/** Replaces the sidecar: temporary file, fsync, rename, fsync of the folder. */
export function writeSidecar(path: string, sidecar: Sidecar): void {
  withStorageErrors('Writing the key sidecar', () => prepareSidecar(path, sidecar).publish());
}

/** A sidecar that lies ready under another name: what can fail for want of space has already happened. */
export interface PreparedSidecar {
  publish(): void;
  /** The same for a caller who has committed: the tables hold the newer copies, and the next opening mends what stayed behind. */
  tryPublish(): void;
  discard(): void;
}

export function prepareSidecar(path: string, sidecar: Sidecar): PreparedSidecar {
  const temporary = `${path}.new-${process.pid}`;
  withStorageErrors('Writing the key sidecar', () => {
    try {
      writeDurably(temporary, encodeSidecar(sidecar));
    } catch (error) {
      unlinkQuietly(temporary);
      throw error;
    }
  });
  const publish = (): void => {
    try {
      renameSync(temporary, path);
    } catch (error) {
      unlinkQuietly(temporary);
      throw error;
    }
    syncFolder(dirname(path));
  };
  return {
    publish,
    tryPublish: () => {
      try {
        publish();
      } catch {
        // The older sidecar stays: older copies have no say, and the next opening counts and mends them.
      }
    },
    discard: () => unlinkQuietly(temporary),
  };
}

function writeDurably(path: string, bytes: Buffer): void {
  const file = openSync(path, 'w', 0o600);
  try {
    let at = 0;
    while (at < bytes.length) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What file systems say that know no syncing of folders, such as some on a network. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/** Makes renames in a folder last, where the file system can do that. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // folders cannot be opened there, and renames are ordered by the journal
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } catch (error) {
    if (!NO_FOLDER_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error; // what fsync throws
  } finally {
    closeSync(folder);
  }
}

/** Makes what was written into a file durable. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // it was never made; the error that matters is already on its way
  }
}
