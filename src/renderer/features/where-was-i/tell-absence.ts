// An absence in words: when somebody left, what waits for them. Pure.

import type { ProjectStateView, WhereWasIView } from '../../../shared/contract/where-was-i.ts';
import { formatAge, formatMoment, formatSpan, plural } from '../../components/format.ts';

/** Somebody who came back so long ago is no longer asked whether they want to know. */
const IS_BACK_MS = 30 * 60_000;

/** True where somebody has just come back: they may want to know where they were. */
export function hasJustReturned({ leftAt, wasAway, backAt }: WhereWasIView, nowMs: number): boolean {
  if (leftAt === null || !wasAway) return false;
  return backAt === null || nowMs - Date.parse(backAt) <= IS_BACK_MS;
}

/** "You were last here Today 14:02, 3 hours ago." */
export function tellAbsence({ leftAt, backAt, wasAway }: WhereWasIView, nowMs: number): string {
  if (leftAt === null) return 'Nothing was captured yet.';
  if (!wasAway) return `You are at it: the last change is of ${formatMoment(leftAt, nowMs)}.`;
  const left = formatMoment(leftAt, nowMs);
  if (backAt === null) return `You were last here ${left}, ${formatAge(leftAt, nowMs)}.`;
  const awayMs = Date.parse(backAt) - Date.parse(leftAt);
  return `You left ${left} and were away for ${formatSpan(awayMs)}, until ${formatMoment(backAt, nowMs)}.`;
}

/** What must not be forgotten in a project: "2 files not committed". */
export function tellWaiting({
  operation,
  uncommitted,
  unpushed,
  conversations,
  documents,
}: ProjectStateView): string[] {
  const midTurn = conversations.filter(({ isMidTurn }) => isMidTurn).length;
  const unsaved = documents.filter(({ isModified }) => isModified).length;
  return [
    ...(operation === null ? [] : [`a ${operation} is in its middle`]),
    ...(midTurn === 0 ? [] : [`${plural(midTurn, 'turn')} not finished`]),
    ...(unsaved === 0 ? [] : [`${plural(unsaved, 'file')} not saved`]),
    ...(uncommitted === 0 ? [] : [`${plural(uncommitted, 'file')} not committed`]),
    ...(unpushed === 0 ? [] : [`${plural(unpushed, 'commit')} not pushed`]),
  ];
}

/** One line for the timeline: what waits in the first projects, else how much changed. */
export function tellInShort({ projects, changedSince }: WhereWasIView): string {
  const waiting = projects.flatMap((project) => {
    const words = tellWaiting(project);
    return words.length === 0 ? [] : [`${project.name ?? 'Without a project'}: ${words.join(', ')}`];
  });
  const shown = waiting.slice(0, 2);
  if (waiting.length > shown.length) shown.push(`and ${plural(waiting.length - shown.length, 'more project')}`);
  const changed =
    changedSince.length === 0 ? 'Nothing changed since.' : `Since then: ${changedSince.slice(0, 2).join('; ')}.`;
  return shown.length === 0 ? changed : `${shown.join('; ')}. ${changed}`;
}
