// How large the vault was on each day, and what each source held then: one small record a day, sealed in the vault. Growth cannot be told
// from one look, since old snapshots are thinned.

import { z } from 'zod';

import type { SnapshotItem } from '../../shared/model/item.ts';
import type { Vault } from '../vault/vault.ts';

const SETTING = 'growth';
const MAX_DAYS = 400;

const growthSchema = z.object({
  days: z.array(z.object({ day: z.iso.date(), fileBytes: z.number(), bySource: z.record(z.string(), z.number()) })),
});

/** The last look at a day. */
export interface DayOfGrowth {
  /** In UTC: `2026-11-20`. */
  readonly day: string;
  readonly fileBytes: number;
  /** Bytes of the newest snapshot's streams, uncompressed, by source. */
  readonly bySource: Readonly<Record<string, number>>;
}

/** Oldest first. */
export async function readGrowth(vault: Pick<Vault, 'readSetting'>): Promise<readonly DayOfGrowth[]> {
  const parsed = growthSchema.safeParse(await vault.readSetting(SETTING));
  return parsed.success ? parsed.data.days : [];
}

/** Notes how large everything is now, in place of an earlier look at the same day. */
export async function noteGrowth(
  vault: Pick<Vault, 'readSetting' | 'writeSetting'>,
  now: { readonly atMs: number; readonly fileBytes: number; readonly items: readonly SnapshotItem[] },
): Promise<void> {
  const day = dayOf(now.atMs);
  const earlier = (await readGrowth(vault)).filter((other) => other.day < day);
  const days = [...earlier, { day, fileBytes: now.fileBytes, bySource: bytesBySource(now.items) }];
  await vault.writeSetting(SETTING, {
    days: days.slice(-MAX_DAYS).map(({ bySource, ...rest }) => ({ ...rest, bySource: { ...bySource } })),
  });
}

export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function bytesBySource(items: readonly SnapshotItem[]): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const { source, streams } of items)
    bytes[source] = (bytes[source] ?? 0) + streams.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return bytes;
}
