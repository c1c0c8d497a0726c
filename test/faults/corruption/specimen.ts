// The vault that is damaged: small, and with everything in it that a vault may hold, deleted things included. What it holds is known, so
// that whatever comes back can be judged.

import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';

import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import type { VaultSecret } from '../../../src/core/vault/keyring/keyring.ts';
import { openVaultFiles } from '../../../src/core/vault/open-vault.ts';
import { localBytes, recordsAround } from '../../../src/core/vault/repair/scan/leaf-page.ts';
import { UNCONTROLLED } from '../../../src/core/vault/repair/salvage.ts';
import { readStreamContent } from '../../../src/core/vault/content/stream-reader.ts';
import type { VaultState } from '../../../src/core/vault/log/vault-state.ts';
import { VaultEngine } from '../../../src/core/vault/vault-engine.ts';
import { vaultFiles } from '../../../src/core/vault/vault-files.ts';
import { parseSessionId } from '../../../src/shared/model/ids.ts';
import { aCapture, aConversation, aStream, aTerminal } from '../../support/captures.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../../support/test-vault.ts';
import { Random } from './random.ts';

export const PAGE_BYTES = 8192;
/** Seeded, so that the same seed meets the same file. */
const source = new Random(1);
const ENGINE = { random: (size: number) => source.bytes(size), argon2: ARGON2_FLOOR };

export interface VaultBytes {
  readonly database: Buffer;
  readonly log: Buffer;
  readonly sidecar: Buffer;
}

/** Contents of an item's streams, by name. */
export type ItemContent = ReadonlyMap<string, string>;

export interface Specimen {
  readonly secret: VaultSecret;
  /** Everything in the file, the log empty. */
  readonly settled: VaultBytes;
  /** The newest snapshots only in the log. */
  readonly logged: VaultBytes;
  /** Some time earlier. */
  readonly old: VaultBytes;
  /** Another vault's file. */
  readonly foreign: VaultBytes;
  /** What each snapshot holds, by its id and the item's key. */
  readonly truth: ReadonlyMap<string, ReadonlyMap<string, ItemContent>>;
  /** Snapshots that are in `old`, and those that are only in the log of `logged`. */
  readonly inOld: ReadonlySet<string>;
  readonly inLogOnly: ReadonlySet<string>;
  /** Snapshots that were forgotten: they must never come back. */
  readonly forgotten: ReadonlySet<string>;
  readonly checkpoints: readonly string[];
  /** Checkpoints that were deleted. */
  readonly deletedCheckpoints: readonly string[];
  readonly messages: readonly string[];
  /** The pages of `settled` that an item of a snapshot needs: of each alternative all of its pages. */
  readonly needs: ReadonlyMap<string, readonly (readonly ReadonlySet<number>[])[]>;
}

export async function makeSpecimen(folder: string): Promise<Specimen> {
  const path = join(folder, 'specimen.db');
  const { engine } = await VaultEngine.create(path, TEST_PASSWORD, TEST_NOW_MS, ENGINE);
  const bytes = source.bytes(32);
  await engine.setKeychainSecret(Buffer.from(bytes), TEST_NOW_MS);
  const random = new Random(7);
  const texts = Array.from({ length: 10 }, (_, pane) => `pane ${pane}\n`);
  const talk = { text: 'first message\n' };
  let at = 0;
  const save = async (checkpoint?: string): Promise<string> => {
    at += 1;
    for (const pane of [random.below(10), random.below(10)])
      texts[pane] = `${texts[pane] ?? ''}${at} ${random.bytes(random.upTo(600)).toString('base64')}\n`.slice(-40_000);
    talk.text += `message ${at}: ${random.bytes(60).toString('base64')}\n`;
    const items = [
      ...texts.map((text, pane) =>
        aTerminal(`p${pane}`, {
          title: `pane ${pane} at ${at}`,
          streams: [aStream({ kind: pane % 2 === 0 ? 'blob' : 'ring', text })],
        }),
      ),
      aConversation('talk', talk.text),
      ...(at % 7 === 0
        ? [
            aTerminal(`big${at}`, {
              streams: [aStream({ kind: 'blob', text: random.bytes(60_000).toString('base64') })],
            }),
          ]
        : []),
    ];
    const attributes = { name: checkpoint ?? '', description: '', tags: [], priority: 'normal', pinned: true } as const;
    const request = aCapture(items, {
      takenAtMs: TEST_NOW_MS + at * 60_000,
      ...(checkpoint === undefined ? {} : { checkpoint: attributes }),
    });
    const { summary } = await engine.save(request);
    return summary.id;
  };
  for (let count = 0; count < 20; count += 1) await save(count === 9 ? 'a milestone' : undefined);
  await engine.saveSession({
    id: parseSessionId('0123456789abcdef'),
    nowMs: TEST_NOW_MS,
    create: { createdAtMs: TEST_NOW_MS },
    messages: Array.from({ length: 8 }, (_, index) => ({
      id: `m${index}`,
      role: index % 2 === 0 ? 'user' : 'assistant',
      atMs: TEST_NOW_MS,
      model: null,
      text: `what was said, number ${index}`,
      isPartial: false,
    })),
  });
  await engine.upkeep(2_000);
  engine.checkpointLog('TRUNCATE');
  const old = readVault(path);
  const inOld = idsIn(engine);
  for (let count = 0; count < 6; count += 1) await save();
  const gone = [await save('a secret milestone'), await save()];
  const [milestone] = engine.listCheckpoints().filter(({ name }) => name === 'a secret milestone');
  if (milestone !== undefined) await engine.deleteCheckpoints([milestone.id]);
  await engine.forget(TEST_NOW_MS + (at - 1) * 60_000, UNCONTROLLED);
  for (let count = 0; count < 20; count += 1) await save(count === 5 ? 'another milestone' : undefined);
  await engine.upkeep(2_000);
  engine.checkpointLog('TRUNCATE');
  const beforeLog = idsIn(engine);
  for (let count = 0; count < 4; count += 1) await save();
  const logged = readVault(path);
  const after = idsIn(engine);
  await engine.close();
  const settled = readVault(path);
  const secret: VaultSecret = { type: 'keychain', bytes };
  const { truth, needs } = await readTruth(path, secret, settled);
  return {
    secret,
    settled,
    logged,
    old,
    foreign: await makeForeign(folder),
    truth,
    needs,
    inOld,
    inLogOnly: new Set([...after].filter((id) => !beforeLog.has(id))),
    forgotten: new Set(gone),
    checkpoints: ['a milestone', 'another milestone'],
    deletedCheckpoints: ['a secret milestone'],
    messages: Array.from({ length: 8 }, (_, index) => `what was said, number ${index}`),
  };
}

async function makeForeign(folder: string): Promise<VaultBytes> {
  const path = join(folder, 'foreign.db');
  const { engine } = await VaultEngine.create(path, `${TEST_PASSWORD} of another`, TEST_NOW_MS, ENGINE);
  for (let at = 0; at < 12; at += 1)
    await engine.save(
      aCapture(
        [aTerminal('foreign', { streams: [aStream({ kind: 'blob', text: `foreign ${at}\n`.repeat(4_000 + at) })] })],
        {
          takenAtMs: TEST_NOW_MS + at,
        },
      ),
    );
  await engine.close();
  return readVault(path);
}

function readVault(path: string): VaultBytes {
  const copy = `${path}.copy`;
  copyFileSync(path, copy);
  const log = `${path}-wal`;
  return {
    database: readFileSync(copy),
    log: existsSync(log) ? readFileSync(log) : Buffer.alloc(0),
    sidecar: readFileSync(`${path}.keys`),
  };
}

function idsIn(engine: VaultEngine): Set<string> {
  return new Set(engine.listSnapshots({ limit: 1_000 }).map(({ id }) => id));
}

/** What a vault holds as far as it can be read; an item of which some content cannot be read is left out. */
export function readAll(state: VaultState): {
  readonly snapshots: ReadonlyMap<string, ReadonlyMap<string, ItemContent>>;
  readonly stale: ReadonlySet<string>;
} {
  const snapshots = new Map<string, Map<string, ItemContent>>();
  const stale = new Set<string>();
  const cache = new Map<string, string | null>();
  for (let at = 0; at < state.index.count; at += 1) {
    const id = state.index.idAt(at);
    const items = new Map<string, ItemContent>();
    snapshots.set(id, items);
    const read = orNull(() => state.readSnapshot(state.index.sequenceAt(at)));
    for (const entry of read?.manifest.values() ?? []) {
      const content = new Map<string, string>();
      for (const stream of entry.streams) {
        const name = JSON.stringify([stream.parts, stream.sizeBytes]);
        if (!cache.has(name))
          cache.set(
            name,
            orNull(() => Buffer.from(readStreamContent(state.store, stream)).toString('latin1')),
          );
        const text = cache.get(name);
        if (text !== null && text !== undefined) content.set(stream.name, text);
      }
      if (content.size === entry.streams.length) items.set(entry.key, content.set('', entry.title));
      if (entry.staleSinceMs !== null) stale.add(`${id} ${entry.key}`);
    }
  }
  return { snapshots, stale };
}

function orNull<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch {
    return null; // damage, and told as such
  }
}

async function readTruth(path: string, secret: VaultSecret, { database }: VaultBytes) {
  const files = vaultFiles(path);
  const opened = await openVaultFiles(files, secret, { sidecarPath: files.sidecar, ...ENGINE });
  const { state } = opened;
  const truth = readAll(state).snapshots;
  const pages = new Map<string, ReadonlySet<number>>();
  const raw = new BetterSqlite3(path);
  const pagesOf = (table: string, column: string, number: number): ReadonlySet<number> => {
    const name = `${table} ${number}`;
    const known = pages.get(name);
    if (known !== undefined) return known;
    const box = raw.prepare(`SELECT box FROM ${table} WHERE ${column} = ?`).pluck().get(number) as Buffer | undefined;
    const found = box === undefined ? new Set<number>() : locate(database, box);
    pages.set(name, found);
    return found;
  };
  const needs = new Map<string, readonly (readonly ReadonlySet<number>[])[]>();
  for (let at = 0; at < state.index.count; at += 1) {
    const sequence = state.index.sequenceAt(at);
    const { manifest, prefix } = state.readSnapshot(sequence);
    const lists = [
      pagesOf('keyframes', 'record_id', prefix.keyframe),
      pagesOf('keyframe_copies', 'record_id', prefix.keyframe),
    ];
    for (const entry of manifest.values()) {
      const chunks = new Set(entry.streams.flatMap(({ parts }) => parts.map(({ recordId }) => recordId)));
      needs.set(`${state.index.idAt(at)} ${entry.key}`, [
        [pagesOf('snapshots', 'sequence', sequence)],
        lists.filter((list) => list.size > 0),
        ...[...chunks].map((chunk) => [pagesOf('chunks', 'record_id', chunk)]),
      ]);
    }
  }
  raw.close();
  state.helper.close();
  state.readDb.close();
  state.writeDb.close();
  opened.lock?.close();
  opened.presence.close();
  return { truth, needs };
}

/** The pages of the file that a box lies on. */
function locate(database: Buffer, box: Buffer): Set<number> {
  const at = database.indexOf(box.subarray(0, 48));
  const pages = new Set([Math.floor(at / PAGE_BYTES)]);
  const shape = recordsAround(database, at).find(({ boxLength }) => boxLength === box.length);
  if (shape === undefined) throw new RangeError('a box lies in no record');
  for (let done = localBytes(shape.length) - (at - shape.start); done < box.length; done += PAGE_BYTES - 4)
    pages.add(Math.floor(database.indexOf(box.subarray(done, done + 48)) / PAGE_BYTES));
  return pages;
}
