// Starts a merge in a thread of its own.

import type { MergeChoices } from '../../../shared/merge/merge-choices.ts';
import type { MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import type { VaultSecret } from '../vault-client.ts';
import type { LongWorkOptions } from '../vault.ts';
import { startWorkerTask } from '../worker-task.ts';
import type { MergeReport } from './merge-report.ts';

export interface MergeOptions extends LongWorkOptions {
  /** `vault.db` in the data folder; closed in this process. */
  readonly path: string;
  readonly secret: VaultSecret;
  readonly nowMs: number;
  /** The other vault's file. */
  readonly other: string;
  /** What opens it where it is a vault of its own. */
  readonly otherSecret: VaultSecret | null;
  readonly strategy: MergeStrategy;
  /** What was chosen, for `manual`. */
  readonly choices: MergeChoices;
  readonly isDryRun: boolean;
}

/** @throws AppError as `mergeVaults` */
export async function startMerge({ signal, onProgress, ...options }: MergeOptions): Promise<MergeReport> {
  const { path, nowMs, ...rest } = options;
  const control = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
  const answer = await startWorkerTask('merge', { path, nowMs, open: { type: 'merge', ...rest } }, control);
  return answer as MergeReport; // what the worker does for `merge`
}
