// Sessions for people: a table, and one session with its messages. Everything captured is shown as plain lines.

import { z } from 'zod';

import type { ConversationMessage } from '../../core/sources/conversation/message.ts';
import type { SessionMessages } from '../../core/sessions/read-messages.ts';
import type { Session } from '../../core/sessions/session.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf, formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeAge, describeTime } from '../format/times.ts';
import type { View } from './checkpoints.ts';
import { digitsFor } from './ids.ts';

const progressSchema = z.object({
  phase: z.string().nullable().default(null).catch(null),
  progress: z.object({ done: z.number(), total: z.number() }).nullable().default(null).catch(null),
  commits: z.array(z.unknown()).default([]).catch([]),
  isUnreadable: z.boolean().default(false).catch(false),
});

const MAX_LENGTH = 200;
const MAX_LINE_LENGTH = 4096;

export function renderSessions(sessions: readonly Session[], view: View & { readonly isFiltered: boolean }): string[] {
  if (sessions.length === 0) {
    return [
      view.isFiltered
        ? 'No session fits. `cairn sessions list` shows all.'
        : 'There are no sessions yet. Captured conversations are listed here; `cairn chat` begins one.',
    ];
  }
  const { style } = view;
  const digits = digitsFor(sessions.map(({ id }) => id));
  const rows = sessions.map((session): Cell[] => [
    { text: session.id.slice(0, digits), paint: style.cyan },
    describeAge(session.updatedAtMs, view.nowMs),
    toPlainLine(session.tool, 20),
    toPlainLine(session.project ?? '', 24),
    formatCount(session.messageCount),
    { text: describeSessionMarks(session), paint: style.yellow },
    { text: toPlainLine(session.name, MAX_LENGTH), paint: style.bold },
    { text: session.preview === session.name ? '' : toPlainLine(session.preview, MAX_LENGTH), paint: style.dim },
  ]);
  const columns = [
    { title: 'ID' },
    { title: 'UPDATED' },
    { title: 'TOOL' },
    { title: 'PROJECT' },
    { title: 'MESSAGES', align: 'right' as const },
    { title: 'MARKS' },
    { title: 'NAME' },
    { title: 'BEGINS', canShrink: true },
  ];
  return renderTable(columns, rows, { width: view.width, paintTitle: style.dim });
}

function describeSessionMarks({ pinned, isLive, isOriginGone, status }: Session): string {
  return [
    ...(pinned ? ['pinned'] : []),
    ...(isLive ? ['open'] : []),
    ...(isOriginGone ? ['only copy'] : []),
    ...(status === null ? [] : [toPlainLine(status, 20)]),
  ].join(', ');
}

/** `build, 3 of 5 checkpoints, 2 commits`: how far a session of `agents/sessions` is; null for others. */
function describeProgress({ details }: Session): string | null {
  const { phase, progress, commits, isUnreadable } = progressSchema.parse(details);
  const words = [
    ...(phase === null ? [] : [phase]),
    ...(progress === null ? [] : [`${progress.done} of ${countOf(progress.total, 'checkpoint')}`]),
    ...(commits.length === 0 ? [] : [countOf(commits.length, 'commit')]),
    ...(isUnreadable ? ['its file cannot be read just now'] : []),
  ];
  return words.length === 0 ? null : words.join(', ');
}

export function renderSession(session: Session, window: SessionMessages, view: View): string[] {
  const { style, nowMs } = view;
  const facts: readonly (readonly [string, string | null])[] = [
    ['tool', session.tool],
    ['its own id', session.externalId.replaceAll('\0', ' ')],
    ['provider', session.provider],
    ['model', session.model],
    ['project', session.project],
    ['folder', session.folder],
    ['marks', describeSessionMarks(session) || null],
    ['progress', describeProgress(session)],
    ['created', describeTime(session.createdAtMs, nowMs)],
    ['updated', describeTime(session.updatedAtMs, nowMs)],
    ['messages', formatCount(window.messageCount)],
  ];
  const earlier = window.firstIndex;
  return [
    `${style.bold(toPlainLine(session.name, MAX_LENGTH))}  ${style.dim(session.id)}`,
    ...renderTable(
      [{ title: '' }, { title: '', canShrink: true }],
      facts
        .filter(([, value]) => value !== null)
        .map(([name, value]): Cell[] => [{ text: name, paint: style.dim }, toPlainLine(value ?? '', MAX_LENGTH)]),
      { width: view.width },
    ),
    ...(window.isCut ? ['', style.yellow(CUT)] : []),
    ...(earlier === 0 ? [] : ['', style.dim(`${countOf(earlier, 'earlier message')}: \`--messages\` shows more.`)]),
    ...window.messages.flatMap((message) => renderMessage(message, window.partial.has(message.id), view)),
    ...(window.unreadable === 0
      ? []
      : [
          '',
          style.yellow(
            `${countOf(window.unreadable, 'line')} of it could not be read and ${window.unreadable === 1 ? 'is' : 'are'} left out.`,
          ),
        ]),
  ];
}

/** Said where a transcript is too long to be read whole. */
export const CUT =
  'Only the end of this long conversation is read; all of it is in its stream: `cairn show` with --output writes that.';

function renderMessage(message: ConversationMessage, isPartial: boolean, { style, nowMs }: View): string[] {
  const who = message.isMeta ? 'system' : message.role;
  const when = message.timeMs === null ? '' : `  ${style.dim(describeTime(message.timeMs, nowMs))}`;
  const text = message.text === '' ? [] : message.text.split('\n').map((line) => toPlainLine(line, MAX_LINE_LENGTH));
  return [
    '',
    `${style.bold(who)}${when}`,
    ...text.map((line) => `  ${line}`),
    ...message.toolCalls.map(({ name, isError }) =>
      style.dim(`  [${toPlainLine(name, 60)}${isError ? ', failed' : ''}]`),
    ),
    ...(isPartial ? [style.yellow('  The answer was broken off here.')] : []),
  ];
}
