// A restore for people: the plan step by step, each step as it is done, and the report at the end.

import type { PlannedStep, RestorePlan, RestoreReport, RestoreStep, StepStatus } from '../../shared/model/restore.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf, formatCount, joinWords } from '../format/amounts.ts';
import { renderTable, type Cell, type Paint } from '../format/table.ts';
import { describeTime } from '../format/times.ts';
import type { Style } from '../output.ts';
import type { View } from './checkpoints.ts';
import { shortId } from './ids.ts';

const MAX_KEY_LENGTH = 100;
const MAX_DETAIL_LENGTH = 400;
/** So many skipped steps with the same reason stand in a row each; more of them in one. */
const MAX_ALIKE = 5;

export function renderPlan(plan: RestorePlan, view: View & { readonly isDryRun: boolean }): string[] {
  const { style, nowMs } = view;
  const planned = plan.steps.filter(({ status }) => status === 'planned');
  const skipped = plan.steps.length - planned.length;
  const head = `${style.bold(`Restore of ${shortId(plan.snapshotId)}`)} from ${describeTime(plan.takenAtMs, nowMs)}: ${countOf(planned.length, 'step')}${skipped === 0 ? '' : `, ${formatCount(skipped)} skipped`}`;
  const lines = [head];
  for (const [source, steps] of Map.groupBy(plan.steps, (step) => step.source)) {
    lines.push('', style.bold(source), ...renderSteps(steps, view));
  }
  if (planned.length === 0)
    lines.push('', 'There is nothing to do: what was selected is open already or cannot be restored here.');
  if (view.isDryRun && planned.length > 0) lines.push('', 'Nothing was done. Without --dry-run, exactly this is done.');
  return [...lines, ''];
}

function renderSteps(steps: readonly PlannedStep[], view: View): string[] {
  // A thousand shells that have ended are skipped for one reason.
  const alike = Map.groupBy(steps, (step) => (step.status === 'skipped' ? `${step.action}\0${step.detail}` : step.key));
  const told = [...alike.values()].flatMap((group) => {
    const [first] = group;
    const isOne = first?.status === 'skipped' && group.length > MAX_ALIKE;
    return isOne ? [{ step: first, more: group.length - 1 }] : group.map((step) => ({ step, more: 0 }));
  });
  const rows = told.map(({ step, more }): Cell[] => [
    statusCell(step.status, view.style),
    {
      text: `${toPlainLine(step.key, MAX_KEY_LENGTH)}${more === 0 ? '' : ` and ${formatCount(more)} more`}`,
      paint: view.style.cyan,
    },
    toPlainLine(step.action, MAX_KEY_LENGTH),
    { text: toPlainLine(step.detail, MAX_DETAIL_LENGTH), paint: step.status === 'skipped' ? view.style.dim : asItIs },
  ]);
  const columns = [{ title: '' }, { title: '' }, { title: '' }, { title: '' }];
  return renderTable(columns, rows).map((line) => `  ${line}`);
}

/** One step as it was done. */
export function renderStep(step: RestoreStep, view: View): string {
  const { text, paint } = statusCell(step.status, view.style);
  return `  ${paint(text.padEnd('planned'.length))}  ${view.style.cyan(toPlainLine(step.key, MAX_KEY_LENGTH))}  ${toPlainLine(step.detail, MAX_DETAIL_LENGTH)}`;
}

/** The sum of what was done; the steps were printed as they came. */
export function renderReport(report: RestoreReport, view: View & { readonly isUndo?: boolean }): string[] {
  const { style } = view;
  const counts = Map.groupBy(report.steps, ({ status }) => status);
  const order: readonly StepStatus[] = ['done', 'skipped', 'failed', 'planned'];
  const words = order.flatMap((status) => {
    const { length } = counts.get(status) ?? [];
    return length === 0 ? [] : [statusCell(status, style).paint(`${formatCount(length)} ${status}`)];
  });
  const sum = words.length === 0 ? 'nothing to do' : joinWords(words);
  const hasDone = counts.has('done');
  return [
    '',
    `${style.bold(view.isUndo === true ? 'Undone' : 'Restored')}: ${sum}.`,
    ...(report.undo !== null && hasDone && view.isUndo !== true
      ? [`\`cairn restore --undo\` takes it back. The state before it is snapshot ${shortId(report.undo)}.`]
      : []),
  ];
}

function statusCell(status: StepStatus, style: Style): { readonly text: string; readonly paint: Paint } {
  const paints: Readonly<Record<StepStatus, Paint>> = {
    planned: asItIs,
    done: style.green,
    skipped: style.dim,
    failed: style.red,
  };
  return { text: status, paint: paints[status] };
}

function asItIs(text: string): string {
  return text;
}
