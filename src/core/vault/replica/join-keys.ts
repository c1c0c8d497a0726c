// How the vault key gets to a new device that an old one approves (S6): sealed to the new device's key, bound to the words that both showed.

import { fromHex } from '../../../shared/replication/bytes.ts';
import type { VaultKeyId } from '../../../shared/replication/ids.ts';
import { encodeJoinTranscript } from '../../../shared/replication/join-transcript.ts';
import type { RandomBytes } from '../../crypto/cipher.ts';
import { openFromDevice, sealToDevice, vaultKeyIdOf } from '../../crypto/device-keys.ts';
import { KeyTree } from '../../crypto/key-tree.ts';
import { SecretKey } from '../../crypto/secret-key.ts';
import { tampered } from './wire.ts';
import type { JoinKeys } from '../vault-replica.ts';

/** The keys of a device that has no vault yet, base64. */
export interface DeviceKeys {
  readonly signing: { readonly publicKey: string; readonly privateKey: string };
  readonly agreement: { readonly publicKey: string; readonly privateKey: string };
}

/** What the new device got, with its own keys. */
export interface JoinAnswer {
  readonly vaultId: VaultKeyId;
  readonly keys: DeviceKeys;
  /** Base64. */
  readonly sealedKey: string;
}

/** Seals the vault key; base64. */
export function sealJoinAnswer(keys: KeyTree, asking: JoinKeys, random: RandomBytes): string {
  const aad = encodeJoinTranscript({ vaultId: vaultKeyIdOf(keys.keyId()), ...asking });
  const agreementKey = fromHex(asking.agreementKey);
  if (agreementKey === null) throw new RangeError('not a key of a device');
  return sealToDevice(agreementKey, aad, keys.vaultKey.dangerouslyExportBytes(), random).toString('base64');
}

/** @throws AppError SYNC_TAMPERED where it was sealed for somebody else, or is the key of another vault than was asked for */
export function openJoinAnswer({ vaultId, keys, sealedKey }: JoinAnswer): SecretKey {
  const signingKey = Buffer.from(keys.signing.publicKey, 'base64').toString('hex');
  const pair = {
    publicKey: Buffer.from(keys.agreement.publicKey, 'base64'),
    privateKey: Buffer.from(keys.agreement.privateKey, 'base64'),
  };
  const aad = encodeJoinTranscript({ vaultId, signingKey, agreementKey: pair.publicKey.toString('hex') });
  const bytes = openFromDevice(pair, aad, Buffer.from(sealedKey, 'base64'));
  if (bytes?.length !== 32) throw tampered('the vault key that it handed over was not sealed for this device');
  const tree = new KeyTree(new SecretKey(Uint8Array.from(bytes)), Buffer.alloc(16), () => Buffer.alloc(0));
  const isOfVault = vaultKeyIdOf(tree.keyId()) === vaultId;
  tree.wipe();
  if (!isOfVault) throw tampered('the vault key that it handed over is of another vault');
  return new SecretKey(bytes);
}
