import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import {
  ARGON2_FLOOR,
  createPasswordSlot,
  createRandomSecretSlot,
  openKeySlot,
  type KeySlot,
} from '../../../src/core/crypto/key-slot.ts';
import { SecretKey } from '../../../src/core/crypto/secret-key.ts';

const vaultId = Buffer.alloc(16, 1);

function makeSlot(password = 'pässword'): Promise<{ slot: KeySlot; vaultKey: SecretKey }> {
  const vaultKey = new SecretKey(randomBytes(32));
  return createPasswordSlot(vaultKey, vaultId, password, ARGON2_FLOOR, randomBytes).then((slot) => ({
    slot,
    vaultKey,
  }));
}

describe('openKeySlot()', () => {
  it('[V1] opens with the password, in whatever Unicode form it is typed', async () => {
    const { slot, vaultKey } = await makeSlot('pa\u0308ssword');

    const opened = await openKeySlot(slot, vaultId, { type: 'password', text: 'p\u00e4ssword' });

    expect(opened.result === 'opened' && opened.vaultKey.dangerouslyExportBytes()).toEqual(
      vaultKey.dangerouslyExportBytes(),
    );
  });

  it('[V1] tells a wrong password from a damaged slot', async () => {
    const { slot } = await makeSlot();
    const secret = { type: 'password' as const, text: 'pässword' };

    expect(await openKeySlot(slot, vaultId, { type: 'password', text: 'wrong' })).toEqual({ result: 'wrong-secret' });
    for (const field of ['commitment', 'wrappedKey', 'salt', 'checksum'] as const) {
      const bytes = Buffer.from((slot as Record<string, unknown>)[field] as string, 'base64'); // fields of a password slot
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      expect(await openKeySlot({ ...slot, [field]: bytes.toString('base64') }, vaultId, secret), field).toEqual({
        result: 'damaged',
      });
    }
  });

  it('[V1] refuses parameters below the compiled-in floor, even with a fitting checksum', async () => {
    const vaultKey = new SecretKey(randomBytes(32));
    const weak = await createPasswordSlot(vaultKey, vaultId, 'p', { ...ARGON2_FLOOR, memoryKiB: 1024 }, randomBytes);

    expect(await openKeySlot(weak, vaultId, { type: 'password', text: 'p' })).toEqual({ result: 'below-floor' });
  });

  it('does not open in another vault', async () => {
    const { slot } = await makeSlot();

    expect(await openKeySlot(slot, Buffer.alloc(16, 2), { type: 'password', text: 'pässword' })).toEqual({
      result: 'damaged',
    });
  });

  it('opens a slot of random bytes', async () => {
    const vaultKey = new SecretKey(randomBytes(32));
    const slot = createRandomSecretSlot('recovery', vaultKey, vaultId, Buffer.alloc(20, 5), randomBytes);

    expect((await openKeySlot(slot, vaultId, { type: 'recovery', bytes: Buffer.alloc(20, 5) })).result).toBe('opened');
    expect(await openKeySlot(slot, vaultId, { type: 'recovery', bytes: Buffer.alloc(20, 6) })).toEqual({
      result: 'wrong-secret',
    });
    expect(await openKeySlot(slot, vaultId, { type: 'keychain', bytes: Buffer.alloc(20, 5) })).toEqual({
      result: 'wrong-secret',
    });
  });
});

describe('SecretKey', () => {
  it('cannot be printed, serialised or cloned', () => {
    const secret = new SecretKey(Buffer.alloc(32, 65));

    for (const shown of [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
    ]) {
      expect(shown).not.toContain('AAAA');
      expect(shown).toContain('***');
    }
    expect(() => structuredClone(secret)).toThrow(/could not be cloned/);
  });
});
