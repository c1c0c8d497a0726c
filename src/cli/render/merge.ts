// What a merge did or would do, for people: what comes in, and every field that says one thing here and another there.

import type { MergeReport } from '../../core/vault/merge/merge-report.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf } from '../format/amounts.ts';
import { formatSecond } from '../format/times.ts';
import type { Style } from '../output.ts';

const MAX_NAME_LENGTH = 60;
const MAX_VALUE_LENGTH = 100;

const TAKEN = { ours: 'what is here stays', theirs: 'what is there counts', both: 'both are joined' } as const;

export interface MergeView {
  readonly style: Style;
  /** False where it is only said what would be done. */
  readonly isDone: boolean;
}

export function renderMerge(report: MergeReport, { style, isDone }: MergeView): string[] {
  const what = report.isSameVault ? 'state of this vault' : 'vault';
  const newer =
    report.newerLeftOut === 0
      ? []
      : [
          style.yellow(
            `${countOf(report.newerLeftOut, 'snapshot')} there are newer than the newest one here, and stay out: \`cairn capture\`, then merge again.`,
          ),
        ];
  if (report.isNothingNew && newer.length > 0) return [...newer, ...renderConflicts(report, style)];
  if (report.isNothingNew)
    return [
      `${style.green('Nothing is missing here')} that the other ${what} has: all ${countOf(report.inBoth, 'snapshot')} of it are in both.`,
      ...renderConflicts(report, style),
    ];
  const came = isDone ? 'came in' : 'would come in';
  return [
    `${style.green(countOf(report.snapshots, 'snapshot'))} of the other ${what} ${came}; ${countOf(report.inBoth, 'snapshot')} are in both.`,
    ...(report.incoming === null
      ? []
      : [`They were taken from ${formatSecond(report.incoming.fromMs)} to ${formatSecond(report.incoming.toMs)}.`]),
    ...line(report.checkpointsAdded, 'checkpoint', came),
    ...line(report.checkpointsChanged, 'checkpoint', isDone ? 'changed' : 'would change'),
    ...line(report.sessionsAdded, 'conversation', came),
    ...line(report.sessionsChanged, 'conversation', isDone ? 'changed' : 'would change'),
    ...(report.sessionsDeletedHere === 0
      ? []
      : [`${countOf(report.sessionsDeletedHere, 'conversation')} that were deleted here stay deleted.`]),
    ...newer,
    ...(report.unreadable === 0
      ? []
      : [style.yellow(`${countOf(report.unreadable, 'snapshot')} cannot be read there, and stay out.`)]),
    ...(report.itemsLeftOut === 0
      ? []
      : [
          style.yellow(`${countOf(report.itemsLeftOut, 'item')} were left out, damaged there; their snapshots say so.`),
        ]),
    ...renderConflicts(report, style),
    ...(report.snapshots === 0
      ? []
      : ['What is past the retention limits goes again with the next thinning: name what should stay.']),
    ...(report.isShared && report.snapshots > 0
      ? ['For your other devices this one is new after that: `cairn sync login` once more.']
      : []),
    ...(report.keptAs === null ? [] : [`The vault as it was is kept as ${report.keptAs}.`]),
  ];
}

function renderConflicts({ conflicts }: MergeReport, style: Style): string[] {
  if (conflicts.length === 0) return [];
  return [
    style.bold(`${countOf(conflicts.length, 'field')} ${conflicts.length === 1 ? 'differs' : 'differ'}`),
    ...conflicts.flatMap(({ kind, name, field, ours, theirs, taken }) => [
      `  ${kind} ${toPlainLine(name, MAX_NAME_LENGTH)}, ${toPlainLine(field, MAX_NAME_LENGTH)}: ${TAKEN[taken]}`,
      `    here   ${toPlainLine(ours, MAX_VALUE_LENGTH)}`,
      `    there  ${toPlainLine(theirs, MAX_VALUE_LENGTH)}`,
    ]),
  ];
}

function line(count: number, noun: string, verb: string): string[] {
  return count === 0 ? [] : [`${countOf(count, noun)} ${verb}.`];
}
