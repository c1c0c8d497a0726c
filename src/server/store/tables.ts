// The tables as Kysely sees them. A part of the server that has tables of its own declares them beside its code and joins them here; its
// migration stands in migrations/. Every table that belongs to somebody begins its key with the owner (S30).

import type { AccountTables } from '../auth/account-tables.ts';
import type { PublishingTables } from '../publishing/tables.ts';
import type { ReplicaTables } from '../replication/replica-tables.ts';

export interface ServerTables extends AccountTables, ReplicaTables, PublishingTables {
  readonly server_state: ServerStateTable;
}

/** Facts about the whole server: its generation. */
interface ServerStateTable {
  readonly name: string;
  readonly value: string;
}
