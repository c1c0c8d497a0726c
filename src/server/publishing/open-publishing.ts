// Publishing as the server starts it: with the server's key, which is made at the first start and never once something is sealed under one.

import { AppError } from '../../shared/model/app-error.ts';
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
  const used = await db.selectFrom('owner_keys').select('server_key_id').distinct().execute();
  const place = { environment: serverKey ?? undefined, path: keyPath(dataFolder) };
  const keys = loadServerKeysSync(place, { mayCreate: used.length === 0 });
  // Told at the start, while the key is at hand, and not to the first user whose sessions need it.
  if (used.some(({ server_key_id }) => !keys.ids.has(server_key_id))) throw keyMissing();
  return keys;
}

function keyMissing(): AppError {
  return new AppError(
    'SERVER_KEY_UNREADABLE',
    'Sessions are sealed under a key of the server that is not given any more.',
    {
      hint: 'Give it behind the new one (NEW,OLD), run `cairn server rotate-keys` while no server runs, and only then drop it.',
    },
  );
}

export function keyPath(dataFolder: string): string {
  return join(dataFolder, KEY_FILE);
}
