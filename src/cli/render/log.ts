// The log of captures for people: what came in, by time; what is missing; what was left out because the user said so.

import { assertNever } from '../../shared/model/app-error.ts';
import type { LeftOut, LeftOutReason } from '../../shared/model/left-out.ts';
import type { Gap } from '../../shared/model/snapshot.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf, formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeAge, formatClock } from '../format/times.ts';
import type { View } from './checkpoints.ts';
import { describeGap } from './gaps.ts';

const MAX_TITLE_LENGTH = 200;

/** What became of one item in one capture. */
export interface LogLine {
  readonly atMs: number;
  readonly act: 'new' | 'changed' | 'gone';
  readonly key: string;
  readonly source: string;
  readonly kind: string;
  readonly title: string;
}

export interface CaptureLog {
  readonly sinceMs: number;
  readonly captures: number;
  /** Newest first. */
  readonly lines: readonly LogLine[];
  /** Changes that are not listed. */
  readonly more: number;
  readonly gaps: readonly Gap[];
  /** What the newest captures leave out, and what was left out before in this stretch. */
  readonly leftOut: readonly (LeftOut & { readonly fromMs: number; readonly toMs: number | null })[];
}

export function renderLog(log: CaptureLog, view: View): string[] {
  const { style, nowMs } = view;
  const since = `since ${formatClock(log.sinceMs, nowMs)}`;
  const head =
    log.captures === 0
      ? style.yellow(`Nothing was captured ${since}.`)
      : `${countOf(log.captures, 'capture')} ${since}, ${countOf(log.lines.length + log.more, 'change')}.`;
  return [head, ...renderLines(log, view), ...renderGaps(log, view), ...renderLeftOut(log, view)];
}

function renderLines({ lines, more }: CaptureLog, { style, width, nowMs }: View): string[] {
  if (lines.length === 0) return [];
  const paints: Readonly<Record<LogLine['act'], (text: string) => string>> = {
    new: style.green,
    changed: style.cyan,
    gone: style.dim,
  };
  const rows = lines.map(({ atMs, act, source, kind, title }): Cell[] => [
    { text: formatClock(atMs, nowMs), paint: style.dim },
    { text: act, paint: paints[act] },
    source,
    kind,
    toPlainLine(title, MAX_TITLE_LENGTH),
  ]);
  const columns = [{ title: 'AT' }, { title: 'IS' }, { title: 'SOURCE' }, { title: 'KIND' }];
  return [
    '',
    ...renderTable([...columns, { title: 'TITLE', canShrink: true }], rows, { width, paintTitle: style.dim }),
    ...(more === 0 ? [] : [style.dim(`and ${formatCount(more)} more`)]),
  ];
}

function renderGaps({ gaps }: CaptureLog, { style, nowMs }: View): string[] {
  if (gaps.length === 0) return [];
  return ['', style.yellow('What could not be read'), ...gaps.map((gap) => `  ${describeGap(gap, nowMs)}`)];
}

function renderLeftOut({ leftOut }: CaptureLog, { style, nowMs }: View): string[] {
  if (leftOut.length === 0) return ['', style.dim('Nothing was left out by a rule, a .cairnignore or CAIRN_OFF.')];
  return [
    '',
    style.bold('Left out, since you said so'),
    ...leftOut.map((part) => {
      const until = part.toMs === null ? '' : `, until ${describeAge(part.toMs, nowMs)}`;
      return `  ${describeLeftOut(part)} (since ${describeAge(part.fromMs, nowMs)}${until})`;
    }),
  ];
}

/** `tmux: 2 items, by a .cairnignore`. */
export function describeLeftOut({ source, items, reason }: LeftOut): string {
  return `${source}: ${items === null ? 'not asked' : countOf(items, 'item')}, by ${describeReason(reason)}`;
}

function describeReason(reason: LeftOutReason): string {
  switch (reason) {
    case 'rule':
      return 'an exclusion rule';
    case 'cairnignore':
      return 'a .cairnignore';
    case 'CAIRN_OFF':
      return 'CAIRN_OFF in its environment';
    default:
      return assertNever(reason);
  }
}
