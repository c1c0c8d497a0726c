// `cairn sessions list`, `show` and `export`: what reads and changes nothing.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { exportSession, type ExportFormat } from '../../core/sessions/export-session.ts';
import type { SessionStore } from '../../core/sessions/session-store.ts';
import { doneWithVault, historyOf, type CommandContext } from '../context.ts';
import type { OpenCore } from '../core.ts';
import type { ExitCode } from '../exit-code.ts';
import { CUT, renderSession, renderSessions } from '../render/sessions.ts';
import { messageDocument, sessionDocument } from './session-documents.ts';

const MAX_LINE_LENGTH = 4096;

/** Whose sessions: this device's, or another's as they are here. */
interface WhoseSessions {
  readonly device?: string;
}

export interface ListSessionsOptions extends WhoseSessions {
  readonly project?: string;
  readonly provider?: string;
  readonly limit?: number;
}

export interface ShowSessionOptions extends WhoseSessions {
  readonly messages: number;
}

export interface ExportSessionOptions extends WhoseSessions {
  readonly format: ExportFormat;
  readonly output?: string;
}

export function runSessionsList(options: ListSessionsOptions, context: CommandContext): Promise<ExitCode> {
  const { project, provider, limit } = options;
  return doneWithVault(context, async (open) => {
    const store = await storeOf(open, options);
    const sessions = await store.list({
      ...(project === undefined ? {} : { project: project.startsWith('.') ? resolve(project) : project }),
      ...(provider === undefined ? {} : { provider }),
      ...(limit === undefined ? {} : { limit }),
    });
    const isFiltered = project !== undefined || provider !== undefined;
    context.out.result({ sessions: sessions.map(sessionDocument) }, () =>
      renderSessions(sessions, { ...viewOf(context), isFiltered }),
    );
  });
}

export function runSessionsShow(
  reference: string,
  { messages: limit, ...whose }: ShowSessionOptions,
  context: CommandContext,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const store = await storeOf(open, whose);
    const session = await store.get(reference);
    const window = await store.messages(session.id, { limit });
    const document = {
      ...sessionDocument(session),
      systemPrompt: session.systemPrompt,
      firstIndex: window.firstIndex,
      messageCount: window.messageCount,
      unreadable: window.unreadable,
      ...(window.isCut ? { isCut: true } : {}),
      messages: window.messages.map((message) => messageDocument(message, window.partial.has(message.id))),
    };
    context.out.result(document, () => renderSession(session, window, viewOf(context)));
  });
}

export function runSessionsExport(
  reference: string,
  { format, output, ...whose }: ExportSessionOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { out } = context;
  return doneWithVault(context, async (open) => {
    const store = await storeOf(open, whose);
    const session = await store.get(reference);
    const window = await store.messages(session.id, { firstIndex: 0, limit: Number.MAX_SAFE_INTEGER });
    if (window.isCut) out.warn(CUT);
    const text = exportSession(session, window, format);
    if (output !== undefined) {
      writeNewFile(resolve(output), text);
      out.result({ id: session.id, format, output: resolve(output) }, () => [
        `Written to ${toPlainLine(output, MAX_LINE_LENGTH)}.`,
      ]);
    } else if (!out.isJson && !out.isTerminal) out.raw(Buffer.from(text, 'utf8'));
    else {
      // On a terminal captured text must not act: only its letters are printed.
      out.result({ id: session.id, format, text }, () =>
        text.split('\n').map((line) => toPlainLine(line, MAX_LINE_LENGTH)),
      );
    }
  });
}

async function storeOf(open: OpenCore, { device }: WhoseSessions): Promise<SessionStore> {
  const { store } = open.sessions;
  return device === undefined ? store : store.over(await historyOf(open, device));
}

/** Never over a file that is there. */
function writeNewFile(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new AppError(
      'USAGE_INVALID',
      isThere ? 'There is a file of this name already.' : 'The file cannot be written.',
      {
        hint: 'Nothing was written; give another --output.',
        cause: error,
      },
    );
  }
}

function viewOf(context: CommandContext) {
  return { style: context.out.style, width: context.out.width, nowMs: context.nowMs() };
}
