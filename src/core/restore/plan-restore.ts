// Plans a restore: every selected item gets at least one step, in words. What the plan says is exactly what is done.

import type { SnapshotItem } from '../../shared/model/item.ts';
import type { PlannedStep } from '../../shared/model/restore.ts';
import type { RestoreContext, Source } from '../sources/source.ts';

/** Transcripts are there before the terminals whose programs may read them at once; slow and independent things last. */
const KIND_ORDER = ['conversation', 'terminal', 'tab', 'document', 'repository'] as const;

export async function planSteps(context: RestoreContext, sources: readonly Source[]): Promise<PlannedStep[]> {
  const steps: PlannedStep[] = [];
  for (const kind of KIND_ORDER) {
    const items = context.selected.filter((item) => item.kind === kind);
    for (const id of new Set(items.map((item) => item.source))) {
      context.signal.throwIfAborted();
      const ofSource = items.filter((item) => item.source === id);
      const source = sources.find((other) => other.id === id);
      steps.push(
        ...(source === undefined
          ? ofSource.map((item) => skipped(item, `This Cairn has no source "${id}".`))
          : await planOfSource(source, ofSource, context)),
      );
    }
  }
  return steps;
}

async function planOfSource(
  source: Source,
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Promise<PlannedStep[]> {
  try {
    const steps = await source.planRestore(items, context);
    const planned = new Set(steps.map((step) => step.key));
    const missing = items
      .filter((item) => !planned.has(item.key))
      .map((item) => skipped(item, 'Its source has no way to restore it.'));
    return [...steps.map((step) => withAge(step, items)), ...missing];
  } catch (error) {
    if (context.signal.aborted) throw error;
    const why = error instanceof Error ? error.message : 'unknown reason';
    return items.map((item) => skipped(item, `${source.title} could not plan it: ${why}`));
  }
}

/** An item that could not be read at the snapshot's time says from when it is. */
function withAge(step: PlannedStep, items: readonly SnapshotItem[]): PlannedStep {
  const item = items.find((other) => other.key === step.key);
  if (item?.stale !== true || item.goodAtMs === undefined) return step;
  return {
    ...step,
    detail: `${step.detail} (As it was at ${new Date(item.goodAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC.)`,
  };
}

function skipped(item: SnapshotItem, detail: string): PlannedStep {
  return { key: item.key, source: item.source, action: 'skip', status: 'skipped', detail, payload: null };
}
