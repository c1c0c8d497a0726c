// The wrong passwords since the last right one, in a file beside the vault, so that a restart does not make guessing cheap again. One line
// per attempt: its time. Appended to, so that processes at once lose none. It holds nothing secret, and protects only those who come through
// Cairn: who can change it can also copy the vault and guess without us; there Argon2id is what holds.

import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

import { writePrivateFileSync } from '../config/write-private-file.ts';

/** As many lines as the longest wait needs, and some; more would only grow the file. */
const MAX_LINES = 64;
const MAX_LINE_BYTES = 16;

export interface WrongPasswords {
  readonly count: number;
  /** When the last of them was tried, in wall time; null where there was none. */
  readonly lastAtMs: number | null;
}

const NONE: WrongPasswords = { count: 0, lastAtMs: null };

/** Never throws: what cannot be read or written is no reason to keep the right user out. */
export class WrongPasswordFile {
  readonly #path: string;

  /** @param path beside the vault's file; made with the first wrong password */
  constructor(path: string) {
    this.#path = path;
  }

  /** What stands there. A file that says something else than Cairn wrote counts as many attempts, made now. */
  read(nowMs: number): WrongPasswords {
    const text = this.#readText();
    if (text === '') return NONE;
    const times = text.trimEnd().split('\n').slice(-MAX_LINES);
    if (text.length <= MAX_LINES * MAX_LINE_BYTES && times.every((line) => /^\d{1,15}$/.test(line)))
      return { count: times.length, lastAtMs: Number(times.at(-1)) };
    return this.#replace(MAX_LINES, nowMs);
  }

  add(nowMs: number): void {
    const { count } = this.read(nowMs);
    if (count >= MAX_LINES) {
      this.#replace(MAX_LINES, nowMs);
      return;
    }
    ignoringFailure(() => {
      const { O_APPEND, O_CREAT, O_WRONLY } = constants;
      const file = openSync(this.#path, O_APPEND | O_CREAT | O_WRONLY | (constants.O_NOFOLLOW ?? 0), 0o600);
      try {
        writeSync(file, `${nowMs}\n`);
      } finally {
        closeSync(file);
      }
    });
  }

  /** Says anew when the last of them was: the wall clock was set back since, and nobody may wait for it to come round again. */
  moveTo(nowMs: number, count: number): void {
    this.#replace(count, nowMs);
  }

  clear(): void {
    ignoringFailure(() => rmSync(this.#path, { force: true }));
  }

  #readText(): string {
    try {
      return readFileSync(this.#path, 'latin1');
    } catch {
      return ''; // not there, as a rule
    }
  }

  #replace(count: number, nowMs: number): WrongPasswords {
    ignoringFailure(() => writePrivateFileSync(this.#path, `${nowMs}\n`.repeat(count)));
    return { count, lastAtMs: nowMs };
  }
}

/** On a full or read-only disk the wait holds for as long as the process lives. */
function ignoringFailure(work: () => void): void {
  try {
    work();
  } catch {
    // Said above: the right user must get in all the same.
  }
}
