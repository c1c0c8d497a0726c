// A snapshot for people: what it holds, by source, and what it lacks.

import type { ItemKind, SnapshotItem } from '../../shared/model/item.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import type { Snapshot } from '../../shared/model/snapshot.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf, formatBytes, formatCount } from '../format/amounts.ts';
import { renderTable, type Cell, type Column } from '../format/table.ts';
import { describeAge, describeTime } from '../format/times.ts';
import type { Style } from '../output.ts';
import { describeMarks, type View } from './checkpoints.ts';
import { describeGap } from './gaps.ts';
import { describeKind } from './list.ts';

const MAX_LENGTH = 200;
const MAX_VALUE_LENGTH = 2000;
/** Attributes that say where an item is, in the order in which the first is shown. */
const PLACE_ATTRIBUTES = ['url', 'path', 'cwd'] as const;
const KIND_PLURALS: Readonly<Record<ItemKind, string>> = {
  terminal: 'terminals',
  tab: 'tabs',
  conversation: 'conversations',
  document: 'documents',
  repository: 'repositories',
};
const ITEM_COLUMNS: readonly Column[] = [
  { title: '' },
  { title: '', canShrink: true },
  { title: '' },
  { title: '', align: 'right' },
  { title: '' },
];

export function renderSnapshot(snapshot: Snapshot, view: View): string[] {
  const { style, nowMs } = view;
  const kind = describeKind(snapshot.kind);
  const changed = snapshot.changed === 0 ? 'nothing changed' : `${formatCount(snapshot.changed)} changed`;
  const lines = [
    `${style.bold(`Snapshot ${snapshot.id}`)}  ${describeTime(snapshot.takenAtMs, nowMs)}${kind === '' ? '' : `, ${kind}`}`,
    `${countOf(snapshot.items, 'item')}, ${changed} since the snapshot before`,
  ];
  const { checkpoint } = snapshot;
  if (checkpoint !== undefined) {
    const marks = describeMarks(checkpoint);
    lines.push(
      `Checkpoint ${style.bold(toPlainLine(checkpoint.name, MAX_LENGTH))}${marks === '' ? '' : ` (${marks})`}`,
      ...(checkpoint.description === '' ? [] : [`  ${toPlainLine(checkpoint.description, MAX_VALUE_LENGTH)}`]),
    );
  }
  for (const [source, items] of Map.groupBy(snapshot.itemList, (item) => item.source)) {
    lines.push('', `${style.bold(source)} ${style.dim(`(${countKinds(items)})`)}`, ...renderItems(items, view));
  }
  if (snapshot.gapList.length > 0) {
    const gaps = snapshot.gapList.map((gap) => `  ${describeGap(gap, nowMs)}`);
    lines.push('', style.yellow(`What is missing (${countOf(gaps.length, 'gap')})`), ...gaps);
  }
  return lines;
}

function renderItems(items: readonly SnapshotItem[], view: View): string[] {
  const { style } = view;
  const rows = items.map((item): Cell[] => [
    { text: toPlainLine(item.key, MAX_LENGTH), paint: style.cyan },
    toPlainLine(item.title, MAX_LENGTH),
    { text: placeOf(item), paint: style.dim },
    contentOf(item),
    staleMark(item, view.nowMs, style),
  ]);
  const width = view.width === undefined ? undefined : view.width - 2;
  return renderTable(ITEM_COLUMNS, rows, { width }).map((line) => `  ${line}`);
}

function countKinds(items: readonly SnapshotItem[]): string {
  const kinds = Map.groupBy(items, (item) => item.kind);
  return [...kinds].map(([kind, of]) => countOf(of.length, kind, KIND_PLURALS[kind])).join(', ');
}

function placeOf(item: SnapshotItem): string {
  for (const name of PLACE_ATTRIBUTES) {
    const value = item.attributes[name];
    // A place that the title names already says nothing new.
    if (typeof value === 'string' && value !== '' && value !== item.title) return toPlainLine(value, 60);
  }
  return '';
}

function contentOf(item: SnapshotItem): string {
  const bytes = item.streams.reduce((sum, stream) => sum + stream.sizeBytes, 0);
  return bytes === 0 ? '' : formatBytes(bytes);
}

function staleMark(item: SnapshotItem, nowMs: number, style: Style): Cell {
  if (!item.stale) return '';
  const age = item.goodAtMs === undefined ? '' : ` ${describeAge(item.goodAtMs, nowMs)}`;
  return { text: `last read${age === '' ? ' earlier' : age}`, paint: style.yellow };
}

/** One item with all its facts. */
export function renderItem(item: SnapshotItem, view: View): string[] {
  const { style } = view;
  const facts: Cell[][] = Object.entries(item.attributes)
    .filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
    .map(([name, value]) => [{ text: toPlainLine(name, 60), paint: style.dim }, describeValue(value)]);
  const streams = item.streams.map((stream): Cell[] => [
    { text: toPlainLine(stream.name, MAX_LENGTH), paint: style.cyan },
    formatBytes(stream.sizeBytes),
    { text: stream.kind, paint: style.dim },
  ]);
  const stale = staleMark(item, view.nowMs, style);
  return [
    `${style.bold(toPlainLine(item.title, MAX_LENGTH))}  ${item.kind} of ${item.source}`,
    toPlainLine(item.key, MAX_LENGTH),
    ...(typeof stale === 'string' ? [] : [stale.paint(stale.text)]),
    '',
    ...renderTable([{ title: '' }, { title: '', canShrink: true }], facts, { width: view.width }),
    ...(streams.length === 0
      ? []
      : [
          '',
          style.bold('Content'),
          ...renderTable([{ title: '' }, { title: '', align: 'right' }, { title: '' }], streams).map(
            (line) => `  ${line}`,
          ),
          style.dim('  `--stream NAME` prints one of them.'),
        ]),
  ];
}

function describeValue(value: JsonValue): string {
  return toPlainLine(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE_LENGTH);
}
