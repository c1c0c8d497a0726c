// The steps of a plan, a run or a report in words, and grouped as people read them. Pure.

import type { RestoreStepView } from '../../../shared/contract/schemas.ts';
import { STEP_STATUSES, type StepStatus } from '../../../shared/model/restore.ts';

export const STATUS_WORDS: Readonly<Record<StepStatus, string>> = {
  planned: 'planned',
  done: 'done',
  skipped: 'skipped',
  failed: 'failed',
};

/** `open-pane` as "Open pane". */
export function actionWords(action: string): string {
  const words = action.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function countSteps(steps: readonly RestoreStepView[]): Readonly<Record<StepStatus, number>> {
  const counts = { planned: 0, done: 0, skipped: 0, failed: 0 };
  for (const { status } of steps) counts[status] += 1;
  return counts;
}

/** Items that something would be done for. */
export function countPlanned(steps: readonly RestoreStepView[]): number {
  return new Set(steps.filter(({ status }) => status === 'planned').map(({ key }) => key)).size;
}

/** "38 done, 1 skipped, 1 failed"; statuses that no step has are left out. */
export function countWords(steps: readonly RestoreStepView[]): string {
  const counts = countSteps(steps);
  const parts = (['planned', 'done', 'skipped', 'failed'] as const).flatMap((status) =>
    counts[status] === 0 ? [] : [`${counts[status]} ${STATUS_WORDS[status]}`],
  );
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

export interface StepGroup {
  readonly status: StepStatus;
  readonly steps: readonly RestoreStepView[];
}

/** What failed first, then what is to be done or was, then what is left out. */
export function groupSteps(steps: readonly RestoreStepView[]): StepGroup[] {
  const order: readonly StepStatus[] = ['failed', 'planned', 'done', 'skipped'];
  return order
    .filter((status) => STEP_STATUSES.includes(status))
    .map((status) => ({ status, steps: steps.filter((step) => step.status === status) }))
    .filter((group) => group.steps.length > 0);
}

/** The plan with what has become of its steps so far: by item and action, then by item. Steps that were not planned stand at the end. */
export function mergeSteps(
  planned: readonly RestoreStepView[],
  told: readonly RestoreStepView[],
): readonly RestoreStepView[] {
  const merged = [...planned];
  const isTold = new Set<number>();
  const settle = (step: RestoreStepView, matches: (other: RestoreStepView) => boolean): boolean => {
    const at = merged.findIndex((other, index) => !isTold.has(index) && other.key === step.key && matches(other));
    if (at < 0) return false;
    merged[at] = step;
    isTold.add(at);
    return true;
  };
  const others = told.filter((step) => !settle(step, ({ action }) => action === step.action));
  const extra = others.filter((step) => !settle(step, () => true));
  return [...merged, ...extra];
}

/** The steps of a restore that ended early: what it did not get to is skipped. */
export function leaveOut(steps: readonly RestoreStepView[]): readonly RestoreStepView[] {
  return steps.map((step) =>
    step.status === 'planned' ? { ...step, status: 'skipped', detail: 'The restore ended before it.' } : step,
  );
}
