// What a repair did or would do, for people: the answer, the ways it took, what is lost to the item, and why it may have happened.

import type { RepairReport } from '../../core/vault/repair/repair-vault.ts';
import type { RepairTierName } from '../../core/vault/repair/tiers.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf, formatBytes, formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeTime } from '../format/times.ts';
import type { Style } from '../output.ts';
import { shortId } from './ids.ts';

const MAX_ITEMS_SHOWN = 20;
const MAX_TITLE_LENGTH = 60;

const TIER_TITLES: Readonly<Record<RepairTierName, string>> = {
  full: 'whole',
  'last-good': 'put together',
  partial: 'in part',
  emergency: 'found in the bytes',
};

export interface RepairView {
  readonly style: Style;
  readonly nowMs: number;
  /** False where it is only said what would be done. */
  readonly isDone: boolean;
}

export function renderRepair(report: RepairReport, view: RepairView): string[] {
  const { style } = view;
  if (report.isWhole) return [`${style.green('The vault is whole:')} there is nothing to repair.`];
  return [
    ...renderAnswer(report, view),
    ...renderTiers(report, view),
    ...renderLosses(report, view),
    ...(report.unproven === 0
      ? []
      : [
          `${countOf(report.unproven, 'record')} may have been deleted on purpose and ${view.isDone ? 'were' : 'would be'} left out.`,
        ]),
    ...report.causes.map(({ sentence }) => `${style.yellow('Why, perhaps:')} ${sentence}`),
    ...(report.keptAs === null ? [] : [`The damaged file is kept as ${style.bold(report.keptAs)}.`]),
  ];
}

function renderAnswer({ snapshots, lostSnapshots, healed }: RepairReport, { style, isDone }: RepairView): string[] {
  const verb = isDone ? 'came back' : 'would come back';
  const lost = lostSnapshots === 0 ? '' : `, ${countOf(lostSnapshots, 'snapshot')} cannot`;
  const copies = healed === 0 ? '' : `; ${countOf(healed, 'record')} from second copies`;
  return [`${style.bold(countOf(snapshots, 'snapshot'))} ${verb}${lost}${copies}.`];
}

function renderTiers({ tiers }: RepairReport, { style }: RepairView): string[] {
  const rows = tiers.map(({ name, wins, loses, sentence }): Cell[] => [
    `  ${TIER_TITLES[name]}`,
    wins === 0 ? { text: '-', paint: style.dim } : { text: `+${formatCount(wins)}`, paint: style.green },
    loses === 0 ? { text: '-', paint: style.dim } : { text: `-${formatCount(loses)}`, paint: style.red },
    { text: sentence, paint: style.dim },
  ]);
  const columns = [
    { title: '  Way' },
    { title: 'Wins', align: 'right' as const },
    { title: 'Still lost', align: 'right' as const },
    { title: '', canShrink: true },
  ];
  return renderTable(columns, rows);
}

function renderLosses({ losses, together, lostSnapshots }: RepairReport, { style, nowMs }: RepairView): string[] {
  const { newestWhole, list, items } = losses;
  const rows = list
    .slice(0, MAX_ITEMS_SHOWN)
    .map((item): Cell[] => [
      `  ${toPlainLine(item.title === '' ? item.key : item.title, MAX_TITLE_LENGTH)}`,
      { text: item.source, paint: style.dim },
      `${formatBytes(item.lostBytes)} of ${formatBytes(item.totalBytes)}`,
      `in ${countOf(item.snapshots, 'snapshot')}, last ${describeTime(item.toMs, nowMs)}`,
    ]);
  const more = items > rows.length ? [`  and ${formatCount(items - rows.length)} more`] : [];
  const isAnythingLost = items > 0 || lostSnapshots > 0 || together.length > 0;
  return [
    ...(rows.length === 0
      ? []
      : [
          style.red('No copy is whole of'),
          ...renderTable([{ title: '' }, { title: '' }, { title: '' }, { title: '' }], rows),
          ...more,
        ]),
    ...together
      .slice(0, 1)
      .map(
        ({ takenAtMs, missingItems }) =>
          `${countOf(together.length, 'snapshot')} put together; the first of ${describeTime(takenAtMs, nowMs)}${missingItems === 0 ? '' : `, of which ${countOf(missingItems, 'item')} cannot be told`}.`,
      ),
    ...(isAnythingLost && newestWhole !== null
      ? [
          `The newest snapshot that is whole: ${shortId(newestWhole.id)}, ${describeTime(newestWhole.takenAtMs, nowMs)}.`,
        ]
      : []),
  ];
}
