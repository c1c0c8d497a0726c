// Which conversations of Codex are in use, and in which terminal. Who writes a conversation holds the lock that bears its id, and its
// file. Since 2026 that is one background process for all windows, so the window is inferred from when it began: every window has a
// conversation of its own from its start on. Where that leaves more than one, none is named.

import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { bindClients } from '../conversation/bind-clients.ts';
import type { LiveConversation } from '../conversation/capture-conversations.ts';
import { readLockHolders, readOpenFiles } from '../host/open-files.ts';
import { readBootTimeMs, readProcesses, ttyPath, type ProcessInfo } from '../host/proc.ts';
import type { Host } from '../source.ts';
import { findClients, isBackgroundProcess, type CodexClient } from './codex-clients.ts';
import { parseRolloutPath } from './codex-paths.ts';
import type { ThreadIndex } from './thread-index.ts';

const LOCK_FILE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.lock$/;
const DELETED = ' (deleted)';
const UNKNOWN_TERMINAL =
  'Codex has it open in its background process; which terminal shows it, if any does, cannot be told.';
const DELETED_IN_USE = 'Codex still has it open in its background process, although its file was deleted.';

interface HeldThread {
  readonly id: string;
  readonly holder: ProcessInfo;
  /** When its lock was made; null where it has none. */
  readonly lockedAtMs: number | null;
  readonly isFileDeleted: boolean;
}

/** The conversations that are in use now, by id. */
export function readLiveThreads(host: Host, codexDir: string, index: ThreadIndex): Map<string, LiveConversation> {
  const processes = readProcesses(host).filter(({ isZombie }) => !isZombie);
  const held = findHeld(host, codexDir, processes);
  const inBackground = held.filter(({ holder }) => isBackgroundProcess(host, holder.pid));
  const clients = inBackground.length === 0 ? [] : findClients(host, processes);
  const bootTimeMs = readBootTimeMs(host.procDir);
  const shown = bindClients(clients, inBackground, (client, thread) => mayShow(client, thread, index, bootTimeMs));
  const isEveryClientBound = shown.size === clients.length;
  const live = new Map<string, LiveConversation>();
  for (const thread of held) {
    if (!inBackground.includes(thread)) live.set(thread.id, toLive(thread.holder));
    const client = shown.get(thread);
    if (client !== undefined) live.set(thread.id, toLive(client.process));
    else if (inBackground.includes(thread) && (!isEveryClientBound || thread.isFileDeleted)) {
      // Nobody sees it where all windows show others: it only was not put away yet.
      const terminalNote = isEveryClientBound ? DELETED_IN_USE : UNKNOWN_TERMINAL;
      live.set(thread.id, { ...toLive(thread.holder), terminalNote });
    }
  }
  return live;
}

function mayShow(client: CodexClient, thread: HeldThread, index: ThreadIndex, bootTimeMs: number | null): boolean {
  if (client.kind === 'unknown') return false;
  if (client.resumedId === thread.id) return true;
  // Without its start nothing is excluded, so that nothing is bound that may be wrong.
  const startedAtMs = bootTimeMs === null ? 0 : bootTimeMs + client.process.startTime * 10;
  const cwd = index.get(thread.id)?.cwd ?? null;
  if (thread.lockedAtMs !== null && thread.lockedAtMs < startedAtMs) return false;
  return cwd === null || client.cwd === null || cwd === client.cwd;
}

function findHeld(host: Host, codexDir: string, processes: readonly ProcessInfo[]): HeldThread[] {
  const root = realFolder(codexDir);
  if (root === null) return [];
  const locks = listLocks(join(root, 'thread-writer-locks'));
  const lockHolders = locks.size === 0 ? new Map<number, number[]>() : readLockHolders(host.procDir);
  const suspects = new Set([...locks.values()].flatMap(({ inode }) => lockHolders.get(inode) ?? []));
  const held = new Map<string, HeldThread>();
  for (const process of processes) {
    if (process.name !== 'codex' && !suspects.has(process.pid)) continue;
    for (const open of readOpenFiles(host.procDir, process.pid)) {
      if (!open.startsWith(`${root}/`)) continue;
      const isFileDeleted = open.endsWith(DELETED);
      const path = isFileDeleted ? open.slice(0, -DELETED.length) : open;
      const lock = locks.get(path);
      const id = lock?.id ?? parseRolloutPath(path)?.id;
      if (id === undefined || (lock !== undefined && lockHolders.get(lock.inode)?.includes(process.pid) !== true)) {
        continue;
      }
      const earlier = held.get(id);
      held.set(id, {
        id,
        holder: process,
        lockedAtMs: lock?.mtimeMs ?? earlier?.lockedAtMs ?? null,
        isFileDeleted: (lock === undefined && isFileDeleted) || earlier?.isFileDeleted === true,
      });
    }
  }
  return [...held.values()];
}

/** By path. */
function listLocks(folder: string): Map<string, { id: string; inode: number; mtimeMs: number }> {
  const locks = new Map<string, { id: string; inode: number; mtimeMs: number }>();
  for (const name of listNames(folder)) {
    const id = LOCK_FILE.exec(name)?.[1];
    const path = join(folder, name);
    const stat = id === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    if (id !== undefined && stat !== undefined) locks.set(path, { id, inode: stat.ino, mtimeMs: stat.mtimeMs });
  }
  return locks;
}

function toLive({ pid, startTime, ttyNumber }: ProcessInfo): LiveConversation {
  return { pid, startTime, tty: ttyPath(ttyNumber), name: null, status: null };
}

function realFolder(folder: string): string | null {
  try {
    return realpathSync(folder);
  } catch {
    return null; // it has not run here
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // versions before 2026 have no locks
  }
}
