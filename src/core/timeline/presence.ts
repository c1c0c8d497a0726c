// When Cairn was there: its starts with how the run before ended, and the stretches in which it watched without storing anything new
// (locked, write-only, nothing changed). Sealed in the vault; without it a silence could not be told from an absence.

import { z } from 'zod';

import { RUN_ENDS, type RunEnd } from '../../shared/model/run.ts';
import type { Vault } from '../vault/vault.ts';

const SETTING = 'presence';
const MAX_STARTS = 2_000;
const MAX_WATCHES = 2_000;

const presenceSchema = z.object({
  starts: z.array(z.object({ atMs: z.number(), after: z.enum(RUN_ENDS) })).default([]),
  watches: z.array(z.object({ fromMs: z.number(), toMs: z.number() })).default([]),
});

export interface Presence {
  /** Starts of Cairn, oldest first, and how the run before each ended. */
  readonly starts: readonly { readonly atMs: number; readonly after: RunEnd }[];
  /** Stretches in which captures were made of which none was stored, since nothing had changed. */
  readonly watches: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** What is known; nothing where nothing was noted. */
export async function readPresence(vault: Pick<Vault, 'readSetting'>): Promise<Presence> {
  const parsed = presenceSchema.safeParse((await vault.readSetting(SETTING)) ?? {});
  return parsed.success ? parsed.data : { starts: [], watches: [] };
}

/** Adds what is new; the oldest go where there are too many. */
export async function notePresence(
  vault: Pick<Vault, 'readSetting' | 'writeSetting'>,
  added: { readonly start: Presence['starts'][number] | null; readonly watches: Presence['watches'] },
): Promise<void> {
  if (added.start === null && added.watches.length === 0) return;
  const { starts, watches } = await readPresence(vault);
  const allStarts = added.start === null ? starts : [...starts, added.start];
  await vault.writeSetting(SETTING, {
    starts: allStarts.slice(-MAX_STARTS).map(({ atMs, after }) => ({ atMs, after })),
    watches: [...watches, ...added.watches].slice(-MAX_WATCHES).map(({ fromMs, toMs }) => ({ fromMs, toMs })),
  });
}
