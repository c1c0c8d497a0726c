// The inbox (V5): captures taken while the vault is locked. Whoever holds only the public key can add; at the next unlock each
// deposit is opened, checked, deduplicated and becomes a snapshot of its own time. A deposit that does not open stays and is said.

import { deserialize, serialize } from 'node:v8';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import type { RandomBytes } from '../../crypto/cipher.ts';
import { openInboxDeposit, sealToInbox } from '../../crypto/inbox-seal.ts';
import { openReadDatabase, openWriteDatabase, type WriteDb } from '../database.ts';
import { withStorageErrors } from '../errors.ts';
import { readPublicHeader } from '../keyring/open-keyring.ts';
import { createBodyCache, saveSnapshot } from '../log/save-snapshot.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { OpeningNotice, SaveRequest } from '../vault.ts';
import type { Presence } from '../presence.ts';
import { enterVault } from '../replace-vault.ts';
import type { VaultFiles } from '../vault-files.ts';

const MAX_DEPOSIT_BYTES = 1024 * 1024 * 1024;

/** The writing end, for a locked vault: needs no secret and can read nothing. */
export class InboxWriter {
  readonly #db: WriteDb;
  readonly #vaultId: Buffer;
  readonly #publicKey: Buffer;
  readonly #random: RandomBytes;
  readonly #presence: Presence;

  private constructor(db: WriteDb, vaultId: Buffer, publicKey: Buffer, presence: Presence, random: RandomBytes) {
    this.#db = db;
    this.#presence = presence;
    this.#vaultId = vaultId;
    this.#publicKey = publicKey;
    this.#random = random;
  }

  static open(files: VaultFiles, random: RandomBytes): InboxWriter {
    const presence = enterVault(files);
    try {
      const readDb = openReadDatabase(files.database);
      try {
        const { vaultId, publicKey } = readPublicHeader(readDb, files.sidecar);
        return new InboxWriter(openWriteDatabase(files.database), vaultId, publicKey, presence, random);
      } finally {
        readDb.close();
      }
    } catch (error) {
      presence.close();
      throw error;
    }
  }

  /** Adds a capture; acknowledged once it returns. Its streams must be whole: nothing can be looked up while locked. */
  deposit(request: SaveRequest): number {
    const plain = zstdCompressSync(serialize(request));
    return withStorageErrors('Saving the capture', () =>
      this.#db
        .transaction(() => {
          const number = Number(this.#db.prepare('SELECT coalesce(max(deposit), 0) + 1 FROM inbox').pluck().get());
          const sealed = sealToInbox(this.#publicKey, this.#vaultId, number, plain, this.#random);
          this.#db.prepare('INSERT INTO inbox (deposit, bytes) VALUES (?, ?)').run(number, sealed);
          return number;
        })
        .immediate(),
    );
  }

  close(): void {
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
    this.#db.close();
    this.#presence.close();
  }
}

/** True where captures wait that were taken while the vault was locked. */
export function hasDeposits(state: VaultState): boolean {
  return state.readDb.prepare('SELECT 1 FROM inbox LIMIT 1').pluck().get() !== undefined;
}

/** Turns all deposits into snapshots, oldest first. Call with the writer's lock held. */
export async function drainInbox(
  state: VaultState,
  deps: { readonly random: RandomBytes; readonly maxSnapshotBytes: number },
): Promise<OpeningNotice[]> {
  const numbers = state.writeDb
    .prepare<[], { deposit: number }>('SELECT deposit FROM inbox ORDER BY deposit')
    .all()
    .map((row) => row.deposit);
  if (numbers.length === 0) return [];
  const pair = state.keyring.inboxKeys();
  let taken = 0;
  let refused = 0;
  for (const number of numbers) {
    const bytes: unknown = state.writeDb.prepare('SELECT bytes FROM inbox WHERE deposit = ?').pluck().get(number);
    const plain = Buffer.isBuffer(bytes) ? openInboxDeposit(pair, state.keys.vaultId, number, bytes) : null;
    const request = plain === null ? null : parseDeposit(plain);
    if (request === null) {
      refused += 1;
      continue;
    }
    await saveSnapshot({ state, ...deps }, request, new Map(), createBodyCache());
    // A kill between the two saves the capture twice, which deduplication makes harmless; it is never lost.
    withStorageErrors('Emptying the inbox', () =>
      state.writeDb.prepare('DELETE FROM inbox WHERE deposit = ?').run(number),
    );
    taken += 1;
  }
  pair.privateKey.wipe();
  const notices: OpeningNotice[] = [];
  if (taken > 0)
    notices.push({
      code: 'inbox-drained',
      message: `${taken} captures from the locked time were taken into the vault.`,
    });
  if (refused > 0)
    notices.push({
      code: 'inbox-drained',
      message: `${refused} captures from the locked time do not authenticate; they were left where they are.`,
    });
  return notices;
}

/** The deposit authenticated, but anybody who reads the file can write to the inbox: its shape is checked, and nothing is run. */
export function parseDeposit(plain: Buffer): SaveRequest | null {
  try {
    const value: unknown = deserialize(zstdDecompressSync(plain, { maxOutputLength: MAX_DEPOSIT_BYTES }));
    return isSaveRequest(value) ? value : null;
  } catch {
    return null; // no deposit of ours
  }
}

function isSaveRequest(value: unknown): value is SaveRequest {
  if (typeof value !== 'object' || value === null) return false;
  const request = value as Partial<Record<keyof SaveRequest, unknown>>; // an object, checked above
  return (
    typeof request.takenAtMs === 'number' &&
    typeof request.kind === 'string' &&
    Array.isArray(request.items) &&
    request.items.every(isWholeItem) &&
    Array.isArray(request.carried) &&
    Array.isArray(request.gaps) &&
    Array.isArray(request.goodSources)
  );
}

function isWholeItem(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const item = value as Record<string, unknown>; // an object, checked above
  const isNamed = ['key', 'kind', 'source', 'group', 'title'].every((name) => typeof item[name] === 'string');
  return isNamed && typeof item['attributes'] === 'object' && Array.isArray(item['streams']);
}
