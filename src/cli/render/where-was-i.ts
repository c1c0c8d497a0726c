// Where somebody was, for a person: what waits first, then what stood open.

import type { ProjectState, WhereWasI } from '../../core/timeline/where-was-i.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf } from '../format/amounts.ts';
import { describeTime } from '../format/times.ts';
import type { View } from './checkpoints.ts';

const MAX_LISTED = 3;
const MIN_TEXT = 30;
const USUAL_WIDTH = 100;

export function renderWhereWasI(found: WhereWasI, view: View): string[] {
  const { leftAtMs, backAtMs, projects, changedSince } = found;
  const { style, nowMs } = view;
  if (leftAtMs === null) return ['Nothing was captured yet.'];
  const head =
    backAtMs === null
      ? `You were last here ${describeTime(leftAtMs, nowMs)}.`
      : `You left ${describeTime(leftAtMs, nowMs)} and came back ${describeTime(backAtMs, nowMs)}.`;
  return [
    style.bold(head),
    ...projects.flatMap((project) => ['', ...renderProject(project, view)]),
    ...(changedSince.length === 0
      ? ['', 'Nothing changed since.']
      : ['', style.bold('Since then'), ...changedSince.map((words) => `  ${plain(words, view)}`)]),
  ];
}

function renderProject(project: ProjectState, view: View): string[] {
  const { style } = view;
  const { name, branch, lastDone, conversations, terminals, documents, tabs } = project;
  const title = name === null ? 'Without a project' : plain(name, view);
  const unsaved = documents.filter(({ isModified }) => isModified).length;
  const open = [
    terminals.length === 0 ? '' : countOf(terminals.length, 'terminal'),
    documents.length === 0 ? '' : countOf(documents.length, 'file') + (unsaved > 0 ? ` (${unsaved} unsaved)` : ''),
    tabs.length === 0 ? '' : countOf(tabs.length, 'tab'),
  ].filter((words) => words !== '');
  return [
    `${style.bold(title)}${branch === null ? '' : style.dim(`  on ${plain(branch, view)}`)}`,
    ...waiting(project).map((words) => `  ${style.yellow(words)}`),
    ...conversations.slice(0, MAX_LISTED).map(({ title, lastMessage, isMidTurn }) => {
      const words = lastMessage === null ? '' : style.dim(`  “${plain(lastMessage, view)}”`);
      return `  ${plain(title, view)}${isMidTurn ? style.yellow(' (in the middle of a turn)') : ''}${words}`;
    }),
    ...terminals
      .flatMap(({ command }) => (command === null ? [] : [command]))
      .slice(0, MAX_LISTED)
      .map((command) => `  ${style.dim('running')} ${plain(command, view)}`),
    ...lastDone.slice(0, MAX_LISTED).map((words) => `  ${style.dim('last')} ${plain(words, view)}`),
    ...(open.length === 0 ? [] : [style.dim(`  open: ${open.join(', ')}`)]),
  ];
}

/** What must not be forgotten. */
function waiting({ operation, uncommitted, unpushed }: ProjectState): string[] {
  return [
    ...(operation === null ? [] : [`a ${operation} is in its middle`]),
    ...(uncommitted === 0 ? [] : [`${countOf(uncommitted, 'file')} not committed`]),
    ...(unpushed === 0 ? [] : [`${countOf(unpushed, 'commit')} not pushed`]),
  ];
}

function plain(text: string, { width }: View): string {
  return toPlainLine(text, Math.max(MIN_TEXT, (width ?? USUAL_WIDTH) - 24));
}
