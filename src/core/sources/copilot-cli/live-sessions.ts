// Which sessions of Copilot CLI are open: each has a file `inuse.<pid>.hold` that its process holds open, and `inuse.<pid>.lock` beside
// it. Both stay behind after a kill.

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { LiveConversation } from '../conversation/capture-conversations.ts';
import { readOpenFiles } from '../host/open-files.ts';
import { readBootTimeMs, readProcess, ttyPath, type ProcessInfo } from '../host/proc.ts';
import type { Host } from '../source.ts';

const IN_USE = /^inuse\.(\d{1,10})\.(hold|lock)$/;

/** The sessions that are open now, by id. */
export function readLiveSessions(
  host: Host,
  folders: readonly { readonly id: string; readonly path: string }[],
): Map<string, LiveConversation> {
  const live = new Map<string, LiveConversation>();
  for (const { id, path } of folders) {
    const process = findHolder(host, path);
    if (process === null) continue;
    const { pid, startTime, ttyNumber } = process;
    live.set(id, { pid, startTime, tty: ttyPath(ttyNumber), name: null, status: null });
  }
  return live;
}

function findHolder(host: Host, folder: string): ProcessInfo | null {
  const names = listNames(folder);
  for (const name of names) {
    const [, pid, kind] = IN_USE.exec(name) ?? [];
    if (pid === undefined) continue;
    const process = readProcess(host.procDir, Number(pid));
    if (process === null || process.isZombie) continue;
    // Versions before the held file name the process only, which must have been there when they did.
    const isHeld =
      kind === 'hold'
        ? readOpenFiles(host.procDir, process.pid).includes(realPath(join(folder, name)))
        : !names.includes(`inuse.${pid}.hold`) && wasRunning(host, process, join(folder, name));
    if (isHeld) return process;
  }
  return null;
}

function wasRunning(host: Host, process: ProcessInfo, path: string): boolean {
  const bootTimeMs = readBootTimeMs(host.procDir);
  const stat = statSync(path, { throwIfNoEntry: false });
  return bootTimeMs !== null && stat !== undefined && bootTimeMs + process.startTime * 10 <= stat.mtimeMs;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // gone in between
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // gone in between, or not ours to read
  }
}
