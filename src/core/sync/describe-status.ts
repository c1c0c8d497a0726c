// How sync stands, as everything outside of it sees it.

import type { SyncStatus } from '../../shared/contract/sync.ts';
import type { ReplicaIdentity } from '../vault/vault-replica.ts';
import type { Connection } from './connection.ts';
import type { SyncAccount } from './sync-records.ts';
import type { RoundProgress, Trouble } from './sync-round.ts';

export interface SyncFacts {
  readonly account: SyncAccount | null;
  readonly identity: ReplicaIdentity | null;
  readonly connection: Pick<Connection, 'state' | 'error' | 'retryAtMs'>;
  /** The own entry up to which the server has the log. */
  readonly pushed: number;
  readonly progress: RoundProgress | null;
  readonly lastSyncAtMs: number | null;
  readonly troubles: readonly Trouble[];
  readonly pendingJoins: number;
  readonly conflicts: number;
}

export function describeStatus(facts: SyncFacts): SyncStatus {
  const { account, identity, connection, pushed, progress, troubles, pendingJoins, conflicts } = facts;
  const { state, error, retryAtMs } = connection;
  const isOn = account?.isOn === true;
  return {
    isOn,
    state: isOn ? state : 'off',
    account: account === null ? null : { server: account.server, email: account.email },
    device: identity === null ? null : { id: identity.deviceId, name: identity.name },
    waiting:
      account === null || identity === null
        ? { snapshots: 0, entries: 0 }
        : { snapshots: identity.waitingSnapshots, entries: Math.max(0, identity.headIndex - pushed) },
    progress,
    lastSyncAt: toIso(facts.lastSyncAtMs),
    retryAt: toIso(retryAtMs),
    error: error === null ? null : { ...error },
    troubles: troubles.map(({ error: found, ...trouble }) => ({ ...trouble, error: { ...found } })),
    pendingJoins,
    conflicts,
  };
}

function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
