import type { EntryKind, IndexRange } from '../../../shared/replication/entry.ts';
import type { ObjectId } from '../../../shared/replication/ids.ts';
import type { ReplicaEvent } from './events.ts';
import type { ToldSnapshots } from './log-pictures.ts';

/** An entry that waits to be signed. */
export interface Draft {
  readonly kind: EntryKind;
  readonly events: readonly ReplicaEvent[];
  /** Ascending. */
  readonly requires: readonly ObjectId[];
  /** Of snapshots: where the entry stands among them. */
  readonly told?: ToldSnapshots;
  readonly retires?: readonly IndexRange[];
}
