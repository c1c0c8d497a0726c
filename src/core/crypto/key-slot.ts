// Key slots (V1): the vault key, wrapped once per secret that may open the vault. A checksum tells a damaged slot, the key
// commitment a wrong secret, so the two are different errors. Argon2id's parameters lie in the slot, within compiled-in bounds.

import { createHash, timingSafeEqual } from 'node:crypto';

import argon2 from 'argon2';
import { z } from 'zod';

import { deriveBytes, openSealedBytes, sealBytes, type RandomBytes } from './cipher.ts';
import { SecretKey } from './secret-key.ts';

export interface Argon2Parameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** RFC 9106, second recommended option. */
export const DEFAULT_ARGON2: Argon2Parameters = { memoryKiB: 65_536, passes: 3, lanes: 4 };
/** Never less than this, whatever a file says (OWASP's floor). */
export const ARGON2_FLOOR: Argon2Parameters = { memoryKiB: 19_456, passes: 2, lanes: 1 };
/** Never more than this: a hostile file must not be able to exhaust the machine. */
const ARGON2_CEILING: Argon2Parameters = { memoryKiB: 2_097_152, passes: 32, lanes: 16 };

const base64 = z.base64();
const slotFields = {
  commitment: base64,
  wrappedKey: base64,
  checksum: base64,
};
export const keySlotSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('password'),
    memoryKiB: z
      .int()
      .min(1)
      .max(2 ** 31),
    passes: z.int().min(1).max(1024),
    lanes: z.int().min(1).max(255),
    salt: base64,
    ...slotFields,
  }),
  z.strictObject({ type: z.literal('recovery'), ...slotFields }),
  z.strictObject({ type: z.literal('keychain'), ...slotFields }),
]);
export type KeySlot = z.infer<typeof keySlotSchema>;
type UnsealedSlot =
  | { type: 'password'; memoryKiB: number; passes: number; lanes: number; salt: string }
  | { type: 'recovery' | 'keychain' };

/** Wraps the vault key under a password. The password may have any length and is normalised to NFC first. */
export async function createPasswordSlot(
  vaultKey: SecretKey,
  vaultId: Uint8Array,
  password: string,
  parameters: Argon2Parameters,
  random: RandomBytes,
): Promise<KeySlot> {
  const salt = random(16);
  const fields = { type: 'password' as const, ...parameters, salt: salt.toString('base64') };
  const secret = await hashPassword(password, salt, parameters);
  try {
    return sealSlot(fields, secret, vaultKey, vaultId, random);
  } finally {
    secret.fill(0);
  }
}

/** Wraps the vault key under a secret that is random already: a recovery key (20 bytes) or one the OS keychain keeps (32). */
export function createRandomSecretSlot(
  type: 'recovery' | 'keychain',
  vaultKey: SecretKey,
  vaultId: Uint8Array,
  secret: Uint8Array,
  random: RandomBytes,
): KeySlot {
  return sealSlot({ type }, secret, vaultKey, vaultId, random);
}

export type SlotSecret =
  | { readonly type: 'password'; readonly text: string }
  | { readonly type: 'recovery' | 'keychain'; readonly bytes: Uint8Array };

export type OpenSlotResult =
  | { readonly result: 'opened'; readonly vaultKey: SecretKey }
  | { readonly result: 'wrong-secret' | 'damaged' | 'below-floor' };

/** Tries one slot with one secret. */
export async function openKeySlot(slot: KeySlot, vaultId: Uint8Array, secret: SlotSecret): Promise<OpenSlotResult> {
  if (!isKeySlotWhole(slot)) return { result: 'damaged' };
  if (slot.type !== secret.type) return { result: 'wrong-secret' };
  if (slot.type === 'password' && !isWithinBounds(slot)) return { result: 'below-floor' };
  const bytes =
    slot.type === 'password' && secret.type === 'password'
      ? await hashPassword(secret.text, Buffer.from(slot.salt, 'base64'), slot)
      : secret.type === 'password'
        ? null
        : secret.bytes;
  if (bytes === null) return { result: 'wrong-secret' };
  try {
    return openWith(bytes, slot, vaultId);
  } finally {
    // A secret that was handed in stays its owner's: other slots may be tried with it.
    if (slot.type === 'password') bytes.fill(0);
  }
}

function openWith(bytes: Uint8Array, slot: KeySlot, vaultId: Uint8Array): OpenSlotResult {
  const commitment = Buffer.from(slot.commitment, 'base64');
  const expected = deriveBytes(bytes, COMMIT_LABEL, 32);
  if (commitment.length !== 32 || !timingSafeEqual(commitment, expected)) return { result: 'wrong-secret' };
  const wrapKey = new SecretKey(deriveBytes(bytes, WRAP_LABEL, 32));
  const vaultKey = openSealedBytes(wrapKey, Buffer.from(slot.wrappedKey, 'base64'), slotAad(vaultId, slot.type));
  wrapKey.wipe();
  if (vaultKey?.length !== 32) return { result: 'damaged' };
  return { result: 'opened', vaultKey: new SecretKey(vaultKey) };
}

/** True where the slot's bytes are as they were written, judged without any secret. */
export function isKeySlotWhole(slot: KeySlot): boolean {
  return slot.checksum === slotChecksum(slot);
}

/** True where today's defaults are stronger than the slot's parameters. */
export function isSlotWeakerThan(slot: KeySlot, parameters: Argon2Parameters): boolean {
  return (
    slot.type === 'password' &&
    (slot.memoryKiB < parameters.memoryKiB || slot.passes < parameters.passes || slot.lanes < parameters.lanes)
  );
}

const COMMIT_LABEL = 'cairn slot commit v1';
const WRAP_LABEL = 'cairn slot wrap v1';

function isWithinBounds(parameters: Argon2Parameters): boolean {
  const { memoryKiB, passes, lanes } = parameters;
  return (
    memoryKiB >= ARGON2_FLOOR.memoryKiB &&
    passes >= ARGON2_FLOOR.passes &&
    lanes >= ARGON2_FLOOR.lanes &&
    memoryKiB <= ARGON2_CEILING.memoryKiB &&
    passes <= ARGON2_CEILING.passes &&
    lanes <= ARGON2_CEILING.lanes
  );
}

function hashPassword(password: string, salt: Buffer, parameters: Argon2Parameters): Promise<Buffer> {
  return argon2.hash(password.normalize('NFC'), {
    type: argon2.argon2id,
    memoryCost: parameters.memoryKiB,
    timeCost: parameters.passes,
    parallelism: parameters.lanes,
    hashLength: 32,
    salt,
    raw: true,
  });
}

function sealSlot(
  fields: UnsealedSlot,
  secret: Uint8Array,
  vaultKey: SecretKey,
  vaultId: Uint8Array,
  random: RandomBytes,
): KeySlot {
  const wrapKey = new SecretKey(deriveBytes(secret, WRAP_LABEL, 32));
  const wrapped = sealBytes(wrapKey, vaultKey.dangerouslyExportBytes(), slotAad(vaultId, fields.type), random);
  wrapKey.wipe();
  const unchecked = {
    ...fields,
    commitment: deriveBytes(secret, COMMIT_LABEL, 32).toString('base64'),
    wrappedKey: wrapped.toString('base64'),
    checksum: '',
  };
  return { ...unchecked, checksum: slotChecksum(unchecked) };
}

function slotAad(vaultId: Uint8Array, type: KeySlot['type']): Buffer {
  return Buffer.concat([vaultId, Buffer.from(`slot ${type}`, 'utf8')]);
}

function slotChecksum(slot: KeySlot): string {
  const parts =
    slot.type === 'password'
      ? [slot.type, slot.memoryKiB, slot.passes, slot.lanes, slot.salt, slot.commitment, slot.wrappedKey]
      : [slot.type, slot.commitment, slot.wrappedKey];
  return createHash('sha256').update(parts.join('|')).digest().subarray(0, 16).toString('base64');
}
