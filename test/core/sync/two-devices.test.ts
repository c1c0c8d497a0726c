// Devices and a real server over HTTP, as the app uses them: log in, capture here, read there, join by password and by words, revoke.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AppError } from '../../../src/shared/model/app-error.ts';
import { aCapture, aConversation, aStream, aTerminal, key, text } from '../../support/captures.ts';
import { startTestServer, type TestServer } from '../../support/sync-server.ts';
import {
  ACCOUNT_PASSWORD,
  createServiceDevice,
  EMAIL,
  joinServiceDevice,
  type ServiceDevice,
} from '../../support/sync-services.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

const DRAFT = {
  selection: { withoutSources: [], withoutProjects: [], onlyProjects: [] },
  strategy: 'latest',
  platform: 'linux',
  maxEntries: 16,
  lost: [],
} as const;

function at(step: number): { takenAtMs: number } {
  return { takenAtMs: TEST_NOW_MS + step * 30_000 };
}

describe('devices and a server', () => {
  let server: TestServer;
  let laptop: ServiceDevice;
  let desktop: ServiceDevice;

  const now = async (...devices: ServiceDevice[]): Promise<void> => {
    for (const device of devices) await device.sync.syncNow({ acceptsDeletions: false });
  };
  const newestOf = async (reader: ServiceDevice, name: string): Promise<string[]> =>
    reader.sync.withDevice(name, async (lane) => (await lane.listSnapshots({ limit: 100 })).map(({ id }) => id));
  const ownOf = async ({ vault }: ServiceDevice): Promise<string[]> =>
    (await vault.listSnapshots({ limit: 100 })).map(({ id }) => id);

  beforeAll(async () => {
    server = await startTestServer();
    laptop = await createServiceDevice('laptop');
    await laptop.vault.save(aCapture([aTerminal('CANARY-a', { streams: [aStream({ text: 'CANARY-content' })] })]));
    await laptop.sync.logIn({ server: server.address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true });
    await now(laptop);
    desktop = await joinServiceDevice('desktop', server.address);
    await now(desktop);
  });

  afterAll(async () => {
    await desktop[Symbol.asyncDispose]();
    await laptop[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('[S1, S6] a new device joins with the password of the vault, and reads what the first captured', async () => {
    const content = await desktop.sync.withDevice('laptop', async (lane) =>
      lane.readStream(await lane.resolveSnapshot('latest', TEST_NOW_MS), key('tmux:CANARY-a'), 'scrollback'),
    );

    expect(text(content)).toBe('CANARY-content');
    // Once it hears notices it looks a second time.
    await expect
      .poll(() => desktop.sync.status(), { timeout: 10_000 })
      .toMatchObject({ state: 'connected', troubles: [], error: null });
  });

  it('[S10] a capture reaches the other by itself, without a poll', async () => {
    await laptop.vault.save(aCapture([aConversation('told', 'a transcript\n')], at(1)));
    laptop.sync.noteChange();

    await expect.poll(() => newestOf(desktop, 'laptop'), { timeout: 10_000 }).toEqual(await ownOf(laptop));
  });

  it('[S9] nothing is lost where both were off and both went on', async () => {
    await laptop.sync.setOn(false);
    await desktop.sync.setOn(false);
    await laptop.vault.save(aCapture([aTerminal('here')], at(2)));
    expect((await laptop.sync.status()).waiting).toEqual({ snapshots: 1, entries: 0 });
    // Signed, and not sent: as after a line that was cut.
    await laptop.vault.replica?.draft({ ...DRAFT, nowMs: TEST_NOW_MS });
    await laptop.vault.replica?.sign(TEST_NOW_MS);
    expect((await laptop.sync.status()).waiting).toEqual({ snapshots: 0, entries: 1 });
    await desktop.vault.save(aCapture([aTerminal('there')], at(3)));
    await laptop.sync.setOn(true);
    await desktop.sync.setOn(true);
    await now(laptop, desktop, laptop);

    expect(await newestOf(desktop, 'laptop')).toEqual(await ownOf(laptop));
    expect(await newestOf(laptop, 'desktop')).toEqual(await ownOf(desktop));
    expect((await laptop.sync.status()).waiting).toEqual({ snapshots: 0, entries: 0 });
  });

  it('[S6] an old device lets a new one in whose words are the same, and ends it again', async () => {
    const shown = Promise.withResolvers<string>();
    const joining = joinServiceDevice('tablet', server.address, { secret: null, onWords: shown.resolve });
    const words = await shown.promise;
    const [asking] = await laptop.sync.joins();
    expect(asking).toMatchObject({ name: 'tablet', words });

    // Who stands between shows the right keys for the words, and its own when the key is to be sealed.
    const mean = async (): Promise<unknown> => {
      const keys = new Database(join(server.folder, 'cairn-server.db'));
      const change = keys.prepare('UPDATE devices SET agreement_key = ? WHERE name = ?');
      const { agreement_key } = keys.prepare('SELECT agreement_key FROM devices WHERE name = ?').get('tablet') as {
        agreement_key: Buffer;
      };
      change.run(randomBytes(32), 'tablet');
      const outcome: unknown = await laptop.sync
        .answerJoin('tablet', { answer: 'approve', words })
        .catch((e: unknown) => e);
      change.run(agreement_key, 'tablet');
      keys.close();
      return outcome;
    };
    expect(await mean()).toMatchObject({ code: 'SYNC_TAMPERED' });
    await laptop.sync.answerJoin('tablet', { answer: 'approve', words });

    await using tablet = await joining;

    await now(tablet);
    expect(await newestOf(tablet, 'laptop')).toEqual(await ownOf(laptop));
    await laptop.sync.revoke('tablet');
    await now(laptop, desktop);
    // Its tokens are gone, and nothing makes new ones.
    const refused: unknown = await now(tablet).catch((error: unknown) => error);
    expect(['SYNC_REVOKED', 'SYNC_LOGIN']).toContain(refused instanceof AppError ? refused.code : refused);
    await desktop.vault.save(aCapture([aTerminal('after the revocation')], at(4)));
    await now(desktop, laptop);
    expect(await newestOf(laptop, 'desktop')).toEqual(await ownOf(desktop));
    const states = (await laptop.sync.devices()).map(({ name, state }) => [name, state]);
    expect(states).toContainEqual(['tablet', 'revoked']);
  });

  it('[S8] what was forgotten or overwritten here is gone from the server at once, and from the copy there', async () => {
    const secret = 'CANARY-value-to-be-gone';
    const connection = await laptop.sync.server();
    const { vaultId } = (await laptop.vault.replica?.identity()) ?? {};
    if (vaultId === undefined) throw new RangeError('it is logged in');
    const objects = async (): Promise<number> => (await connection.status(vaultId)).quota.usedObjects;
    await laptop.vault.save(aCapture([aConversation('told', `a transcript\nTOKEN=${secret}\n`)], at(10)));
    await now(laptop, desktop);
    const before = await objects();
    await laptop.vault.save(aCapture([aTerminal('mistake', { streams: [aStream({ text: 'not this' })] })], at(20)));
    await now(laptop, desktop);
    expect(await objects()).toBe(before + 1);
    await laptop.vault.forget(at(20).takenAtMs, {});
    const { texts } = await laptop.vault.listTexts(null, 1024 * 1024);
    const bytes = Uint8Array.from(Buffer.from(secret));
    const spots = texts.flatMap(({ anchor, bytes: content, type }) => {
      const start = type === 'content' ? Buffer.from(content).indexOf(secret) : -1;
      return start < 0 ? [] : [{ anchor, start, end: start + secret.length, bytes }];
    });
    await laptop.vault.redact(spots, {});

    await now(laptop);
    await desktop.sync.syncNow({ acceptsDeletions: true });

    expect(spots).toHaveLength(1);
    // The forgotten one is gone; that with the value has another in its place.
    expect(await objects()).toBe(before);
    expect(await newestOf(desktop, 'laptop')).toEqual(await ownOf(laptop));
    const there = await desktop.sync.withDevice('laptop', async (lane) =>
      lane.readStream(await lane.resolveSnapshot('latest', TEST_NOW_MS), key('claude-code:told'), 'transcript'),
    );
    expect(text(there)).toBe(`a transcript\nTOKEN=${'*'.repeat(secret.length)}\n`);
  });

  it('says that the password of the account is wrong, and changes nothing', async () => {
    await using other = await createServiceDevice('other');
    const request = { server: server.address, email: EMAIL, password: 'not the password', isSignUp: false };

    await expect(other.sync.logIn(request)).rejects.toMatchObject({ code: 'SYNC_LOGIN' });

    expect(await other.sync.status()).toMatchObject({ isOn: false, account: null });
  });

  it('[S5] refuses the account of another vault, and sends nothing', async () => {
    await using other = await createServiceDevice('other');
    await other.vault.save(aCapture([aTerminal('of another vault')]));
    const request = { server: server.address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: false };

    await expect(other.sync.logIn(request)).rejects.toMatchObject({ code: 'SYNC_WRONG_VAULT' });
  });

  it('keeps nothing on the server that can be read, in database, files and log', () => {
    const files = readdirSync(server.folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const bytes = files.map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    const all = Buffer.concat([...bytes, Buffer.from(server.log.join('\n'))]);

    expect(all.length).toBeGreaterThan(10_000);
    for (const word of ['CANARY', 'transcript', 'tmux:', 'scrollback']) expect(all.includes(word)).toBe(false);
  });
});

describe('a device that moves to another server', () => {
  it('[S6] gives that one the key slots too, so that others can join there', async () => {
    await using first = await startTestServer();
    await using second = await startTestServer();
    await using laptop = await createServiceDevice('laptop');
    await laptop.vault.save(aCapture([aTerminal('moved')]));
    const login = { email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true };
    await laptop.sync.logIn({ server: first.address, ...login });
    await laptop.sync.syncNow({ acceptsDeletions: false });
    await laptop.sync.logOut();
    await laptop.sync.logIn({ server: second.address, ...login });
    await laptop.sync.syncNow({ acceptsDeletions: false });

    await using desktop = await joinServiceDevice('desktop', second.address);
    await desktop.sync.syncNow({ acceptsDeletions: false });

    const there = await desktop.sync.withDevice('laptop', (lane) => lane.listSnapshots({ limit: 10 }));
    expect(there.map(({ id }) => id)).toEqual((await laptop.vault.listSnapshots({ limit: 10 })).map(({ id }) => id));
  });
});
