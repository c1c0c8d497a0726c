// A capture for people: one sentence, then its gaps.

import type { CaptureOutcome } from '../core.ts';
import { countOf, formatCount, formatDuration } from '../format/amounts.ts';
import type { Style } from '../output.ts';
import { shortId } from './ids.ts';
import { describeGap } from './gaps.ts';

export function renderCapture(outcome: CaptureOutcome, style: Style, nowMs: number): string[] {
  const { summary, gaps, durationMs } = outcome;
  const changed = summary.changed === 0 ? 'nothing changed' : `${formatCount(summary.changed)} changed`;
  const head = `Captured ${countOf(summary.items, 'item')} (${changed}) in ${formatDuration(durationMs)}: ${style.bold(shortId(summary.id))}`;
  const lines = gaps.map((gap) => `  ${style.yellow('gap')} ${describeGap(gap, nowMs)}`);
  if (summary.items === 0 && gaps.length === 0) {
    lines.push('  Nothing is open that the enabled sources can see; `cairn status` lists them.');
  }
  return [head, ...lines];
}
