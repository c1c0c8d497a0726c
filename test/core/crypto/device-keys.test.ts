// The keys of a device: who signs, who receives, and the words by which people tell.

import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  createJoiningKeys,
  createSigningKeys,
  deviceIdOf,
  isSignatureOf,
  openFromDevice,
  sealToDevice,
  shortWords,
  signBytes,
} from '../../../src/core/crypto/device-keys.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

describe('device keys', () => {
  it('[S2] sign what only their holder can sign, and name the device', () => {
    const [own, other] = [createSigningKeys(), createSigningKeys()];
    const signature = signBytes(own.privateKey, bytes('entry'));

    expect(isSignatureOf(own.publicKey, bytes('entry'), signature)).toBe(true);
    expect(isSignatureOf(own.publicKey, bytes('Entry'), signature)).toBe(false);
    expect(isSignatureOf(other.publicKey, bytes('entry'), signature)).toBe(false);
    expect(isSignatureOf(Buffer.alloc(32, 255), bytes('entry'), signature)).toBe(false);
    expect(deviceIdOf(Buffer.alloc(32, 1))).toBe('afda21ebaa43157150c7c3bd4ece4d7051a5771098be64ad091599b519cacc3d');
  });

  it('[S6] seal to one device, for one purpose', () => {
    const [own, other] = [createJoiningKeys(), createJoiningKeys()];
    const sealed = sealToDevice(own.publicKey, bytes('for joining'), bytes('the key'), randomBytes);

    expect(openFromDevice(own, bytes('for joining'), sealed)?.toString('utf8')).toBe('the key');
    expect(openFromDevice(own, bytes('for something else'), sealed)).toBeNull();
    expect(openFromDevice(other, bytes('for joining'), sealed)).toBeNull();
    for (const at of [0, 33, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openFromDevice(own, bytes('for joining'), changed)).toBeNull();
    }
    expect(openFromDevice(own, bytes('for joining'), Buffer.alloc(10))).toBeNull();
  });

  it('[S6] give the same words for the same keys, and others for others', () => {
    expect(shortWords(bytes('one transcript'))).toMatch(
      /^(?:[bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz](?:-(?:[bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]){2}$/,
    );
    expect(shortWords(bytes('one transcript'))).toBe(shortWords(bytes('one transcript')));
    expect(shortWords(bytes('one transcript'))).not.toBe(shortWords(bytes('another')));
  });
});
