// The sync server is killed at random moments: nothing that it acknowledged may be lost. CAIRN_SERVER_KILLS sets how often.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import type { ObjectId } from '../../src/shared/replication/ids.ts';
import { pathOf } from '../../src/shared/replication/routes.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import { anObject, newVaultId, ReplicaClient, sha256 } from '../support/replica-client.ts';
import { startServerProcess, type ServerProcess } from '../support/server-process.ts';
import { logIn, signUp } from '../support/sync-server.ts';

const KILLS = Number(process.env['CAIRN_SERVER_KILLS'] ?? 2);
const EMAIL = 'a@example.org';
const bin = findPostgres();
const opened: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-server-'));
  opened.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(folder: string, databaseUrl: string | null = null): Promise<ServerProcess> {
  const server = await startServerProcess(folder, databaseUrl);
  opened.push(() => server.kill());
  return server;
}

/** Uploads and pushes until the server is gone; notes what was acknowledged, and keeps the entry whose answer is outstanding. */
class Writer {
  readonly acknowledged: Array<{ readonly hash: string; readonly objectHash: string; readonly id: ObjectId }> = [];
  #client: ReplicaClient;
  #outstanding: Parameters<Writer['send']>[0] | null = null;

  constructor(client: ReplicaClient) {
    this.#client = client;
  }

  move(address: string): ReplicaClient {
    const { device, vault, index, hash } = this.#client;
    this.#client = Object.assign(new ReplicaClient(address, device, vault), { index, hash });
    return this.#client;
  }

  /** Ends when the server does. */
  async writeUntilGone(): Promise<void> {
    try {
      for (;;) {
        if (this.#outstanding === null) {
          const object = anObject(20_000);
          this.#outstanding = { object, entry: this.#client.nextEntry([object.id]), hash: this.#client.hash };
        }
        await this.send(this.#outstanding);
        this.#outstanding = null;
      }
    } catch (error) {
      // What else may come is a failure of the test.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async send(one: {
    readonly object: ReturnType<typeof anObject>;
    readonly entry: ReturnType<ReplicaClient['nextEntry']>;
    readonly hash: string;
  }): Promise<void> {
    await this.#client.upload(one.object);
    const reply = await this.#client.push(one.entry);
    if (reply.status !== 200) throw new Error(`push: ${reply.status} ${reply.bytes.toString()}`);
    this.acknowledged.push({ hash: one.hash, objectHash: sha256(one.object.bytes), id: one.object.id });
  }
}

async function assertKept(client: ReplicaClient, writer: Writer): Promise<void> {
  const pulled = new Set<string>();
  for (let after = 0; ;) {
    const page = await client.pull({ [client.device.deviceId]: after });
    if (page.length === 0) break;
    for (const { hash } of page) pulled.add(hash);
    after = page.at(-1)?.part.index ?? after;
  }
  expect(writer.acknowledged.filter(({ hash }) => !pulled.has(hash))).toEqual([]);
  for (const { id, objectHash } of writer.acknowledged)
    expect((await client.get([id])).map(({ bytes }) => sha256(bytes))).toEqual([objectHash]);
}

describe('the sync server, killed', () => {
  it.each(['sqlite', 'postgres'] as const)('loses nothing that it acknowledged, on %s', async (kind) => {
    if (kind === 'postgres' && bin === null) return;
    const postgres = kind === 'postgres' && bin !== null ? startPostgres(bin) : null;
    if (postgres !== null) opened.push(() => postgres.close());
    const url = postgres?.createDatabase() ?? null;
    const folder = newFolder();
    let server = await start(folder, url);
    await signUp(server.address, EMAIL);
    let client = new ReplicaClient(server.address, await logIn(server.address, EMAIL), newVaultId());
    await client.createVault();
    const writer = new Writer(client);
    for (let round = 0; round < KILLS; round += 1) {
      const writing = writer.writeUntilGone();
      await wait(100 + Math.random() * 400);
      await server.kill();
      await writing;
      server = await start(folder, url);
      client = writer.move(server.address);
      await assertKept(client, writer);
    }

    expect(writer.acknowledged.length).toBeGreaterThan(0);
    expect(await server.stop()).toBe(0);
  });

  it.skipIf(bin === null)('[S30] goes on with one of two nodes, and notices cross from one to the other', async () => {
    const postgres = startPostgres(bin ?? '');
    opened.push(() => postgres.close());
    const url = postgres.createDatabase();
    const nodes = [await start(newFolder(), url), await start(newFolder(), url)] as const;
    await signUp(nodes[0].address, EMAIL);
    const one = new ReplicaClient(nodes[0].address, await logIn(nodes[0].address, EMAIL), newVaultId());
    await one.createVault();
    const other = new ReplicaClient(nodes[1].address, await logIn(nodes[1].address, EMAIL), one.vault);
    const events = await fetch(`${other.address}${pathOf('events', { vault: other.vault })}`, {
      headers: { authorization: `Bearer ${other.device.accessToken}`, 'cairn-protocol': '1' },
    });
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    const object = anObject();
    await one.upload(object);
    const entries = [one.nextEntry([object.id]), one.nextEntry()] as const;
    await one.push(entries[0]);

    let text = '';
    while (!text.includes(`"device":"${one.device.deviceId}","index":1`)) {
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream ended');
      text += value;
    }
    await nodes[0].kill();
    const moved = new ReplicaClient(nodes[1].address, one.device, one.vault);

    expect((await moved.push(entries[0], entries[1])).status).toBe(200);
    expect((await other.pull()).map(({ hash }) => hash)).toHaveLength(2);
    const [frame] = await other.get([object.id]);
    expect(sha256(frame!.bytes)).toBe(sha256(object.bytes));
    await reader.cancel();
  });
});
