// A diff for people: what came, what went, and what changed about the rest.

import type { ItemChange, ItemDiff, StreamChange } from '../../shared/diff/diff-items.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { SnapshotSummary } from '../../shared/model/snapshot.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { formatBytes, formatCount } from '../format/amounts.ts';
import { renderTable, type Cell, type Paint } from '../format/table.ts';
import { describeTime } from '../format/times.ts';
import type { View } from './checkpoints.ts';
import { shortId } from './ids.ts';

const MAX_LENGTH = 200;

export interface ComparedSnapshots {
  readonly before: SnapshotSummary;
  readonly after: SnapshotSummary;
  readonly diff: ItemDiff;
}

export function renderDiff({ before, after, diff }: ComparedSnapshots, view: View): string[] {
  const { style, nowMs } = view;
  const head = `From ${style.bold(shortId(before.id))}, ${describeTime(before.takenAtMs, nowMs)}, to ${style.bold(shortId(after.id))}, ${describeTime(after.takenAtMs, nowMs)}`;
  const parts = [
    ...renderItems('Added', diff.added, { mark: '+', paint: style.green }, view),
    ...renderItems('Removed', diff.removed, { mark: '-', paint: style.red }, view),
    ...renderChanges(diff.changed, view),
  ];
  return [head, ...(parts.length === 0 ? ['', 'Nothing changed.'] : parts)];
}

function renderItems(
  title: string,
  items: readonly SnapshotItem[],
  { mark, paint }: { readonly mark: string; readonly paint: Paint },
  view: View,
): string[] {
  if (items.length === 0) return [];
  const rows = items.map((item): Cell[] => [
    { text: mark, paint },
    { text: toPlainLine(item.key, MAX_LENGTH), paint: view.style.cyan },
    toPlainLine(item.title, MAX_LENGTH),
  ]);
  return renderSection(title, rows, view);
}

function renderChanges(changes: readonly ItemChange[], view: View): string[] {
  if (changes.length === 0) return [];
  const rows = changes.map((change): Cell[] => [
    { text: '~', paint: view.style.yellow },
    { text: toPlainLine(change.after.key, MAX_LENGTH), paint: view.style.cyan },
    describeChange(change),
  ]);
  return renderSection('Changed', rows, view);
}

function renderSection(title: string, rows: readonly Cell[][], view: View): string[] {
  const columns = [{ title: '' }, { title: '' }, { title: '', canShrink: true }];
  const width = view.width === undefined ? undefined : view.width - 2;
  const lines = renderTable(columns, rows, { width });
  return ['', view.style.bold(`${title} (${formatCount(rows.length)})`), ...lines.map((line) => `  ${line}`)];
}

function describeChange(change: ItemChange): string {
  const { before, after } = change;
  return [
    ...(change.isRenamed ? [`now "${toPlainLine(after.title, 60)}", was "${toPlainLine(before.title, 60)}"`] : []),
    ...change.streams.map(describeStream),
    ...change.attributes.map((name) => toPlainLine(name, 60)),
    ...(change.isStaleChanged ? [after.stale ? 'no longer readable' : 'readable again'] : []),
  ].join(', ');
}

function describeStream({ name, sizeBytesBefore, sizeBytesAfter }: StreamChange): string {
  const delta = sizeBytesAfter - sizeBytesBefore;
  const plain = toPlainLine(name, 60);
  if (delta === 0) return `${plain} changed`;
  return `${plain} ${delta > 0 ? '+' : '-'}${formatBytes(Math.abs(delta))}`;
}
