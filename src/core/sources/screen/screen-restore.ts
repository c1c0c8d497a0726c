// Brings windows of GNU screen back: into their session where it runs, else into a new one of its name, detached, so that nothing appears
// on a display. `screen -r NAME` shows it.

import { lstatSync } from 'node:fs';
import { isAbsolute } from 'node:path';

import type { JsonObject } from '../../../shared/model/json.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { readProcesses } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import { hasControlCharacter } from '../host/quote-argument.ts';
import type { Host, RestoreContext, UndoContext } from '../source.ts';
import type { OpenOutcome, TerminalRestorer, WantedTerminal } from '../terminal/restore-terminals.ts';
import { isSameShell, readShellState } from '../terminal/shell-state.ts';
import { SCREEN, screenFactsSchema, type ScreenFacts } from './screen-facts.ts';
import {
  findScreenSessions,
  parseWindowNumber,
  quoteWord,
  runScreen,
  screenEnv,
  type ScreenSession,
} from './screen-sessions.ts';

const MAX_TITLE_LENGTH = 200;
/** `stuff` takes no long words: parts of whole characters. */
const PARTS = /.{1,200}/gsu;
const POLL_EVERY_MS = 20;
const SESSION_PATIENCE_MS = 3_000;
const CLOSE_PATIENCE_MS = 2_000;

type Wanted = WantedTerminal<ScreenFacts>;
type Outcome = OpenOutcome<ScreenFacts>;

export function createScreenRestorer(isInstalled: boolean): TerminalRestorer<ScreenFacts> {
  return {
    source: SCREEN,
    title: 'GNU screen',
    factsSchema: screenFactsSchema,
    nameOf: ({ session, window }) => `Window ${window.number} of screen session "${session.name}"`,
    placeOf: ({ session, window }) => `${session.name} ${window.number}`,
    refuse: ({ session }) => {
      if (!isInstalled) return 'GNU screen is not installed here.';
      const isName = !hasControlCharacter(session.name) && !session.name.includes('/');
      return isName ? null : 'The name of its session is not one that screen takes.';
    },
    open: openWindows,
    close: closeWindow,
  };
}

/** Session by session, in the order of their windows. */
async function* openWindows(wanted: readonly Wanted[], context: RestoreContext): AsyncIterable<Outcome> {
  const sessions = Map.groupBy(wanted, ({ facts }) => facts.session.name);
  for (const windows of sessions.values()) {
    // A detached session shows the window that was made last.
    const ordered = windows.toSorted(
      (a, b) =>
        Number(a.facts.window.isActive === true) - Number(b.facts.window.isActive === true) ||
        a.facts.window.number - b.facts.window.number,
    );
    if (context.signal.aborted) return;
    yield* openInSession(ordered, context);
  }
}

async function* openInSession(windows: readonly Wanted[], context: RestoreContext): AsyncIterable<Outcome> {
  const [first] = windows;
  if (first === undefined) return;
  const place = await tryTo(() => findOrMakeSession(first.facts, context));
  if ('why' in place) {
    for (const wanted of windows) yield { wanted, why: place.why };
    return;
  }
  const { session, placeholder } = place.done;
  const shownBefore = session.isAttached ? await askCurrent(session, context) : null;
  for (const wanted of windows) {
    if (context.signal.aborted) break;
    yield await openWindow(session, wanted, context);
  }
  if (placeholder !== null) {
    await runScreen(context.host, session, ['-p', String(placeholder), '-X', 'kill']);
  } else if (shownBefore !== null) {
    // Whoever looks at the session goes on seeing what they saw.
    await runScreen(context.host, session, ['-X', 'select', String(shownBefore)]);
  }
}

interface SessionPlace {
  readonly session: ScreenSession;
  /** The number of a window of ours that keeps a new session alive until it has its own. */
  readonly placeholder: number | null;
}

/** @throws Error in words where there is none and none can be made */
async function findOrMakeSession(facts: ScreenFacts, context: RestoreContext): Promise<SessionPlace> {
  const { host } = context;
  const { name, path } = facts.session;
  const before = findSessions(host);
  const known = before.find((session) => session.name === name);
  if (known !== undefined) return { session: known, placeholder: null };
  const made = await host.run('screen', ['-U', '-dmS', name, 'sleep', '60'], {
    env: screenEnv(host, ownFolder(facts.session.folder, host)),
    cwd: nearestFolder(path).path,
    signal: context.signal,
  });
  const deadlineMs = performance.now() + SESSION_PATIENCE_MS;
  while (made.exitCode === 0 && performance.now() < deadlineMs) {
    const session = findSessions(host).find((other) => other.name === name);
    const number = session === undefined ? null : await askCurrent(session, context);
    if (session !== undefined && number !== null)
      return { session, placeholder: await moveAside(session, number, context) };
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  throw new Error('its session could not be opened');
}

/** The placeholder must not stand where a window is to be. */
async function moveAside(session: ScreenSession, number: number, context: RestoreContext): Promise<number> {
  for (let aside = 99; aside > 90; aside -= 1) {
    await runScreen(context.host, session, ['-p', String(number), '-X', 'number', String(aside)]);
    if ((await askCurrent(session, context)) === aside) return aside;
  }
  return number;
}

async function openWindow(session: ScreenSession, wanted: Wanted, context: RestoreContext): Promise<Outcome> {
  const { host, signal } = context;
  const { window, shell: shellName } = wanted.facts;
  const start = await wanted.prepare();
  const title = titleFor(window.title ?? shellName);
  // A new window's `a|b` is more than a title to screen; later on it takes it, but then loses some letters.
  const isLater = title.includes('|');
  const create = ['-X', 'screen', '-t', isLater ? 'restored' : quoteWord(title), String(window.number)];
  await runScreen(host, session, [...create, ...start.argv.map(quoteWord)], { signal });
  const shell = await start.wait(signal);
  const number = parseWindowNumber(shell?.window ?? null);
  if (shell === null || number === null) {
    start.remove();
    return { wanted, why: 'its window could not be opened' };
  }
  const inWindow = ['-p', String(number), '-X'];
  if (isLater) await runScreen(host, session, [...inWindow, 'title', quoteWord(title)], { signal });
  return {
    wanted,
    start,
    shell,
    undo: { folder: session.folder },
    note: number === window.number ? '' : ` It is window ${number} now: ${window.number} was taken.`,
    type: async (line, shouldRun) => {
      for (const part of [...partsOf(line).map(quoteWord), ...(shouldRun ? ['^M'] : [])]) {
        await runScreen(host, session, [...inWindow, 'stuff', part], { signal });
      }
      return isSameShell(readShellState(host, shell.pid), host);
    },
  };
}

function titleFor(title: string): string {
  return title.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, MAX_TITLE_LENGTH);
}

function partsOf(line: string): string[] {
  return line.match(PARTS) ?? [];
}

/** By its shell, which screen closes the window of: the user may have renumbered windows, and numbers name others then. */
async function closeWindow(_undo: JsonObject, pid: number, { host }: UndoContext): Promise<boolean> {
  const state = readShellState(host, pid);
  process.kill(pid, 'SIGHUP');
  const deadlineMs = performance.now() + CLOSE_PATIENCE_MS;
  while (isSameShell(state, host) && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  return !isSameShell(state, host);
}

/** The current window's number. Whoever looks at the session sees it said for a moment. */
async function askCurrent(session: ScreenSession, { host, signal }: RestoreContext): Promise<number | null> {
  const { stdout } = await runScreen(host, session, ['-Q', 'number'], { signal });
  return parseWindowNumber(/^(\d{1,4}) \(/.exec(stdout.toString('utf8'))?.[1] ?? null);
}

function findSessions(host: Host): readonly ScreenSession[] {
  return findScreenSessions(host, indexProcesses(readProcesses(host))).sessions;
}

/** The folder of the session's socket, where it is one that screen takes and was not its usual one; null for the usual one. */
function ownFolder(folder: string, host: Host): string | null {
  if (!isAbsolute(folder) || /^\/(?:var\/)?run\/screen\//.test(folder)) return null;
  try {
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    return stat?.isDirectory() === true && stat.uid === host.uid && (stat.mode & 0o777) === 0o700 ? folder : null;
  } catch {
    return null; // not ours
  }
}

async function tryTo<Result>(work: () => Promise<Result>): Promise<{ done: Result } | { why: string }> {
  try {
    return { done: await work() };
  } catch (error) {
    return { why: error instanceof Error ? error.message : 'unknown reason' };
  }
}
