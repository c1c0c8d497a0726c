// A real sync server with two accounts: one whose device speaks to it, and another whose things nobody else may hear of.

import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { DEVICE_ID_PREFIX, type DeviceId, type VaultKeyId } from '../../../src/shared/replication/ids.ts';
import { findPostgres, startPostgres } from '../../support/postgres.ts';
import { aSession, SYNC } from '../../support/publishing-rig.ts';
import { ReplicaClient, type TestObject } from '../../support/replica-client.ts';
import {
  ACCOUNT_PASSWORD,
  call,
  logIn,
  signUp,
  startTestServer,
  type TestDevice,
  type TestServer,
} from '../../support/sync-server.ts';
import type { AnswerRules } from './check-answer.ts';
import type { Names } from './exchange.ts';

const OWN_EMAIL = 'ann@example.org';
const OTHER_EMAIL = 'eve@example.org';
/** What the other account published. */
const CANARY = 'heron4711lagoon';
const MAX_INPUTS = 4_000;
/** Tokens live for longer. */
const MAX_AGE_MS = 10 * 60_000;
/** An Ed25519 key begins with this, and its seed follows. */
const PRIVATE_KEY_PREFIX = '302e020100300506032b657004220420';
export const VAULT = 'ab'.repeat(32) as VaultKeyId;
export const OBJECT: TestObject = { id: 'cd'.repeat(16) as TestObject['id'], bytes: Buffer.from('sealed bytes') };

export interface SyncWorld {
  readonly port: number;
  readonly names: Names;
  readonly rules: AnswerRules;
}

/** The same keys each time, so that samples can be signed before any server runs. */
export function fixedDevice(): TestDevice {
  const key = Buffer.concat([Buffer.from(PRIVATE_KEY_PREFIX, 'hex'), Buffer.alloc(32, 7)]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const deviceId = createHash('sha256').update(DEVICE_ID_PREFIX).update(raw).digest('hex') as DeviceId;
  return {
    ...{ privateKey, deviceId, signingKey: raw.toString('hex'), agreementKey: '09'.repeat(32) },
    ...{ accessToken: '', refreshToken: '' },
  };
}

export class SyncWorlds {
  #world: (SyncWorld & { readonly server: TestServer; readonly startedAtMs: number }) | null = null;
  #inputs = 0;
  /** With CAIRN_FUZZ_POSTGRES=1, where PostgreSQL is installed: it takes less than SQLite does. */
  readonly #postgres = process.env['CAIRN_FUZZ_POSTGRES'] === '1' ? findPostgres() : null;
  #cluster: ReturnType<typeof startPostgres> | null = null;

  /** The one that runs, with a caller who is logged in. */
  async current(): Promise<SyncWorld> {
    this.#inputs += 1;
    const world = this.#world;
    if (world !== null && (this.#inputs % MAX_INPUTS === 0 || Date.now() - world.startedAtMs > MAX_AGE_MS))
      await this.#leave();
    this.#world ??= await this.#open();
    // From an address of its own each time: the limits of the rate are not what is looked at.
    const address = `10.${(this.#inputs >> 16) & 255}.${(this.#inputs >> 8) & 255}.${this.#inputs & 255}`;
    return { ...this.#world, names: { ...this.#world.names, address } };
  }

  /** Something ended the caller's log-in: the next input finds another world. */
  async leaveIfLoggedOut(): Promise<void> {
    const world = this.#world;
    if (world === null) return;
    const token = world.names['token'];
    const headers = { 'x-forwarded-for': '10.255.255.255' };
    const { status } = await call(world.server.address, 'GET', '/v1/account', { token, headers });
    if (status === 401) await this.#leave();
    else if (status !== 200) throw new Error(`the server answers ${status} now`);
  }

  async close(): Promise<void> {
    await this.#leave();
    this.#cluster?.close();
    this.#cluster = null;
  }

  async #leave(): Promise<void> {
    const world = this.#world;
    this.#world = null;
    await world?.server[Symbol.asyncDispose]();
  }

  async #open(): Promise<SyncWorld & { readonly server: TestServer; readonly startedAtMs: number }> {
    if (this.#postgres !== null) this.#cluster ??= startPostgres(this.#postgres);
    const server = await startTestServer({
      isBehindProxy: true,
      writeLog: () => undefined,
      databaseUrl: this.#cluster?.createDatabase() ?? null,
    });
    const { address } = server;
    const other = await publishAs(address, OTHER_EMAIL, {
      summary: CANARY,
      messages: [{ role: 'user', content: CANARY }],
    });
    const device = fixedDevice();
    const own = await publishAs(address, OWN_EMAIL, {}, device);
    const client = new ReplicaClient(address, device, VAULT);
    await client.createVault();
    await client.upload(OBJECT);
    const { accessToken: token, refreshToken, deviceId } = device;
    return {
      server,
      startedAtMs: Date.now(),
      port: server.server.port,
      names: { token, session: own.session, device: deviceId, other: other.session, vault: VAULT, object: OBJECT.id },
      rules: {
        secrets: {
          'the password': ACCOUNT_PASSWORD,
          'the token': token,
          'the token of another': other.token,
          "another's session": CANARY,
          "the server's key": readFileSync(join(server.folder, 'server.key'), 'utf8').trim(),
          'the data folder': server.folder,
        },
        guarded: { 'the refresh token': refreshToken, 'the e-mail of another': OTHER_EMAIL },
      },
    };
  }
}

async function publishAs(address: string, email: string, input: object, device?: TestDevice) {
  await signUp(address, email);
  const { accessToken: token } = await logIn(address, email, device);
  const json = { query: SYNC, variables: { input: aSession(input) } };
  const { bytes } = await call(address, 'POST', '/graphql', { token, json });
  const session = /"id":"([^"]+)"/.exec(bytes.toString())?.[1] ?? '';
  return { token, session };
}
