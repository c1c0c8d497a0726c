// Who captures right now: a sealed note that `cairn run` leaves in the vault while it runs, and that `cairn status` reads.

import type { Vault } from '../core/vault/vault.ts';

const RUNNER_SETTING = 'runner';

export interface Runner {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly intervalMs: number;
}

/** The runner last noted, or null. After a crash the note is still there: ask whether its process lives. */
export async function readRunner(vault: Vault): Promise<Runner | null> {
  const setting = await vault.readSetting(RUNNER_SETTING);
  const { pid, startedAtMs, intervalMs } = setting ?? {};
  if (typeof pid !== 'number' || typeof startedAtMs !== 'number' || typeof intervalMs !== 'number') return null;
  return { pid, startedAtMs, intervalMs };
}

export async function writeRunner(vault: Vault, runner: Runner | null): Promise<void> {
  await vault.writeSetting(RUNNER_SETTING, runner === null ? null : { ...runner });
}
