// A random key for every owner, wrapped by the server's key. A rotation adds a version: what is new is sealed under it, what is there
// stays readable and is sealed anew in the background, so nothing ever waits.

import { AppError } from '../../shared/model/app-error.ts';
import type { OwnerId } from '../publishing/tables.ts';
import { newKey } from './cipher.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import type { Db } from '../store/store.ts';

/** The version of the key that names are hashed and audit entries chained with; it seals nothing and is never replaced. */
const LOOKUP_VERSION = 0;
const FIRST_VERSION = 1;
/** Unwrapped keys that are held, so that a list of sessions does not ask a key service for each. */
const MAX_CACHED = 1_000;

export interface OwnerKey {
  readonly version: number;
  readonly key: Buffer;
}

export interface OwnerKeysDeps {
  /** Never a transaction: a key that were taken back with one would still be held here. */
  readonly db: Db;
  readonly wrapper: KeyWrapper;
  readonly nowMs: () => number;
}

export class OwnerKeys {
  readonly #deps: OwnerKeysDeps;
  readonly #cache = new Map<string, Buffer>();

  constructor(deps: OwnerKeysDeps) {
    this.#deps = deps;
  }

  /** The key that seals what is new; made once. */
  async current(owner: OwnerId): Promise<OwnerKey> {
    const newest = await this.#newestVersion(owner);
    const version = newest >= FIRST_VERSION ? newest : FIRST_VERSION;
    return {
      version,
      key: newest >= FIRST_VERSION ? await this.get(owner, version) : await this.#make(owner, version),
    };
  }

  /** @throws AppError SERVER_KEY_UNREADABLE */
  async get(owner: OwnerId, version: number): Promise<Buffer> {
    const cached = this.#cache.get(cacheName(owner, version));
    if (cached !== undefined) return cached;
    const row = await this.#deps.db
      .selectFrom('owner_keys')
      .select(['wrapped_key', 'server_key_id'])
      .where('owner_id', '=', owner)
      .where('key_version', '=', version)
      .executeTakeFirst();
    if (row === undefined)
      throw new AppError('SERVER_KEY_UNREADABLE', "An owner's key is missing.", {
        hint: 'Restore the database from a backup that is whole.',
      });
    const key = await this.#deps.wrapper.unwrap(row.wrapped_key, row.server_key_id, aadOf(owner, version));
    this.#hold(owner, version, key);
    return key;
  }

  /** The owner's key of look-ups and of its audit chain. */
  async lookup(owner: OwnerId): Promise<Buffer> {
    if (this.#cache.has(cacheName(owner, LOOKUP_VERSION))) return this.get(owner, LOOKUP_VERSION);
    return this.#make(owner, LOOKUP_VERSION);
  }

  /** Adds a version that seals from now on. Gives it. */
  async rotate(owner: OwnerId): Promise<number> {
    const version = Math.max(await this.#newestVersion(owner), LOOKUP_VERSION) + 1;
    await this.#make(owner, version);
    return version;
  }

  /** Wraps what older keys of the server wrapped by its current one; a batch at a time. Gives how many were. */
  async rewrap(limit: number): Promise<number> {
    const { wrapper } = this.#deps;
    const rows = await this.#deps.db
      .selectFrom('owner_keys')
      .selectAll()
      .where('server_key_id', '!=', wrapper.currentId)
      .limit(limit)
      .execute();
    for (const row of rows) {
      const aad = aadOf(row.owner_id, row.key_version);
      const key = await wrapper.unwrap(row.wrapped_key, row.server_key_id, aad);
      await this.#deps.db
        .updateTable('owner_keys')
        .set({ wrapped_key: Buffer.from(await wrapper.wrap(key, aad)), server_key_id: wrapper.currentId })
        .where('owner_id', '=', row.owner_id)
        .where('key_version', '=', row.key_version)
        .where('server_key_id', '=', row.server_key_id)
        .execute();
    }
    return rows.length;
  }

  /** Makes the key where it is not there; of two that do so at once, both get the one that was stored. */
  async #make(owner: OwnerId, version: number): Promise<Buffer> {
    const { wrapper, nowMs } = this.#deps;
    const key = newKey();
    const wrapped = await wrapper.wrap(key, aadOf(owner, version));
    await this.#deps.db
      .insertInto('owner_keys')
      .values({
        owner_id: owner,
        key_version: version,
        server_key_id: wrapper.currentId,
        wrapped_key: Buffer.from(wrapped),
        created_at_ms: nowMs(),
      })
      .onConflict((conflict) => conflict.columns(['owner_id', 'key_version']).doNothing())
      .execute();
    this.#cache.delete(cacheName(owner, version));
    return this.get(owner, version);
  }

  async #newestVersion(owner: OwnerId): Promise<number> {
    const row = await this.#deps.db
      .selectFrom('owner_keys')
      .select('key_version')
      .where('owner_id', '=', owner)
      .orderBy('key_version', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.key_version ?? -1;
  }

  #hold(owner: OwnerId, version: number, key: Buffer): void {
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(cacheName(owner, version), key);
  }
}

function cacheName(owner: OwnerId, version: number): string {
  return `${owner} ${version}`;
}

function aadOf(owner: string, version: number): readonly (string | number)[] {
  return ['owner-key', owner, version];
}
