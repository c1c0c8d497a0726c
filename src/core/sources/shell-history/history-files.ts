// The history files, for shells without the integration: one item a file. Read only, and only what is new.

import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

import { z } from 'zod';

import { parseItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { whyUnreadable } from '../host/read-file.ts';
import type { CaptureContext, ForgottenTimes, Host, PreviousItem, SourceProblem } from '../source.ts';
import { SHELL_HISTORY, type ShellsCapture } from './capture-shells.ts';
import { isForgotten, isKept, type CommandEntry } from './command-entry.ts';
import { commandStreams, FULL_SEGMENT_CHARACTERS, nextSegment, weightOf } from './command-streams.ts';
import { findStartFile, HOOKED_SHELLS, isHooked, type HookedShell } from './hook-block.ts';
import { parseBashHistory, parseFishHistory, parseZshHistory } from './parse-history-file.ts';
import { readHistoryFile, type HistoryPosition } from './read-history-file.ts';

const FILES_GROUP = 'history files';
const MAX_START_FILE_BYTES = 4 * 1024 * 1024;
const PARSERS: Readonly<Record<HookedShell, (bytes: Uint8Array) => readonly CommandEntry[]>> = {
  bash: parseBashHistory,
  zsh: parseZshHistory,
  fish: parseFishHistory,
};

const storedSchema = z.object({
  position: z.object({
    identity: z.string(),
    offset: z.number(),
    guard: z.string(),
    tail: z.array(z.string()),
    lastAtMs: z.number(),
  }),
  commands: z.int(),
});

interface FileState {
  position: HistoryPosition | null;
  commands: number;
  segment: { index: number; entries: CommandEntry[]; weight: number; offset: string };
  /** The positions under which the newest snapshot may hold this state; the first is the one that it is known to hold. */
  offered: Set<string>;
  confirmed: string;
}

/** By path. Lives as long as the source. */
export type FileMemory = Map<string, FileState>;

/** Captures the history file of each shell that has no integration; what was kept of the others stays. */
export function captureHistoryFiles(
  context: CaptureContext,
  memory: FileMemory,
  forgotten: readonly ForgottenTimes[],
): ShellsCapture {
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [];
  for (const shell of HOOKED_SHELLS) {
    const key = parseItemKey(`shell-history:file:${shell}`);
    const previous = context.previous.find((item) => item.key === key);
    const path = hasIntegration(context.host, shell) ? null : historyFile(context.host, shell);
    if (path === null || context.excludes.path(path)) {
      if (previous !== undefined) items.push(keptItem(context, previous));
      continue;
    }
    try {
      const item = captureFile(context, memory, { shell, path, previous, forgotten });
      if (item !== null) items.push(item);
    } catch (error) {
      const message = `The history file of ${shell} could not be read: ${whyUnreadable(error)}.`;
      problems.push(
        previous === undefined ? { reason: 'unreadable', message } : { reason: 'unreadable', message, key },
      );
    }
  }
  return { items, problems };
}

/** What was read so far is not read again. */
export function forgetRead(memory: FileMemory): void {
  for (const state of memory.values()) {
    state.confirmed = positionToken(state);
    state.offered = new Set();
  }
}

/** The shells whose history files would be read. */
export function listHistoryFiles(host: Host): readonly HookedShell[] {
  return HOOKED_SHELLS.filter((shell) => !hasIntegration(host, shell) && historyFile(host, shell) !== null);
}

/** The shell's own file, where it lies unless told otherwise; null where there is none. */
export function historyFile({ homeDir, env }: Host, shell: HookedShell): string | null {
  const absolute = (value: string | undefined): string | null =>
    value !== undefined && isAbsolute(value) ? value : null;
  const candidates: Readonly<Record<HookedShell, readonly string[]>> = {
    bash: [join(homeDir, '.bash_history')],
    zsh: [
      join(absolute(env['ZDOTDIR']) ?? homeDir, '.zsh_history'),
      join(homeDir, '.zsh_history'),
      join(homeDir, '.histfile'),
    ],
    fish: [join(absolute(env['XDG_DATA_HOME']) ?? join(homeDir, '.local', 'share'), 'fish', 'fish_history')],
  };
  return candidates[shell].find((path) => existsSync(path)) ?? null;
}

function hasIntegration(host: Host, shell: HookedShell): boolean {
  try {
    return isHooked(readFileSync(findStartFile(host, shell), 'utf8').slice(0, MAX_START_FILE_BYTES));
  } catch {
    return false; // no such file
  }
}

interface FileRequest {
  readonly shell: HookedShell;
  readonly path: string;
  readonly previous: PreviousItem | undefined;
  readonly forgotten: readonly ForgottenTimes[];
}

function captureFile(
  context: CaptureContext,
  memory: FileMemory,
  { shell, path, previous, forgotten }: FileRequest,
): CapturedItem | null {
  const state = follow(memory.get(path), previous);
  memory.set(path, state);
  const { entries, position } = readHistoryFile(path, PARSERS[shell], state.position);
  const kept = entries.filter((entry) => isKept(entry, context) && !isForgotten(entry, forgotten));
  state.position = position;
  state.commands += kept.length;
  for (const entry of kept) append(state, entry, tokenOf(position));
  state.offered.add(tokenOf(position));
  const key = parseItemKey(`shell-history:file:${shell}`);
  const streams = commandStreams(context, key, previous, state.segment);
  if (streams.length === 0) return null;
  const attributes: JsonObject = {
    isHistory: true,
    isLive: false,
    shell,
    commands: state.commands,
    ...(position.lastAtMs > 0 ? { lastAtMs: position.lastAtMs } : {}),
    position: { ...position, tail: [...position.tail] },
  };
  return toItem(key, `${shell} history file`, attributes, streams);
}

/** The state to go on with, compared with the newest snapshot: see `ShellState.follow`. */
function follow(state: FileState | undefined, previous: PreviousItem | undefined): FileState {
  const stored = storedSchema.safeParse(previous?.attributes).data;
  const token = stored === undefined ? '' : tokenOf(stored.position);
  const last = nextSegment(previous) - 1;
  const isOurs =
    state !== undefined &&
    state.offered.has(token) &&
    (previous === undefined ? state.confirmed === '' : [state.segment.index, state.segment.index - 1].includes(last));
  if (isOurs) {
    state.confirmed = token;
    state.offered = new Set([token]);
    beginNextIfFull(state);
    return state;
  }
  // What was safe once is not read again where the vault was told to forget it.
  const isSafe = state !== undefined && state.confirmed !== '' && state.confirmed === positionToken(state);
  return {
    position: isSafe ? state.position : (stored?.position ?? null),
    commands: stored?.commands ?? 0,
    segment: { index: last + 1, entries: [], weight: 0, offset: token },
    offered: new Set([token]),
    confirmed: token,
  };
}

/** What is safe need not be remembered. */
function beginNextIfFull(state: FileState): void {
  const { index, weight, offset } = state.segment;
  if (weight > FULL_SEGMENT_CHARACTERS && offset === state.confirmed)
    state.segment = { index: index + 1, entries: [], weight: 0, offset };
}

function append({ segment }: FileState, entry: CommandEntry, token: string): void {
  segment.entries.push(entry);
  segment.weight += weightOf(entry);
  segment.offset = token;
}

function keptItem(context: CaptureContext, { key, title, attributes, streams }: PreviousItem): CapturedItem {
  return toItem(key, title, attributes, commandStreams(context, key, { streams }, null));
}

function toItem(
  key: CapturedItem['key'],
  title: string,
  attributes: JsonObject,
  streams: CapturedItem['streams'],
): CapturedItem {
  return { key, kind: 'terminal', source: SHELL_HISTORY, group: FILES_GROUP, title, attributes, streams };
}

function positionToken({ position }: FileState): string {
  return position === null ? '' : tokenOf(position);
}

function tokenOf({ identity, offset, guard }: HistoryPosition): string {
  return `${identity}:${offset}:${guard}`;
}
