// Publishing as the server starts it: with the server's key, which is made at the first start and never once something is sealed under one.

import { join } from 'node:path';

import { createAccountNames } from '../auth/account-names.ts';
import { loadServerKeysSync, type ServerKeys } from '../encryption/server-keys.ts';
import type { Db } from '../store/store.ts';
import { createPublishing, type Publishing } from './create-publishing.ts';

const KEY_FILE = 'server.key';

export interface OpenPublishingOptions {
  readonly db: Db;
  readonly dataFolder: string;
  /** The keys as they are given in the environment; null: the key file. */
  readonly serverKey: string | null;
  /** True where webhooks may go to private addresses, and without TLS. */
  readonly webhooksMayBePrivate: boolean;
  /** What an account may have published, in sealed bytes. */
  readonly maxPublishedBytes: number;
  readonly nowMs: () => number;
  /** Adds to a counter of the metrics. */
  readonly count: (name: string, amount: number) => void;
  readonly onTrouble: (what: string) => void;
}

/** @throws AppError SERVER_KEY_UNREADABLE */
export async function openPublishing(options: OpenPublishingOptions): Promise<Publishing> {
  const { db, nowMs, count, onTrouble, maxPublishedBytes: maxBytes, webhooksMayBePrivate: mayBePrivate } = options;
  const publishing = createPublishing({
    db,
    serverKeys: await loadKeys(options),
    names: createAccountNames(db),
    nowMs,
    random: Math.random,
    webhookRules: { mayBePrivate },
    maxBytes,
    count,
    onTrouble,
  });
  publishing.start();
  return publishing;
}

/** The key of the server. @throws AppError SERVER_KEY_UNREADABLE */
export async function loadKeys({
  db,
  dataFolder,
  serverKey,
}: Pick<OpenPublishingOptions, 'db' | 'dataFolder' | 'serverKey'>): Promise<ServerKeys> {
  const sealed = await db.selectFrom('owner_keys').select('owner_id').limit(1).execute();
  const place = { environment: serverKey ?? undefined, path: keyPath(dataFolder) };
  return loadServerKeysSync(place, { mayCreate: sealed.length === 0 });
}

export function keyPath(dataFolder: string): string {
  return join(dataFolder, KEY_FILE);
}
