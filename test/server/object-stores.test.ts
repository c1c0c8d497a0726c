import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { signS3 } from '../../src/server/encryption/sign-s3.ts';
import { createFileObjects } from '../../src/server/replication/file-objects.ts';
import type { ObjectStore } from '../../src/server/replication/object-store.ts';
import { createRowObjects } from '../../src/server/replication/row-objects.ts';
import { createS3Objects } from '../../src/server/replication/s3-objects.ts';
import { openStore } from '../../src/server/store/store.ts';

const USER = '0123456789abcdef';
const KEYS = { accessKeyId: 'key', secretAccessKey: 'secret', region: 'eu-test-1' };
const opened: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** Speaks as much of S3 as is used, and checks the signature with a way of its own. */
async function startS3(failures = 0) {
  const kept = new Map<string, Buffer>();
  let left = failures;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const path = request.url ?? '';
    if (left > 0) {
      left -= 1;
      response.writeHead(503).end();
    } else if (!isSigned(request, body) || path.endsWith('/refused')) response.writeHead(403).end();
    else if (request.method === 'PUT') {
      kept.set(path, body);
      response.end();
    } else if (request.method === 'DELETE') {
      kept.delete(path);
      response.writeHead(204).end();
    } else {
      const found = kept.get(path);
      response.writeHead(found === undefined ? 404 : 200).end(found);
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => server.close());
  return { kept, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket` };
}

function isSigned({ method, url, headers }: IncomingMessage, body: Buffer): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=key\/(\d{8})\/eu-test-1\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  const [, day = '', names = '', signature] = match ?? [];
  const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  const signed = names.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = `${method}\n${url}\n\n${signed.join('')}\n${names}\n${hash(body)}`;
  const mac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = mac(mac(mac(mac('AWS4secret', day), 'eu-test-1'), 's3'), 'aws4_request');
  const text = `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${day}/eu-test-1/s3/aws4_request\n${hash(canonical)}`;
  return headers['x-amz-content-sha256'] === hash(body) && mac(key, text).toString('hex') === signature;
}

async function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-objects-'));
  opened.push(() => rmSync(folder, { recursive: true, force: true }));
  const store = await openStore({ dataFolder: folder, databaseUrl: null, onTrouble: () => undefined });
  opened.push(() => store.close());
  return { folder, db: store.db };
}

const STORES: ReadonlyArray<readonly [string, (folder: string) => Promise<ObjectStore>]> = [
  ['database', async () => createRowObjects()],
  ['files', async (folder) => createFileObjects(join(folder, 'objects'))],
  ['s3', async () => createS3Objects({ ...KEYS, address: (await startS3()).address, nowMs: () => Date.now() })],
];

describe.each(STORES)('[S31] objects in %s', (_, create) => {
  it('are given back as they came, and freed', async () => {
    const { folder, db } = await openDatabase();
    const objects = await create(folder);
    const placed = [1, 70_000].map((size) => ({
      place: `${randomBytes(32).toString('hex')}.0a`,
      bytes: randomBytes(size),
    }));
    const [one, other] = placed.map(({ place }) => place);

    await objects.write(USER, placed);
    await objects.writeIn(db, USER, placed);

    for (const { place, bytes } of placed) expect((await objects.read(db, USER, place))?.equals(bytes)).toBe(true);
    expect(await objects.read(db, 'fedcba9876543210', one!)).toBeNull();
    await objects.remove(db, USER, [one!, 'never-there']);
    expect([await objects.read(db, USER, one!), (await objects.read(db, USER, other!)) === null]).toEqual([
      null,
      false,
    ]);
    await objects.write(USER, []);
    await objects.writeIn(db, USER, []);
    await objects.remove(db, USER, []);
  });
});

describe('createS3Objects()', () => {
  it('tries again after a failure of the storage, and says so where it stays', async () => {
    const { db } = await openDatabase();
    const { address, kept } = await startS3(2);
    const objects = createS3Objects({ ...KEYS, address, nowMs: () => Date.now() });

    await objects.write(USER, [{ place: 'ab', bytes: Buffer.from('x') }]);

    expect([...kept.keys()]).toEqual([`/bucket/${USER}/ab`]);
    const wrong = createS3Objects({ ...KEYS, secretAccessKey: 'other', address, nowMs: () => Date.now() });
    await expect(wrong.read(db, USER, 'ab')).rejects.toThrow('storage');
  });

  it('takes away again what it had put of a batch that failed', async () => {
    const { address, kept } = await startS3();
    const objects = createS3Objects({ ...KEYS, address, nowMs: () => Date.now() });
    const places = Array.from({ length: 20 }, (_, at) => ({ place: `place${at}`, bytes: Buffer.from('x') }));

    await expect(objects.write(USER, [...places, { place: 'refused', bytes: Buffer.from('x') }])).rejects.toThrow(
      'storage',
    );

    expect([...kept.keys()]).toEqual([]);
  });

  it('names the moment and the scope of a signature', () => {
    // The signature is checked by a second implementation above; this one stays the same for ever.
    const headers = signS3(KEYS, { method: 'GET', url: new URL('https://s3.test/b/k'), body: new Uint8Array(0) }, 0);
    expect(headers['x-amz-date']).toBe('19700101T000000Z');
    expect(headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 Credential=key\/19700101\/eu-test-1\/s3\/aws4_request/);
  });
});

describe('createFileObjects()', () => {
  it('leaves nothing of a batch that it cannot write as a whole', async () => {
    const { folder, db } = await openDatabase();
    const objects = createFileObjects(folder);
    const tooLong = `ab${'c'.repeat(300)}`;

    const written = objects.write(USER, [
      { place: 'abcd', bytes: Buffer.from('x') },
      { place: tooLong, bytes: Buffer.from('x') },
    ]);

    await expect(written).rejects.toThrow('ENAMETOOLONG');
    expect(await objects.read(db, USER, 'abcd')).toBeNull();
    expect(readdirSync(join(folder, USER, 'ab'))).toEqual([]);
  });

  it('never writes over an object', async () => {
    const { folder, db } = await openDatabase();
    const objects = createFileObjects(folder);
    await objects.write(USER, [{ place: 'abcd', bytes: Buffer.from('x') }]);

    await expect(objects.write(USER, [{ place: 'abcd', bytes: Buffer.from('y') }])).rejects.toThrow('EEXIST');
    expect((await objects.read(db, USER, 'abcd'))?.toString()).toBe('x');
  });
});
