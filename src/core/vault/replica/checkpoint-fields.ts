// Checkpoints as fields that several devices edit (S7): from records to versions, and back. A tombstone hides a checkpoint until a later
// edit brings it back.

import { PRIORITIES, type Checkpoint } from '../../../shared/model/checkpoint.ts';
import type { CheckpointId, SnapshotId } from '../../../shared/model/ids.ts';
import type { JsonValue } from '../../../shared/model/json.ts';
import { compareClocks, NO_CLOCK, tickClock } from '../../../shared/merge/hybrid-clock.ts';
import {
  isSameValue,
  viewField,
  writeField,
  type FieldState,
  type FieldView,
  type MergeStrategy,
} from '../../../shared/merge/merge-fields.ts';
import type { HybridClock } from '../../../shared/replication/entry.ts';
import type { FieldChange, MergedFields } from '../vault-replica.ts';

const PREFIX = 'checkpoint:';
const DELETED = 'deleted';
const FIELDS = [
  'snapshotId',
  'name',
  'description',
  'tags',
  'priority',
  'pinned',
  'createdAtMs',
  'updatedAtMs',
] as const;
/** Fields that follow from an edit: nobody need choose between them. */
const SILENT = new Set<string>(['updatedAtMs']);

export function entityOf(id: CheckpointId): string {
  return `${PREFIX}${id}`;
}

/** The checkpoint that an entity is; null where it is something else. */
export function checkpointIdOf(entity: string): CheckpointId | null {
  const id = entity.slice(PREFIX.length);
  return entity.startsWith(PREFIX) && /^[0-9a-f]{16}$/.test(id) ? (id as CheckpointId) : null; // checked here
}

export interface Stamper {
  readonly device: string;
  /** The stamp after the one given last. */
  next(): HybridClock;
}

export function createStamper(
  device: string,
  last: HybridClock,
  nowMs: number,
): Stamper & { readonly last: HybridClock } {
  let clock = last;
  return {
    device,
    next: () => {
      clock = tickClock(clock, nowMs);
      return clock;
    },
    get last() {
      return clock;
    },
  };
}

/** What others must hear of a checkpoint as it stands now. */
export function changesOf(
  checkpoint: Checkpoint,
  known: ReadonlyMap<string, FieldState>,
  stamper: Stamper,
  strategy: MergeStrategy,
): FieldChange[] {
  const changed = FIELDS.filter((field) => {
    const view = viewField(known.get(field) ?? [], strategy);
    return view === null || !isSameValue(view.current.value, checkpoint[field]);
  });
  return changed.map((field) => changeOf(entityOf(checkpoint.id), field, checkpoint[field], known, stamper));
}

export function deletionOf(id: CheckpointId, known: ReadonlyMap<string, FieldState>, stamper: Stamper): FieldChange {
  return changeOf(entityOf(id), DELETED, true, known, stamper);
}

/**
 * One new version of one field, in the place of what is known, and newer than anything known of its entity: also where another device's
 * clock runs ahead, whoever deletes or edits has seen what it wrote.
 */
export function changeOf(
  entity: string,
  field: string,
  value: JsonValue,
  known: ReadonlyMap<string, FieldState>,
  stamper: Stamper,
): FieldChange {
  const clock = clockAfter(stamper.next(), known);
  const { version } = writeField(known.get(field) ?? [], value, { clock, device: stamper.device });
  return { entity, field, version };
}

function clockAfter(own: HybridClock, known: ReadonlyMap<string, FieldState>): HybridClock {
  let newest = NO_CLOCK;
  for (const { clock } of [...known.values()].flat())
    if (clock !== null && compareClocks(clock, newest) > 0) newest = clock;
  return compareClocks(own, newest) > 0 ? own : tickClock(newest, own.wallMs);
}

/** The checkpoints that these entities are, with null for a deleted one; without what is none or makes no sense. */
export function checkpointsFrom(
  entities: Iterable<string>,
  fieldsOf: (entity: string) => ReadonlyMap<string, FieldState>,
  strategy: MergeStrategy,
): MergedFields['checkpoints'] {
  return [...entities].flatMap((entity) => {
    const id = checkpointIdOf(entity);
    const checkpoint = id === null ? null : checkpointFrom(id, fieldsOf(entity), strategy);
    if (id === null || checkpoint === null) return [];
    return [{ id, checkpoint: checkpoint === 'deleted' ? null : checkpoint }];
  });
}

/** `deleted`: a tombstone that nothing newer contradicts. Null where something is missing or makes no sense. */
export function checkpointFrom(
  id: CheckpointId,
  fields: ReadonlyMap<string, FieldState>,
  strategy: MergeStrategy,
): Checkpoint | 'deleted' | null {
  if (isDeleted(fields)) return 'deleted';
  const value = (name: (typeof FIELDS)[number]): JsonValue | undefined =>
    viewField(fields.get(name) ?? [], strategy)?.current.value;
  const [snapshotId, name, description, tags, priority] = [
    value('snapshotId'),
    value('name'),
    value('description'),
    value('tags'),
    PRIORITIES.find((known) => known === value('priority')),
  ];
  const [pinned, createdAtMs, updatedAtMs] = [value('pinned'), value('createdAtMs'), value('updatedAtMs')];
  if (
    typeof snapshotId !== 'string' ||
    typeof name !== 'string' ||
    typeof description !== 'string' ||
    !Array.isArray(tags) ||
    priority === undefined ||
    typeof pinned !== 'boolean' ||
    typeof createdAtMs !== 'number' ||
    typeof updatedAtMs !== 'number'
  )
    return null;
  const texts = (tags as readonly unknown[]).filter((tag) => typeof tag === 'string');
  return {
    id,
    snapshotId: snapshotId as SnapshotId, // a device of this vault wrote it; it is looked up, not trusted
    name,
    description,
    tags: texts,
    priority,
    pinned,
    createdAtMs,
    updatedAtMs,
  };
}

function isDeleted(fields: ReadonlyMap<string, FieldState>): boolean {
  const [tombstone] = fields.get(DELETED) ?? [];
  if (tombstone?.value !== true) return false;
  const at = tombstone.clock ?? NO_CLOCK;
  for (const [name, versions] of fields) {
    if (name !== DELETED && versions.some(({ clock }) => clock !== null && compareClocks(clock, at) > 0)) return false;
  }
  return true;
}

/** Fields that were edited apart, with what is shown and what else there is. */
export function conflictsOf(
  fields: ReadonlyMap<string, FieldState>,
  strategy: MergeStrategy,
): { readonly field: string; readonly view: FieldView }[] {
  const conflicts: { field: string; view: FieldView }[] = [];
  for (const [field, versions] of fields) {
    const view = SILENT.has(field) ? null : viewField(versions, strategy);
    if (view !== null && view.others.length > 0) conflicts.push({ field, view });
  }
  return conflicts;
}
