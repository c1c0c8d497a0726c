// How a session goes on: the tool's own exact command in the folder it was in. Never one that is running: two at once would split it.

import { existsSync } from 'node:fs';

import { AppError } from '../../shared/model/app-error.ts';
import { nearestFolder } from '../sources/host/existing-folder.ts';
import { quoteArguments } from '../sources/host/quote-argument.ts';
import type { OpenTerminal, ResumeCommand, Source } from '../sources/source.ts';
import type { CapturedSession } from './captured-sessions.ts';
import { CHAT_TOOL, type Session } from './session.ts';

const SAFE_ID = /^[0-9a-zA-Z][0-9a-zA-Z_.:-]{0,127}$/;

export interface SessionResume {
  readonly command: ResumeCommand;
  /** The command as it is typed. */
  readonly line: string;
  /** The folder that is gone; the nearest one above it takes its place. Null where it is there. */
  readonly missingFolder: string | null;
}

/** @throws AppError USAGE_INVALID where it runs already, or nothing resumes it */
export function planResume(
  session: Session,
  captured: CapturedSession | undefined,
  sources: readonly Source[],
): SessionResume {
  if (session.isLive)
    throw new AppError('USAGE_INVALID', 'This session is open in a terminal just now.', {
      hint: 'Go on with it there: two at once would split it.',
    });
  const command = findCommand(session, captured, sources);
  const line = command === undefined ? null : quoteArguments(command.argv);
  if (command === undefined || line === null)
    throw new AppError('USAGE_INVALID', 'No command is known that goes on with this session.', {
      hint: `Open ${session.folder ?? 'its folder'} with the tool that holds it.`,
    });
  const folder = nearestFolder(command.cwd);
  return {
    command: { argv: command.argv, cwd: folder.path },
    line,
    missingFolder: folder.isExact ? null : command.cwd,
  };
}

/** Opens the command in a new terminal window, run at once: the user asked for this one. */
export async function openResume(
  session: Session,
  { command }: SessionResume,
  openTerminal: OpenTerminal,
): Promise<string> {
  const opened = await openTerminal({
    name: `${session.tool} ${session.externalId.slice(0, 8)}`,
    command,
    shouldRun: true,
  });
  return opened.where;
}

function findCommand(
  session: Session,
  captured: CapturedSession | undefined,
  sources: readonly Source[],
): ResumeCommand | undefined {
  const source = sources.find(({ id }) => id === session.tool);
  if (captured !== undefined) return source?.resumeCommand?.(captured.item);
  if (session.tool === CHAT_TOOL)
    return { argv: ['cairn', 'chat', '--session', session.id], cwd: homeOr(session.folder) };
  if (!SAFE_ID.test(session.externalId)) return undefined;
  // A session that was pushed and not captured: its tool may know how to go on all the same.
  return source?.resumeCommand?.({
    key: `${source.id}:${session.externalId}` as CapturedSession['item']['key'], // a source's id, and a safe one behind it
    kind: 'conversation',
    source: source.id,
    group: '',
    title: session.name,
    attributes: { id: session.externalId, cwd: session.folder, isLive: false },
    streams: [],
    stale: false,
  });
}

function homeOr(folder: string | null): string {
  return folder !== null && existsSync(folder) ? folder : '/';
}
