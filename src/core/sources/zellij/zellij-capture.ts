// Captures Zellij: panes from their processes; tabs, places and text from Zellij itself, as far as its version tells them.

import { AppError } from '../../../shared/model/app-error.ts';
import { parseItemKey, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcesses, ttyPath, type ProcessInfo } from '../host/proc.ts';
import { indexProcesses, readTerminalProgram, type ProcessTable, type TerminalProgram } from '../host/proc-terminal.ts';
import type { CaptureContext, SourceCapture, SourceProblem } from '../source.ts';
import { programAttributes, programName, readIdentity } from '../terminal/program-facts.ts';
import { splitsToJson } from '../terminal/splits.ts';
import {
  fitTexts,
  lastLines,
  MAX_STREAM_BYTES,
  SCROLLBACK,
  toTextStream,
  withoutBlankEnd,
  type TerminalText,
} from '../terminal/terminal-text.ts';
import { parseLayout, type LayoutPane } from './parse-layout.ts';
import { parsePanes, type ZellijPane } from './parse-panes.ts';
import { ZELLIJ } from './zellij-facts.ts';
import { actionIn, findZellijSessions, runZellij, type ZellijSession } from './zellij-sessions.ts';

const MAX_KEY_LENGTH = 200;

interface SessionCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
}

/** Sessions are read side by side; one that hangs costs only its own items. */
export async function captureZellij(context: CaptureContext): Promise<SourceCapture> {
  const table = indexProcesses(readProcesses(context.host));
  const sessions = findZellijSessions(context.host, table);
  const captures = await Promise.all(sessions.map((session) => captureSession(context, session, table)));
  return {
    items: captures.flatMap(({ items }) => items),
    problems: captures.flatMap(({ problems }) => problems),
    closed: [],
  };
}

interface ReadPane {
  readonly id: number;
  readonly key: ItemKey;
  readonly leader: ProcessInfo;
  readonly program: TerminalProgram;
  readonly facts: JsonObject;
  readonly identity: string;
  readonly isHidden: boolean;
}

async function captureSession(
  context: CaptureContext,
  session: ZellijSession,
  table: ProcessTable,
): Promise<SessionCapture> {
  const read = [...session.shells].flatMap(([id, leader]) => toPane(context, session, { id, leader, table }));
  const problems: SourceProblem[] = [];
  try {
    const listed = await ask(context, session, 'list-panes', '--json');
    const parsed = listed === null ? null : parsePanes(listed);
    if (parsed === null) {
      // Before 0.44 Zellij gives the text of the focused pane only, and names no pane.
      const layout = parseLayout((await ask(context, session, 'dump-layout')) ?? '');
      return { items: read.map((pane) => toItem(session, pane, { tab: tabFrom(layout, pane, read) })), problems };
    }
    if (parsed.unreadable > 0) {
      const message = `Zellij told of ${parsed.unreadable} panes in a way that cannot be read.`;
      problems.push({ reason: 'unreadable', message });
    }
    const texts = await readTexts(context, session, read);
    const items = read.flatMap((pane) => {
      const text = texts.get(pane.key);
      // Without text it closed meanwhile.
      if (text === undefined) return [];
      return [toItem(session, pane, { ...placeOf(parsed.panes.find(({ id }) => id === pane.id)), text })];
    });
    return { items, problems };
  } catch (error) {
    if (!(error instanceof AppError) || context.signal.aborted) throw error;
    const reason = error.code === 'EXEC_TIMEOUT' ? 'timeout' : 'failed';
    const message = `The Zellij session ${session.name} could not be read: ${error.message}`;
    return { items: [], problems: [{ reason, message, group: session.name }] };
  }
}

function toPane(
  { host, excludes }: CaptureContext,
  session: ZellijSession,
  { id, leader, table }: { readonly id: number; readonly leader: ProcessInfo; readonly table: ProcessTable },
): readonly ReadPane[] {
  const program = readTerminalProgram(host, leader, table);
  const facts = programAttributes(program);
  if (facts === null) return [];
  const isHidden = excludes.path(program.cwd ?? '') || excludes.command(program.argv.join(' '));
  const key = parseItemKey(`zellij:${session.name.slice(0, MAX_KEY_LENGTH)}:${id}`);
  return [{ id, key, leader, program, facts, identity: readIdentity(host, leader), isHidden }];
}

/** What an action prints; null where this Zellij does not know it. */
async function ask(
  { host, signal }: CaptureContext,
  { name, socketDir }: ZellijSession,
  ...words: readonly string[]
): Promise<string | null> {
  const { exitCode, stdout } = await runZellij(host, socketDir, actionIn(name, ...words), { signal });
  return exitCode === 0 ? stdout.toString('utf8') : null;
}

async function readTexts(
  context: CaptureContext,
  session: ZellijSession,
  panes: readonly ReadPane[],
): Promise<ReadonlyMap<ItemKey, TerminalText>> {
  const texts = new Map<ItemKey, TerminalText>();
  for (const { id, key, isHidden } of panes) {
    if (isHidden) {
      // What the user excludes is not even read; the collector drops its item.
      texts.set(key, { streams: [], isCut: false });
      continue;
    }
    const text = await ask(context, session, 'dump-screen', '--pane-id', `terminal_${id}`, '--full', '--ansi');
    if (text === null) continue;
    const whole = withoutBlankEnd(Buffer.from(text, 'utf8'));
    const kept = lastLines(whole, MAX_STREAM_BYTES);
    texts.set(key, { streams: [toTextStream(SCROLLBACK, '', kept)], isCut: kept.length < whole.length });
  }
  return fitTexts(texts, context.maxBytes);
}

/** The tab of the only pane of a layout that has its folder and program, if no other pane has both either. */
function tabFrom(layout: readonly LayoutPane[], pane: ReadPane, all: readonly ReadPane[]): JsonObject | null {
  const found = layout.filter((other) => other.cwd === pane.program.cwd && baseName(other.command) === commandOf(pane));
  const twins = all.filter((other) => other.program.cwd === pane.program.cwd && commandOf(other) === commandOf(pane));
  const [only] = found;
  return only === undefined || found.length > 1 || twins.length > 1
    ? null
    : { index: only.tabIndex, name: only.tabName };
}

function commandOf({ program }: ReadPane): string {
  return baseName(program.argv[0] ?? '');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

interface Place {
  readonly tab: JsonObject | null;
  readonly pane?: JsonObject;
}

function placeOf(pane: ZellijPane | undefined): Place {
  if (pane === undefined) return { tab: null };
  const { tab, title, isFocused, isFloating, columns } = pane;
  return {
    tab: {
      ...{ id: tab.id, index: tab.index, name: tab.name },
      ...(tab.splits === null ? {} : { splits: splitsToJson(tab.splits) }),
    },
    pane: { title, isFocused, isFloating, ...(columns === null || columns === 0 ? {} : { width: columns }) },
  };
}

function toItem(
  session: ZellijSession,
  { id, key, leader, program, facts, identity }: ReadPane,
  { tab, pane, text }: Place & { readonly text?: TerminalText },
): CapturedItem {
  const tty = ttyPath(leader.ttyNumber);
  const attributes: JsonObject = {
    identity,
    session: { name: session.name, run: session.run },
    ...(tab === null ? {} : { tab }),
    pane: { id, ...pane },
    ...(tty === null ? {} : { tty }),
    ...facts,
    ...(text?.isCut === true ? { isScrollbackCut: true } : {}),
  };
  return {
    key,
    kind: 'terminal',
    source: ZELLIJ,
    group: session.name,
    title: `${session.name}:${id} ${programName(program)}`,
    attributes,
    streams: text?.streams ?? [],
  };
}
