// What sync keeps in the vault, sealed as settings: who is logged in, what the server has told, what leaves this device.

import { z } from 'zod';

import { syncSelectionSchema, type SyncSelection } from '../../shared/contract/sync.ts';
import { deviceIdSchema, entryHashSchema, type DeviceId } from '../../shared/replication/ids.ts';
import type { Vault } from '../vault/vault.ts';
import type { LogHead } from './plan.ts';
import type { Tokens } from './server-port.ts';

const ACCOUNT = 'sync.account';
const SEEN = 'sync.seen';
const SELECTION = 'sync.selection';

type SettingVault = Pick<Vault, 'readSetting' | 'writeSetting'>;

const accountSchema = z.object({
  server: z.string(),
  email: z.string(),
  isOn: z.boolean(),
  accessToken: z.string(),
  accessUntilMs: z.number(),
  refreshToken: z.string(),
});
export type SyncAccount = z.infer<typeof accountSchema> & Tokens;

const seenSchema = z.object({
  server: z.string().default(''),
  generation: z.string().nullable(),
  heads: z.array(z.object({ device: deviceIdSchema, index: z.number(), hash: entryHashSchema })),
  pushed: z.number().default(0),
  lastSyncAtMs: z.number().nullable(),
  slots: z.string(),
});

export interface Seen {
  /** Whose answers these are; empty where nobody was asked yet. */
  readonly server: string;
  readonly generation: string | null;
  readonly heads: ReadonlyMap<DeviceId, LogHead>;
  /** The own entry up to which the server has the log. */
  readonly pushed: number;
  readonly lastSyncAtMs: number | null;
  /** The key slots as this device has last given them to the server, by their hash. */
  readonly slots: string;
}

const NOTHING_SEEN: Seen = { server: '', generation: null, heads: new Map(), pushed: 0, lastSyncAtMs: null, slots: '' };

export const DEFAULT_SELECTION: SyncSelection = {
  withoutSources: [],
  withoutProjects: [],
  onlyProjects: [],
  sharesSettings: true,
  strategy: 'latest',
  maxKilobytesPerSecond: 0,
};

/** Null where nobody is logged in. */
export async function readAccount(vault: SettingVault): Promise<SyncAccount | null> {
  const parsed = accountSchema.safeParse(await vault.readSetting(ACCOUNT));
  return parsed.success ? parsed.data : null;
}

export function writeAccount(vault: SettingVault, account: SyncAccount | null): Promise<void> {
  return vault.writeSetting(ACCOUNT, account === null ? null : { ...account });
}

export async function readSeen(vault: SettingVault): Promise<Seen> {
  const parsed = seenSchema.safeParse(await vault.readSetting(SEEN));
  if (!parsed.success) return NOTHING_SEEN;
  const heads = new Map(parsed.data.heads.map(({ device, ...head }) => [device, head]));
  return { ...parsed.data, heads };
}

/**
 * What counts from a log-in on: another server has told nothing yet, and has no key slots. The same one keeps to what it has told, but may
 * have lost the slots.
 */
export async function beginSeen(vault: SettingVault, server: string): Promise<Seen> {
  const seen = await readSeen(vault);
  const isOther = seen.server !== '' && seen.server !== server;
  const begun = { ...(isOther ? NOTHING_SEEN : seen), server, slots: '' };
  await writeSeen(vault, begun);
  return begun;
}

export function writeSeen(vault: SettingVault, seen: Seen): Promise<void> {
  const heads = [...seen.heads].map(([device, { index, hash }]) => ({ device, index, hash }));
  return vault.writeSetting(SEEN, { ...seen, heads });
}

export async function readSelection(vault: SettingVault): Promise<SyncSelection> {
  const parsed = syncSelectionSchema.safeParse(await vault.readSetting(SELECTION));
  return parsed.success ? parsed.data : DEFAULT_SELECTION;
}

export function writeSelection(vault: SettingVault, selection: SyncSelection): Promise<void> {
  return vault.writeSetting(SELECTION, { ...selection });
}
