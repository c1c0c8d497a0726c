// A few megabytes held back beside the vault (`vault.db.reserve`, random bytes), given up when the disk is full: even opening and pruning
// write a log and its index first, and without room for them a full disk could never be emptied by what filled it.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { existsSync } from 'node:fs';

import type { VaultFiles } from '../vault-files.ts';

/** Log and index of the largest slice of a prune, with room to spare; less than what a save leaves free, so that no save uses it. */
const RESERVE_BYTES = 4 * 1024 * 1024;
/** Held back only where there is plenty. */
const PLENTY_BYTES = 6 * RESERVE_BYTES;

/** Holds the reserve back where it is missing and there is plenty of room. Best effort: a vault works without. */
export function keepReserve(files: VaultFiles): void {
  if (!existsSync(files.reserve) && freeBytes(files.folder) >= PLENTY_BYTES) writeReserve(files.reserve);
}

/** Holds it back again after it was given up, if what it gave is still there. */
export function restoreReserve(files: VaultFiles): void {
  if (!existsSync(files.reserve)) writeReserve(files.reserve);
}

/** Gives the space up; false where there is nothing to give. */
export function releaseReserve(files: VaultFiles): boolean {
  try {
    unlinkSync(files.reserve);
    return true;
  } catch {
    return false; // there is none, or the disk lets nothing be changed: nothing was gained
  }
}

/** What a user without privileges may still write on the disk of a folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function writeReserve(path: string): void {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      // Random, so that no file system makes less of it.
      const bytes = randomBytes(RESERVE_BYTES);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    unlinkQuietly(path); // no room for it after all; half a reserve is none
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // another process made it at the same time, or it was never made
  }
}
