// Edits that were made apart, with what is shown and what else there is (S7).

import type { FieldVersion, MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import type { FieldConflict } from '../vault-replica.ts';
import { conflictsOf } from './checkpoint-fields.ts';
import type { FieldStore } from './field-store.ts';

export function listConflicts(fields: FieldStore, strategy: MergeStrategy): FieldConflict[] {
  return fields.entities().flatMap((entity) =>
    conflictsOf(fields.fieldsOf(entity), strategy).map(({ field, view }) => ({
      entity,
      field,
      current: told(view.current),
      others: view.others.map(told),
    })),
  );
}

function told({ value, device, clock }: FieldVersion): FieldConflict['current'] {
  return { value, device, atMs: clock?.wallMs ?? null };
}
