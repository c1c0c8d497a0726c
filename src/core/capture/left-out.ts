// What captures left out because the user said so: how many items of which source, and by what kind of word. Never which ones, and never by
// which rule: that would keep what was to be hidden.

import { z } from 'zod';

import { leftOutSchema, type LeftOut } from '../../shared/model/left-out.ts';
import type { Vault } from '../vault/vault.ts';

/** From then on, until the next entry. */
export interface LeftOutEntry {
  readonly atMs: number;
  readonly leftOut: readonly LeftOut[];
}

const SETTING = 'leftOut';
/** Changes, not captures: a busy week has fewer. */
const MAX_ENTRIES = 300;

const storedSchema = z.object({
  entries: z.array(z.object({ atMs: z.number(), leftOut: z.array(leftOutSchema) })),
});

/** The entries, oldest first; none where nothing was ever left out. */
export async function readLeftOut(vault: Pick<Vault, 'readSetting'>): Promise<readonly LeftOutEntry[]> {
  const parsed = storedSchema.safeParse(await vault.readSetting(SETTING));
  return parsed.success ? parsed.data.entries : [];
}

/** Notes what a capture left out, where that is something else than the capture before did. */
export async function noteLeftOut(
  vault: Pick<Vault, 'readSetting' | 'writeSetting'>,
  { atMs, leftOut }: LeftOutEntry,
): Promise<void> {
  const entries = await readLeftOut(vault);
  if (JSON.stringify(entries.at(-1)?.leftOut ?? []) === JSON.stringify(leftOut)) return;
  const kept = [...entries, { atMs, leftOut }].slice(-MAX_ENTRIES);
  await vault.writeSetting(SETTING, {
    entries: kept.map((entry) => ({ atMs: entry.atMs, leftOut: entry.leftOut.map((part) => ({ ...part })) })),
  });
}
