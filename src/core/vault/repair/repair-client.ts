// Starts a repair in a thread of its own.

import type { VaultSecret } from '../vault-client.ts';
import type { LongWorkOptions } from '../vault.ts';
import { startWorkerTask } from '../worker-task.ts';
import type { RepairReport } from './repair-vault.ts';

export interface RepairOptions extends LongWorkOptions {
  /** `vault.db` in the data folder; closed in this process. */
  readonly path: string;
  readonly secret: VaultSecret;
  readonly nowMs: number;
  /** Files in which a record may stand a second time, the newest first. */
  readonly backups: readonly string[];
  /** Only says what a repair would win and lose. */
  readonly isDryRun?: boolean;
}

/** @throws AppError as `repairVault` */
export async function startRepair({ signal, onProgress, ...options }: RepairOptions): Promise<RepairReport> {
  const { path, secret, nowMs, backups, isDryRun = false } = options;
  const control = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
  const start = { path, nowMs, open: { type: 'repair', secret, backups, isDryRun } } as const;
  return (await startWorkerTask('repair', start, control)) as RepairReport; // what the worker does for `repair`
}
