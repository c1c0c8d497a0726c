// Claude Code's own list of running conversations: `<config>/sessions/<pid>.json`. A file stays behind after a kill, so a pid counts
// only with the start time that the file names. The `.key` files beside it are never opened.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { LiveConversation } from '../conversation/capture-conversations.ts';
import { readProcess, ttyPath } from '../host/proc.ts';
import { readRegularFile } from '../host/read-file.ts';
import type { Host } from '../source.ts';

const MAX_FILE_BYTES = 64 * 1024;

interface RegistryEntry extends Omit<LiveConversation, 'tty'> {
  readonly sessionId: string;
}

/** The conversations that run now, by id. */
export function readLiveConversations(host: Host, configDir: string): Map<string, LiveConversation> {
  const live = new Map<string, LiveConversation>();
  const folder = join(configDir, 'sessions');
  for (const name of listNames(folder)) {
    if (!/^\d+\.json$/.test(name)) continue;
    const entry = parseRegistryEntry(readSmall(join(folder, name)));
    if (entry === null) continue;
    const process = readProcess(host.procDir, entry.pid);
    if (process === null || process.isZombie || process.startTime !== entry.startTime) continue;
    const { sessionId, ...facts } = entry;
    live.set(sessionId, { ...facts, tty: ttyPath(process.ttyNumber) });
  }
  return live;
}

/** Parses one file of the registry; null where it is none, or torn because it is just being written. */
export function parseRegistryEntry(text: string | null): RegistryEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return null; // torn: the next capture reads it
  }
  if (typeof value !== 'object' || value === null) return null;
  const entry = value as Readonly<Record<string, unknown>>; // an object, checked above
  const startTime = Number(entry['procStart']);
  const { sessionId, pid } = entry;
  if (
    typeof sessionId !== 'string' ||
    !/^[0-9a-zA-Z-]{1,64}$/.test(sessionId) ||
    typeof pid !== 'number' ||
    !Number.isFinite(startTime)
  )
    return null;
  const optional = (name: string): string | null => (typeof entry[name] === 'string' ? entry[name] : null);
  return { sessionId, pid, startTime, name: optional('name'), status: optional('status') };
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it has not run here
  }
}

function readSmall(path: string): string | null {
  try {
    return readRegularFile(path, MAX_FILE_BYTES).toString('utf8');
  } catch {
    return null; // gone in between, or nothing that Claude Code writes
  }
}
