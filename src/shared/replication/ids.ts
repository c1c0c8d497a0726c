// Identifiers on the wire. All are lowercase hexadecimal in JSON and raw bytes in binary frames.

import { z } from 'zod';

declare const brand: unique symbol;
type Brand<Name extends string> = { readonly [brand]: Name };

/** Names a vault without telling its key: SHA-256 of its public identity (S5). 64 hexadecimal digits. */
export type VaultKeyId = string & Brand<'VaultKeyId'>;
/** Names a device: SHA-256 of its Ed25519 public key (S2). 64 hexadecimal digits. */
export type DeviceId = string & Brand<'DeviceId'>;
/** Names an object by its keyed content, the same on all devices of a vault (S1). 32 hexadecimal digits. */
export type ObjectId = string & Brand<'ObjectId'>;
/** SHA-256 of the signed part of an entry, or 64 zeros before the first. */
export type EntryHash = string & Brand<'EntryHash'>;

export const KEY_BYTES = 32;
export const HASH_BYTES = 32;
export const OBJECT_ID_BYTES = 16;
export const SIGNATURE_BYTES = 64;

/** What stands where the hash of the entry before would, in the first entry of a device. */
export const NO_ENTRY_HASH = '0'.repeat(64) as EntryHash; // the one hash that is written, not computed

/** Domain separation: what is hashed before the public key, so that no hash of one thing passes for another. */
export const DEVICE_ID_PREFIX = 'cairn device v1\n';
export const VAULT_KEY_ID_PREFIX = 'cairn vault v1\n';

// The brands are checked by the patterns; zod's own brand would be another type.
export const vaultKeyIdSchema = z.string().regex(/^[0-9a-f]{64}$/) as unknown as z.ZodType<VaultKeyId, string>;
export const deviceIdSchema = z.string().regex(/^[0-9a-f]{64}$/) as unknown as z.ZodType<DeviceId, string>;
export const objectIdSchema = z.string().regex(/^[0-9a-f]{32}$/) as unknown as z.ZodType<ObjectId, string>;
export const entryHashSchema = z.string().regex(/^[0-9a-f]{64}$/) as unknown as z.ZodType<EntryHash, string>;
/** A public key: 32 bytes. */
export const publicKeySchema = z.string().regex(/^[0-9a-f]{64}$/);
/** An Ed25519 signature: 64 bytes. */
export const signatureSchema = z.string().regex(/^[0-9a-f]{128}$/);
