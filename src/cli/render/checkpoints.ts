// Checkpoints for people: a table, and the words after a snapshot in a list.

import type { Checkpoint } from '../../shared/model/checkpoint.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeTime } from '../format/times.ts';
import type { Style } from '../output.ts';
import { digitsFor } from './ids.ts';

const MAX_LINE_LENGTH = 300;

/** What every table is drawn with. */
export interface View {
  readonly style: Style;
  readonly width: number | undefined;
  readonly nowMs: number;
}

export function renderCheckpoints(checkpoints: readonly Checkpoint[], view: View): string[] {
  if (checkpoints.length === 0) {
    return ['There are no checkpoints yet. `cairn checkpoint NAME` captures now and keeps the result under a name.'];
  }
  const { style } = view;
  const digits = digitsFor(checkpoints.map(({ id }) => id));
  const rows = checkpoints.map((checkpoint): Cell[] => [
    { text: checkpoint.id.slice(0, digits), paint: style.cyan },
    describeTime(checkpoint.createdAtMs, view.nowMs),
    { text: toPlainLine(checkpoint.name, MAX_LINE_LENGTH), paint: style.bold },
    describeMarks(checkpoint),
    { text: toPlainLine(checkpoint.description, MAX_LINE_LENGTH), paint: style.dim },
  ]);
  const columns = [
    { title: 'ID' },
    { title: 'MADE' },
    { title: 'NAME' },
    { title: 'MARKS' },
    { title: 'DESCRIPTION', canShrink: true },
  ];
  return renderTable(columns, rows, { width: view.width, paintTitle: style.dim });
}

/** `pinned, high, #api #db`. */
export function describeMarks(checkpoint: Checkpoint): string {
  const marks = [
    ...(checkpoint.pinned ? ['pinned'] : []),
    ...(checkpoint.priority === 'normal' ? [] : [checkpoint.priority]),
    ...(checkpoint.tags.length === 0
      ? []
      : [checkpoint.tags.map((tag) => `#${toPlainLine(tag, MAX_LINE_LENGTH)}`).join(' ')]),
  ];
  return marks.join(', ');
}
