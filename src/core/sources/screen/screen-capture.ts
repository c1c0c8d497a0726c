// Captures GNU screen: sessions and windows from processes and sockets, their text by hardcopies, their titles while nobody looks.

import { AppError } from '../../../shared/model/app-error.ts';
import { parseItemKey, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { removeLeftFolders } from '../host/private-folder.ts';
import { readProcesses, readWorkingDirectory, ttyPath } from '../host/proc.ts';
import { indexProcesses, readTerminalProgram, type ProcessTable, type TerminalProgram } from '../host/proc-terminal.ts';
import type { CaptureContext, SourceCapture, SourceProblem } from '../source.ts';
import { programAttributes, programName, readIdentity } from '../terminal/program-facts.ts';
import { fitTexts, SCROLLBACK, toTextStream, type TerminalText } from '../terminal/terminal-text.ts';
import { SCREEN, screenFactsSchema } from './screen-facts.ts';
import {
  findScreenSessions,
  parseWindowNumber,
  runScreen,
  windowsOf,
  type ScreenSession,
  type ScreenWindow,
} from './screen-sessions.ts';
import { readWindowTexts, type WindowText } from './window-text.ts';

const MAX_TITLE_LENGTH = 500;
/** One question a window: with more windows, later ones keep the title that they had. */
const MAX_TITLES = 100;

interface SessionCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
}

/** Sessions are read side by side; one that hangs costs only its own items. */
export async function captureScreen(context: CaptureContext, memoryFolders: readonly string[]): Promise<SourceCapture> {
  const { host } = context;
  await removeLeftFolders(memoryFolders, host.uid);
  const table = indexProcesses(readProcesses(host));
  const { sessions, lost } = findScreenSessions(host, table);
  const problems: SourceProblem[] = lost.map(({ pid, socket }) => ({
    reason: 'unreadable',
    message: `The socket of a running screen session is gone (${socket}). \`kill -CHLD ${pid}\` makes screen bring it back.`,
  }));
  const captures = await Promise.all(
    sessions.map((session) => captureSession(context, session, { table, memoryFolders })),
  );
  return {
    items: captures.flatMap(({ items }) => items),
    problems: [...problems, ...captures.flatMap((capture) => capture.problems)],
    closed: [],
  };
}

interface Window extends ScreenWindow {
  readonly key: ItemKey;
  readonly program: TerminalProgram;
  /** Its facts without title. */
  readonly facts: JsonObject;
  readonly identity: string;
  readonly isHidden: boolean;
}

async function captureSession(
  context: CaptureContext,
  session: ScreenSession,
  { table, memoryFolders }: { readonly table: ProcessTable; readonly memoryFolders: readonly string[] },
): Promise<SessionCapture> {
  const windows = windowsOf(context.host, session, table).flatMap((window) =>
    toWindow(context, session, window, table),
  );
  const problems: SourceProblem[] = [];
  try {
    const known = session.isAttached ? null : await askTitles(context, session, windows);
    const asked = windows.filter((window) => isAsked(context, session, window)).map(({ number }) => number);
    const texts = await readTexts(context, session, asked, { memoryFolders, problems });
    const fitted = fitTexts(new Map(windows.map((window) => [window.key, toText(window, texts)])), context.maxBytes);
    const items = windows.map((window) => {
      const isTextMissing = !window.isHidden && texts !== null && !texts.has(window.number);
      return toItem(context, session, window, { known, text: fitted.get(window.key), isTextMissing });
    });
    return { items, problems };
  } catch (error) {
    if (!(error instanceof AppError) || context.signal.aborted) throw error;
    const reason = error.code === 'EXEC_TIMEOUT' ? 'timeout' : 'failed';
    const message = `The screen session ${session.name} could not be read: ${error.message}`;
    return { items: [], problems: [...problems, { reason, message, group: session.label }] };
  }
}

function toWindow(
  context: CaptureContext,
  session: ScreenSession,
  window: ScreenWindow,
  table: ProcessTable,
): readonly Window[] {
  const { host, excludes } = context;
  const program = readTerminalProgram(host, window.leader, table);
  const facts = programAttributes(program);
  // Ended meanwhile.
  if (facts === null) return [];
  const place = `${session.label}:${window.number}${window.hasNumber ? '' : `~${window.leader.pid}`}`;
  const isHidden = excludes.path(program.cwd ?? '') || excludes.command(program.argv.join(' '));
  const identity = readIdentity(host, window.leader);
  return [{ ...window, program, facts, identity, isHidden, key: parseItemKey(`screen:${place}`) }];
}

/**
 * What the user excludes is not even read. A number that screen did not know the last time is asked again only while nobody looks, since
 * it says on the display that it does not know it.
 */
function isAsked(context: CaptureContext, session: ScreenSession, { key, hasNumber, isHidden }: Window): boolean {
  if (isHidden || !hasNumber) return false;
  const wasMissing = context.previous.find((item) => item.key === key)?.attributes['isTextMissing'] === true;
  return !(session.isAttached && wasMissing);
}

async function readTexts(
  context: CaptureContext,
  session: ScreenSession,
  numbers: readonly number[],
  { memoryFolders, problems }: { readonly memoryFolders: readonly string[]; readonly problems: SourceProblem[] },
): Promise<ReadonlyMap<number, WindowText> | null> {
  try {
    return await readWindowTexts(context, session, numbers, memoryFolders);
  } catch (error) {
    if (error instanceof AppError) throw error;
    problems.push({
      reason: 'partial',
      message: 'The text of screen windows is not read: there is no folder in memory for it.',
    });
    return null;
  }
}

function toText({ number, hasNumber }: Window, texts: ReadonlyMap<number, WindowText> | null): TerminalText {
  const read = hasNumber ? texts?.get(number) : undefined;
  if (read === undefined) return { streams: [], isCut: false };
  return { streams: [toTextStream(SCROLLBACK, '', read.text)], isCut: read.isCut };
}

interface Titles {
  readonly titles: ReadonlyMap<number, string>;
  readonly active: number | null;
}

async function askTitles(context: CaptureContext, session: ScreenSession, windows: readonly Window[]): Promise<Titles> {
  const ask = async (...args: readonly string[]): Promise<string | null> => {
    const result = await runScreen(context.host, session, args, { signal: context.signal });
    return result.exitCode === 0 ? result.stdout.toString('utf8') : null;
  };
  const titles = new Map<number, string>();
  for (const { number } of windows.filter(({ hasNumber }) => hasNumber).slice(0, MAX_TITLES)) {
    const title = await ask('-p', String(number), '-Q', 'title');
    if (title !== null) titles.set(number, title);
  }
  const active = /^(\d{1,4}) \(/.exec((await ask('-Q', 'number')) ?? '')?.[1] ?? null;
  return { titles, active: parseWindowNumber(active) };
}

function toItem(
  context: CaptureContext,
  session: ScreenSession,
  window: Window,
  read: { readonly known: Titles | null; readonly text: TerminalText | undefined; readonly isTextMissing: boolean },
): CapturedItem {
  const { number, leader, program, identity } = window;
  const tty = ttyPath(leader.ttyNumber);
  const attributes: JsonObject = {
    identity,
    session: {
      name: session.name,
      path: readWorkingDirectory(context.host.procDir, session.pid)?.path ?? context.host.homeDir,
      folder: session.folder,
    },
    window: { number, ...titleOf(context, window, read.known) },
    ...(tty === null ? {} : { tty }),
    ...window.facts,
    ...(read.text?.isCut === true ? { isScrollbackCut: true } : {}),
    ...(read.isTextMissing ? { isTextMissing: true } : {}),
  };
  return {
    key: window.key,
    kind: 'terminal',
    source: SCREEN,
    group: session.label,
    title: `${session.name}:${number} ${programName(program)}`,
    attributes,
    streams: read.text?.streams ?? [],
  };
}

/** The title and whether it was the current window: asked now, else as they were when they could last be asked. */
function titleOf(context: CaptureContext, { number, identity }: Window, known: Titles | null): JsonObject {
  if (known !== null) {
    const title = known.titles.get(number);
    return {
      ...(title === undefined ? {} : { title: title.slice(0, MAX_TITLE_LENGTH) }),
      isActive: known.active === number,
    };
  }
  for (const { attributes } of context.previous) {
    const facts = screenFactsSchema.safeParse(attributes).data;
    if (facts?.identity !== identity) continue;
    const { title, isActive } = facts.window;
    return { ...(title === undefined ? {} : { title }), ...(isActive === undefined ? {} : { isActive }) };
  }
  return {};
}
