// Everything that `cairn status` tells, as plain data.

import type { LeftOut } from '../../shared/model/left-out.ts';
import type { KeysInfo, VaultHealth, VaultStatistics } from '../../core/vault/vault.ts';
import type { Gap, SnapshotSummary } from '../../shared/model/snapshot.ts';
import type { CliSettings } from '../core.ts';
import type { RunningCaptures } from './running-captures.ts';
import type { Runner } from '../runner.ts';

export interface VaultFacts {
  readonly nowMs: number;
  readonly home: string;
  readonly settings: CliSettings;
  readonly statistics: VaultStatistics;
  readonly keys: KeysInfo;
  readonly health: VaultHealth;
  readonly newest: SnapshotSummary | null;
  readonly gaps: readonly Gap[];
  /** What captures leave out now because the user said so. */
  readonly leftOut: readonly LeftOut[];
  /** The `cairn run` that captures now, or null. */
  readonly runner: Runner | null;
  /** What a running desktop app or `cairn serve` says, or null. */
  readonly app: RunningCaptures | null;
}

export interface VaultStatus extends VaultFacts {
  /** What to do next, the most pressing first, as sentences. */
  readonly advice: readonly string[];
}
