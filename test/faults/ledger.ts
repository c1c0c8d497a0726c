// What a workload's words oblige a vault to: everything it acknowledged, less what it said it was about to let go.

import { copyFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect } from 'vitest';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { openVault } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { parseItemKey, parseSessionId, parseSnapshotId } from '../../src/shared/model/ids.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { TEST_NOW_MS } from '../support/test-vault.ts';

export class Ledger {
  readonly #snapshots = new Set<string>();
  readonly #messages = new Map<string, string[]>();
  readonly #words = new Set<string>();
  /** Names that a checkpoint may bear; null among them: it may be gone. */
  readonly #checkpoints = new Map<string, (string | null)[]>();
  readonly #deposits = new Set<number>();
  readonly #redacted = new Map<string, string>();
  #backup: { readonly name: string; readonly snapshots: readonly string[]; readonly password: string } | null = null;
  #passwords: string[];
  readonly #former: string[] = [];

  constructor(password: string) {
    this.#passwords = [password];
  }

  /** Notes what one run said, in order. */
  add(said: readonly string[]): void {
    for (const line of said) this.#addLine(line);
  }

  /** How much is owed. */
  get count(): number {
    const messages = [...this.#messages.values()].reduce((sum, names) => sum + names.length, 0);
    return (
      this.#snapshots.size +
      messages +
      this.#words.size +
      this.#checkpoints.size +
      this.#deposits.size +
      this.#redacted.size
    );
  }

  /**
   * Of the passwords that were ever set, exactly one opens the vault as it stands (each is tried on a copy: an opening mends what it
   * finds), and it is the last acknowledged one or the one that was just being set.
   */
  async expectOnePassword(path: string): Promise<string> {
    if (this.#passwords.length === 1 && this.#former.length === 0) return this.password; // never changed
    const holding: string[] = [];
    for (const text of new Set([...this.#former.slice(-4), ...this.#passwords])) {
      using folder = makeTemporaryFolder();
      const copy = join(folder.path, 'vault.db');
      for (const suffix of ['', '-wal', '.keys'])
        if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
      if (await opens(copy, text)) holding.push(text);
    }
    expect(holding).toHaveLength(1);
    const [password = ''] = holding;
    expect(this.#passwords).toContain(password);
    this.#former.push(...this.#passwords.filter((text) => text !== password));
    this.#passwords = [password];
    return password;
  }

  get password(): string {
    return this.#passwords[0] ?? '';
  }

  /** Everything owed is there. `vault` stands at `path`. */
  async expectPaid(vault: Vault, path: string): Promise<void> {
    const listed = await vault.listSnapshots({ limit: 1_000_000 });
    const missing = [...this.#snapshots].filter((id) => !listed.some((summary) => summary.id === id));
    expect(missing).toEqual([]);
    for (const id of [...this.#snapshots].slice(-5)) await expectReadable(vault, id);
    const times = new Set(listed.map(({ takenAtMs }) => takenAtMs));
    expect([...this.#deposits].filter((time) => !times.has(time))).toEqual([]);
    await this.#expectMessages(vault);
    await this.#expectCheckpoints(vault);
    for (const word of [...this.#words].slice(-2)) {
      const { matches } = await vault.search({ text: word, limit: 5, budgetMs: 20_000 });
      expect(matches.map(({ item }) => item.key)).toEqual(['tmux:pane']);
    }
    for (const [id, word] of [...this.#redacted].slice(-3)) {
      const text = await vault.readStream(parseSnapshotId(id), parseItemKey('tmux:pane'), 'scrollback');
      expect(Buffer.from(text).toString()).not.toContain(word);
    }
    await this.#expectBackup(path);
  }

  #addLine(line: string): void {
    const [verb = '', first = '', ...rest] = line.split(' ');
    const text = rest.join(' ');
    switch (verb) {
      case 'saved':
        this.#snapshots.add(first);
        break;
      case 'pruning':
      case 'forgetting':
        this.#letGo(verb);
        break;
      case 'message':
        this.#messages.set(first, [...(this.#messages.get(first) ?? []), text]);
        break;
      case 'word':
        this.#words.add(first);
        break;
      case 'checkpoint':
        this.#checkpoints.set(first, [text]);
        break;
      case 'editing':
        this.#checkpoints.get(first)?.push(text);
        break;
      case 'deleting':
        this.#checkpoints.get(first)?.push(null);
        break;
      case 'deleted':
        this.#checkpoints.set(first, [null]);
        break;
      case 'deposited':
        this.#deposits.add(Number(first));
        break;
      case 'redacted':
        this.#redacted.set(first, text);
        break;
      case 'backed-up':
        // It keeps the password of its day.
        this.#backup = { name: first, snapshots: [...this.#snapshots], password: this.password };
        break;
      case 'changing':
        this.#passwords.push([first, text].join(' '));
        break;
      case 'changed':
        this.#former.push(...this.#passwords.slice(0, -1));
        this.#passwords = this.#passwords.slice(-1);
        break;
      default: // a word about the workload itself
    }
  }

  /** A prune leaves the newest; forgetting leaves nothing of what was saved last. */
  #letGo(verb: 'pruning' | 'forgetting'): void {
    const newest = [...this.#snapshots].at(-1);
    this.#snapshots.clear();
    this.#redacted.clear();
    if (verb === 'pruning' && newest !== undefined) this.#snapshots.add(newest);
  }

  async #expectMessages(vault: Vault): Promise<void> {
    for (const [session, names] of this.#messages) {
      const { messages } = await vault.readMessages(parseSessionId(session), { limit: 1_000_000 });
      const there = messages.map(({ id }) => id);
      expect(there.filter((id) => names.includes(id))).toEqual(names);
      expect(new Set(there).size).toBe(there.length);
    }
  }

  async #expectCheckpoints(vault: Vault): Promise<void> {
    if (this.#checkpoints.size === 0) return;
    const there = new Map((await vault.listCheckpoints()).map(({ id, name }) => [String(id), name]));
    for (const [id, names] of this.#checkpoints) expect(names, id).toContain(there.get(id) ?? null);
  }

  /** The last backup that was acknowledged is there and opens, with all that it was made of. */
  async #expectBackup(path: string): Promise<void> {
    if (this.#backup === null) return;
    using folder = makeTemporaryFolder();
    const copy = join(folder.path, 'vault.db');
    copyFileSync(join(dirname(path), 'backups', this.#backup.name), copy);
    await using vault = await openVault(optionsFor(copy, this.#backup.password));
    const there = new Set((await vault.listSnapshots({ limit: 1_000_000 })).map(({ id }) => String(id)));
    expect(this.#backup.snapshots.filter((id) => !there.has(id))).toEqual([]);
  }
}

export function optionsFor(path: string, password: string): Parameters<typeof openVault>[0] {
  return { path, secret: { type: 'password', text: password }, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR };
}

async function opens(path: string, password: string): Promise<boolean> {
  try {
    await (await openVault(optionsFor(path, password))).close();
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'VAULT_WRONG_PASSWORD') throw error;
    return false;
  }
}

async function expectReadable(vault: Vault, id: string): Promise<void> {
  const snapshot = await vault.readSnapshot(parseSnapshotId(id));
  for (const item of snapshot.itemList)
    for (const { name } of item.streams) await vault.readStream(snapshot.id, item.key, name);
}
