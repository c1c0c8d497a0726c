// A Firefox that went down brings its tabs back by itself when it starts next. What it does bring back must not be opened once more, and
// what it does not (the user turned that off, or it asks first) must be: so it is started alone, and its own file is waited for.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { readRegularFile } from '../host/read-file.ts';
import { decodeMozLz4 } from './mozlz4.ts';
import { parseFirefoxSession } from './parse-session.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const POLL_MS = 100;
/** Its start on a busy machine, and the 15 s after which it writes what is open. */
const PATIENCE_MS = 40_000;

export interface BringBackDeps {
  readonly signal: AbortSignal;
  isRunning(): boolean;
  /** Starts the profile without an address. */
  start(): Promise<void>;
}

/** The addresses that a crashed profile has opened by itself after it was started, each as often as it is open; mostly none. */
export async function bringBackTabs(profileDir: string, deps: BringBackDeps): Promise<string[]> {
  const file = join(profileDir, 'sessionstore-backups', 'recovery.jsonlz4');
  // A clean end leaves the other file and takes this one away.
  if (deps.isRunning() || existsSync(join(profileDir, 'sessionstore.jsonlz4'))) return [];
  const crashed = readAddresses(file).filter((address) => /^https?:/.test(address));
  if (crashed.length === 0) return [];
  const leftAtMs = modifiedAtMs(file);
  await deps.start();
  let open: string[] = [];
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && !deps.signal.aborted; waitedMs += POLL_MS) {
    await delay(POLL_MS);
    if (!hasRestoredWindows(profileDir) || modifiedAtMs(file) === leftAtMs) continue;
    open = readAddresses(file);
    // Its windows come one after the other.
    if (crashed.every((address) => open.includes(address))) break;
  }
  return open;
}

function readAddresses(file: string): string[] {
  try {
    const content = decodeMozLz4(readRegularFile(file, MAX_FILE_BYTES));
    const windows = content === null ? null : parseFirefoxSession(content);
    return (windows ?? []).flatMap(({ tabs }) => tabs.map(({ history, current }) => history[current]?.url ?? ''));
  } catch {
    return []; // not there, or just being written
  }
}

/** Firefox notes in a file how far it came; a start begins it anew. */
function hasRestoredWindows(profileDir: string): boolean {
  try {
    return readFileSync(join(profileDir, 'sessionCheckpoints.json'), 'utf8').includes(
      '"sessionstore-windows-restored":true',
    );
  } catch {
    return false; // not written yet
  }
}

function modifiedAtMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
