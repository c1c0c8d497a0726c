// The timeline as a table.

import { assertNever } from '../../shared/model/app-error.ts';
import type { SnapshotKind } from '../../shared/model/snapshot.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf, formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeAge, formatClock } from '../format/times.ts';
import { describeMarks, type View } from './checkpoints.ts';
import type { ListRow } from './collapse-unchanged.ts';
import { digitsFor } from './ids.ts';

const MAX_NAME_LENGTH = 200;

export interface ListView extends View {
  readonly isFiltered: boolean;
}

export function renderList(rows: readonly ListRow[], view: ListView): string[] {
  if (rows.length === 0) {
    return [
      view.isFiltered
        ? 'No snapshot fits. `cairn list` shows the newest.'
        : 'The vault holds no snapshots yet. `cairn capture` takes one.',
    ];
  }
  const { style } = view;
  const digits = digitsFor(rows.map(({ snapshot }) => snapshot.id));
  const cells = rows.map((row): Cell[] => {
    const { snapshot } = row;
    return [
      { text: snapshot.id.slice(0, digits), paint: style.cyan },
      describeAge(snapshot.takenAtMs, view.nowMs),
      { text: formatClock(snapshot.takenAtMs, view.nowMs), paint: style.dim },
      formatCount(snapshot.items),
      snapshot.changed === 0 ? { text: '-', paint: style.dim } : formatCount(snapshot.changed),
      snapshot.gaps === 0 ? { text: '-', paint: style.dim } : { text: formatCount(snapshot.gaps), paint: style.yellow },
      describeNote(row, view),
    ];
  });
  const columns = [
    { title: 'ID' },
    { title: 'TAKEN' },
    { title: 'AT', align: 'right' as const },
    { title: 'ITEMS', align: 'right' as const },
    { title: 'CHANGED', align: 'right' as const },
    { title: 'GAPS', align: 'right' as const },
    { title: 'NOTE', canShrink: true },
  ];
  return renderTable(columns, cells, { width: view.width, paintTitle: style.dim });
}

function describeNote({ snapshot, unchanged, unchangedUntilMs }: ListRow, view: ListView): Cell {
  const { checkpoint } = snapshot;
  const same =
    unchanged === 0
      ? ''
      : `unchanged until ${formatClock(unchangedUntilMs ?? snapshot.takenAtMs, view.nowMs)} (${countOf(unchanged, 'capture')})`;
  if (checkpoint === undefined) {
    const words = [describeKind(snapshot.kind), same].filter((text) => text !== '').join(', ');
    return { text: words, paint: view.style.dim };
  }
  const marks = describeMarks(checkpoint);
  const name = `${toPlainLine(checkpoint.name, MAX_NAME_LENGTH)}${marks === '' ? '' : ` (${marks})`}`;
  return { text: same === '' ? name : `${name}, ${same}`, paint: view.style.bold };
}

/** Why it was taken; the usual one needs no words. */
export function describeKind(kind: SnapshotKind): string {
  switch (kind) {
    case 'automatic':
      return '';
    case 'manual':
      return 'taken by hand';
    case 'checkpoint':
      return 'checkpoint';
    case 'before-restore':
      return 'before a restore';
    case 'shutdown':
      return 'at the end of a run';
    default:
      return assertNever(kind);
  }
}
