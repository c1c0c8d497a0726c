// Captures what the shell hooks noted: one item a shell, kept when the shell is gone. A note is removed only once the newest snapshot
// holds it: it is read and put aside at one capture, and removed at a later one that finds it there.

import { existsSync } from 'node:fs';
import { basename } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { whyUnreadable } from '../host/read-file.ts';
import { readProcess } from '../host/proc.ts';
import type { CaptureContext, ForgottenTimes, PreviousItem, SourceProblem } from '../source.ts';
import { isKept } from './command-entry.ts';
import { commandStreams } from './command-streams.ts';
import { parseSpool, type SpoolHeader, type SpoolRecord } from './parse-spool.ts';
import { findLiveShells, type LiveShell } from './shell-processes.ts';
import { ShellState, type ShellFacts } from './shell-state.ts';
import {
  listSpools,
  prepareSpoolFolder,
  putAside,
  readSpoolFile,
  refuseFolder,
  removeSpoolFile,
  spoolFolders,
  sweepScratch,
  type SpoolFiles,
} from './spool-folder.ts';

export const SHELL_HISTORY = parseSourceId('shell-history');
export const SHELLS_GROUP = 'shells';
const KEY = /^shell-history:(\d{10,17}-\d{1,10})$/;
/** A hook opens and writes within microseconds: after so long nobody writes to a file any more that was put aside. */
const SETTLED_MS = 1_000;
/** A file that never got its first line. */
const ABANDONED_MS = 3_600_000;
/** Shells that have ended and that new snapshots go on listing. */
export const MAX_ENDED_SHELLS = 1_000;
const MAX_LAST_LINE = 200;

/** By shell. Lives as long as the source. */
export type ShellMemory = Map<string, ShellState>;

interface ReadSpool {
  readonly header: SpoolHeader;
  readonly records: readonly SpoolRecord[];
}

export interface ShellsCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
}

export function captureShells(
  context: CaptureContext,
  memory: ShellMemory,
  forgotten: readonly ForgottenTimes[],
): ShellsCapture {
  const previous = new Map<string, PreviousItem>();
  for (const item of context.previous) {
    const id = KEY.exec(item.key)?.[1];
    if (id !== undefined) previous.set(id, item);
  }
  prepareSpoolFolder(context.host);
  const problems: SourceProblem[] = [];
  const spools = new Map<string, ReadSpool>();
  for (const folder of spoolFolders(context.host)) {
    const problem = readFolder(folder, context, { previous, memory, spools });
    if (problem !== null) problems.push(problem);
  }
  const states = new Map<string, ShellState>();
  for (const id of new Set([...spools.keys(), ...previous.keys()])) {
    const spool = spools.get(id);
    if (spool === undefined && isEnded(previous.get(id))) continue;
    const state = memory.get(id)?.follow(previous.get(id)) ?? ShellState.begin(previous.get(id), spool?.header ?? null);
    if (state === null) continue;
    state.take(spool?.records ?? [], context, forgotten);
    state.offer();
    states.set(id, state);
  }
  const facts = new Map<string, ShellFacts>([...states].map(([id, state]) => [id, state.facts]));
  const live = findLiveShells(context.host, facts);
  memory.clear();
  const items: CapturedItem[] = [];
  for (const [id, state] of states) {
    memory.set(id, state);
    const item = toItem(context, id, state, { previous: previous.get(id), live: live.get(id) });
    if (item !== null) items.push(item);
  }
  const ended = [...previous].filter(([id]) => !states.has(id)).map(([, item]) => keptItem(context, item));
  return { items: [...items, ...newest(ended)], problems };
}

/** How many shells have notes here. */
export function countSpools(context: Pick<CaptureContext, 'host'>): number {
  return spoolFolders(context.host).reduce((sum, folder) => {
    try {
      return refuseFolder(folder, context.host.uid) === null ? sum + listSpools(folder).length : sum;
    } catch {
      return sum; // not there
    }
  }, 0);
}

function readFolder(
  folder: string,
  context: CaptureContext,
  known: {
    readonly previous: ReadonlyMap<string, PreviousItem>;
    readonly memory: ShellMemory;
    readonly spools: Map<string, ReadSpool>;
  },
): SourceProblem | null {
  if (!existsSync(folder)) return null;
  const { host } = context;
  try {
    const refusal = refuseFolder(folder, host.uid);
    if (refusal !== null) return unreadable(refusal);
    for (const files of listSpools(folder)) {
      const stored = known.previous.get(files.id)?.attributes['lastNumber'];
      const confirmed = Math.max(typeof stored === 'number' ? stored : 0, known.memory.get(files.id)?.confirmed ?? 0);
      const read = readSpool(files, confirmed, context);
      if (read !== null) known.spools.set(files.id, read);
    }
    sweepScratch(folder, (pid) => readProcess(host.procDir, pid) !== null);
    return null;
  } catch (error) {
    return unreadable(whyUnreadable(error));
  }
}

function unreadable(why: string): SourceProblem {
  const message = `The folder in memory that the shell integration writes to is not read: ${why}.`;
  return { reason: 'unreadable', message, group: SHELLS_GROUP };
}

/** Reads a shell's notes: what was put aside before, then, where nothing is aside any more, what came since, which is put aside. */
function readSpool(files: SpoolFiles, confirmed: number, context: CaptureContext): ReadSpool | null {
  const { host, nowMs } = context;
  let { taken } = files;
  const aside = taken === null ? null : readSpoolFile(taken, host.uid);
  const first = aside === null ? null : parseSpool(aside.bytes);
  // Another home is another workspace: its notes are for the Cairn that works there.
  if (first?.header !== null && first !== null && first.header.home !== host.homeDir) return null;
  const log = files.log === null ? null : readSpoolFile(files.log, host.uid);
  const second = log === null ? null : parseSpool(log.bytes);
  if (second?.header !== null && second !== null && second.header.home !== host.homeDir) return null;
  if (aside !== null && first !== null && taken !== null) {
    const isSafe = first.records.every((record) => record.number <= confirmed || !isKept(record, context));
    const waitMs = first.header === null ? ABANDONED_MS : SETTLED_MS;
    if (isSafe && nowMs - aside.touchedAtMs > waitMs) {
      removeSpoolFile(taken);
      taken = null;
    }
  }
  if (taken === null && files.log !== null && second !== null && second.header !== null) {
    taken = putAside(files.log);
    // What was written between the reading and now is read at the next capture, from where it lies.
  }
  const header = first?.header ?? second?.header ?? null;
  return header === null ? null : { header, records: [...(first?.records ?? []), ...(second?.records ?? [])] };
}

function toItem(
  context: CaptureContext,
  id: string,
  state: ShellState,
  { previous, live }: { readonly previous: PreviousItem | undefined; readonly live: LiveShell | undefined },
): CapturedItem | null {
  const { facts, tally } = state;
  const key = parseItemKey(`shell-history:${id}`);
  const streams = commandStreams(context, key, previous, state.segment);
  if (streams.length === 0) return null;
  const tty = live?.tty || facts.tty;
  const attributes: JsonObject = {
    isHistory: true,
    isLive: live !== undefined,
    shell: facts.shell,
    ...(live === undefined ? keptTerminal(previous) : { pid: facts.pid }),
    ...(tty === '' ? {} : { tty }),
    ...(facts.pane === '' ? {} : { pane: facts.pane }),
    cwd: tally.cwd,
    commands: tally.commands,
    failed: tally.failed,
    ...(tally.missing > 0 ? { missing: tally.missing } : {}),
    startedAtMs: facts.startedAtMs,
    lastAtMs: tally.lastAtMs,
    lastExitCode: tally.lastExitCode,
    lastNumber: tally.lastNumber,
    ...lastLine(tally.lastLine, context),
  };
  return { ...place(key, titleOf(facts.shell, tally.cwd)), attributes, streams };
}

/** A shell that has ended: all of it stays. */
function keptItem(context: CaptureContext, item: PreviousItem): CapturedItem {
  const { pid: _pid, lastLine: line, ...attributes } = item.attributes;
  return {
    ...place(item.key, item.title),
    attributes: { ...attributes, isLive: false, ...lastLine(typeof line === 'string' ? line : '', context) },
    streams: commandStreams(context, item.key, item, null),
  };
}

function place(key: ItemKey, title: string): Pick<CapturedItem, 'key' | 'kind' | 'source' | 'group' | 'title'> {
  return { key, kind: 'terminal', source: SHELL_HISTORY, group: SHELLS_GROUP, title };
}

/** The pane that it ran in when it was seen last. */
function keptTerminal(previous: PreviousItem | undefined): JsonObject {
  const terminal = previous?.attributes['terminal'];
  return typeof terminal === 'string' ? { terminal } : {};
}

/** Not under a name that rules look at: a rule of today must hide this line, not the shell's whole history. */
function lastLine(line: string, { excludes }: CaptureContext): JsonObject {
  return line === '' || excludes.command(line) ? {} : { lastLine: line.slice(0, MAX_LAST_LINE) };
}

function titleOf(shell: string, cwd: string): string {
  return `${shell} history, ${basename(cwd) || '/'}`;
}

function isEnded(item: PreviousItem | undefined): boolean {
  return item !== undefined && item.attributes['isLive'] === false;
}

function newest(items: readonly CapturedItem[]): readonly CapturedItem[] {
  if (items.length <= MAX_ENDED_SHELLS) return items;
  const endOf = ({ attributes }: CapturedItem): number => Number(attributes['lastAtMs'] ?? 0);
  return items.toSorted((a, b) => endOf(b) - endOf(a)).slice(0, MAX_ENDED_SHELLS);
}
