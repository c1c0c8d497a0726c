// What time it is for retention. A clock that is wrong by years (a dead battery, a mistyped year, a virtual machine that was put back) must
// not let snapshots go that are young: this clock follows the wall's, but forward it goes a day at most from one thinning to the next.

import { z } from 'zod';

import type { Vault } from '../vault/vault.ts';

const SETTING = 'retention-time';
/** Thinning takes place every six hours: a machine that was off for a year has caught up after three months, and keeps more until then. */
const MAX_STEP_MS = 86_400_000;

const settingSchema = z.object({ atMs: z.number() });

type TimeVault = Pick<Vault, 'readSetting' | 'writeSetting'>;

/** The time to thin by; it counts as come once `noteRetentionTime` was called with it. A clock that was set back is followed at once. */
export async function readRetentionTime(vault: TimeVault, nowMs: number): Promise<number> {
  const before = settingSchema.safeParse(await vault.readSetting(SETTING));
  return before.success ? Math.min(nowMs, before.data.atMs + MAX_STEP_MS) : nowMs;
}

export async function noteRetentionTime(vault: TimeVault, atMs: number): Promise<void> {
  await vault.writeSetting(SETTING, { atMs });
}
