import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { newKey, openSealed, seal } from '../../../src/server/encryption/cipher.ts';
import { openPart, sealPart } from '../../../src/server/encryption/sealed-session.ts';
import { addServerKeySync, loadServerKeysSync, parseServerKeys } from '../../../src/server/encryption/server-keys.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';

describe('seal() and openSealed()', () => {
  it('[S22] give back what was sealed, for the same key and the same place only', () => {
    const aad = fc.array(fc.oneof(fc.string(), fc.nat()), { maxLength: 4 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), aad, aad, (plain, place, other) => {
        const key = newKey();
        const sealed = seal(key, plain, place);

        expect(openSealed(key, sealed, place)).toEqual(Buffer.from(plain));
        expect(openSealed(newKey(), sealed, place)).toBeNull();
        if (JSON.stringify(place.map(String)) !== JSON.stringify(other.map(String)))
          expect(openSealed(key, sealed, other)).toBeNull();
      }),
    );
  });

  it('[S22] notice a change at every byte', () => {
    const key = newKey();
    const sealed = seal(key, Buffer.from('what was said'), ['a']);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openSealed(key, changed, ['a'])).toBeNull();
    }
    expect(openSealed(key, sealed.subarray(0, 20), ['a'])).toBeNull();
  });

  it('open what format 1 sealed', () => {
    const key = Buffer.alloc(32, 7);
    const sealed = Buffer.from(FROZEN, 'base64');
    expect(openSealed(key, sealed, ['owner-key', 'user:a', 1])?.toString()).toBe('frozen');
  });
});

const FROZEN = 'AeFrerz6MM+Xui7z9U+9u5VKLNJ6UvawQzOi00M02fXsiPE=';

describe('sealPart() and openPart()', () => {
  it('[S22] bind a part to owner, session, version and kind', () => {
    const key = { version: 1, key: newKey() };
    const place = { owner: 'user:a', publicationId: 'p', version: 3, part: 'head' } as const;
    const sealed = sealPart(key, place, { summary: 'x' });

    expect(openPart(key, place, sealed)).toEqual({ summary: 'x' });
    for (const other of [
      { ...place, owner: 'user:b' as const },
      { ...place, publicationId: 'q' },
      { ...place, version: 2 },
      { ...place, part: 'body' as const },
    ])
      expect(() => openPart(key, other, sealed)).toThrow(
        expect.objectContaining({ code: 'SERVER_ENCRYPTION_FAILED' }) as Error,
      );
  });
});

describe('the keys of the server', () => {
  it('are made once, for the server alone to read', () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'server.key');
    const place = { environment: undefined, path };

    const first = loadServerKeysSync(place, { mayCreate: true });

    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadServerKeysSync(place, { mayCreate: true }).currentId).toBe(first.currentId);
    chmodSync(path, 0o644);
    expect(() => loadServerKeysSync(place, { mayCreate: true })).toThrow(
      expect.objectContaining({ code: 'SERVER_KEY_UNREADABLE' }) as Error,
    );
  });

  it('are never made anew where what they wrapped is there', () => {
    using folder = makeTemporaryFolder();
    const place = { environment: undefined, path: join(folder.path, 'server.key') };
    expect(() => loadServerKeysSync(place, { mayCreate: false })).toThrow(
      expect.objectContaining({ code: 'SERVER_KEY_UNREADABLE' }) as Error,
    );
  });

  it('open what the key before them wrapped, after a rotation', async () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'server.key');
    const place = { environment: undefined, path };
    const before = loadServerKeysSync(place, { mayCreate: true });
    const key = newKey();
    const wrapped = await before.wrap(key, ['x']);

    addServerKeySync(path);
    const after = loadServerKeysSync(place, { mayCreate: false });

    expect(after.currentId).not.toBe(before.currentId);
    expect(await after.unwrap(wrapped, before.currentId, ['x'])).toEqual(key);
    await expect(after.unwrap(wrapped, before.currentId, ['y'])).rejects.toMatchObject({
      code: 'SERVER_KEY_UNREADABLE',
    });
    await expect(after.unwrap(wrapped, after.currentId, ['x'])).rejects.toMatchObject({
      code: 'SERVER_KEY_UNREADABLE',
    });
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('say what is wrong with a key without repeating it', () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'server.key');
    writeFileSync(path, 'c2hvcnQ=\n', { mode: 0o600 });
    for (const read of [
      () => parseServerKeys('c2hvcnQ='),
      () => parseServerKeys(''),
      () => loadServerKeysSync({ environment: undefined, path }, { mayCreate: true }),
    ])
      expect(read).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('c2hvcnQ') as string }) as Error,
      );
  });
});
