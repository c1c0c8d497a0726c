// One vault in several files: what a new device gets of the header (S6), and the keyring of another device's history beside the vault (V30).

import { createRandomSecretSlot, openKeySlot, type SlotSecret } from '../../crypto/key-slot.ts';
import { KeyTree } from '../../crypto/key-tree.ts';
import { parseRecoveryKey } from '../../crypto/recovery-key.ts';
import { SecretKey } from '../../crypto/secret-key.ts';
import { openJoinAnswer, type DeviceKeys, type JoinAnswer } from '../replica/join-keys.ts';
import { tampered } from '../replica/wire.ts';
import { isHeaderAuthentic, openHeaderSecrets, parseHeader, type HeaderCopy } from './header.ts';
import { createSharedKeyring, type Keyring, type KeyringOptions, type VaultSecret } from './keyring.ts';
import { slotFailure } from './open-keyring.ts';

/** What a new device has: the header from the server, and a way to the vault key. */
export interface JoinedVault {
  readonly header: Uint8Array;
  readonly device: { readonly name: string; readonly keys: DeviceKeys };
  readonly secret: VaultSecret | { readonly type: 'approved'; readonly answer: JoinAnswer };
}

/** The header with the slots that may travel: those of the password and the recovery key. */
export function encodeShared(keyring: Keyring): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(keyring.encodedFor((slot) => slot.type !== 'keychain'));
}

/** The keyring for a new file of the vault, and a secret that opens that file. @throws AppError VAULT_WRONG_PASSWORD, SYNC_TAMPERED */
export async function openSharedHeader(
  shared: JoinedVault,
  nowMs: number,
  options: KeyringOptions,
): Promise<{ readonly keyring: Keyring; readonly secret: VaultSecret }> {
  const copy = parseHeader(shared.header);
  if (copy?.isWhole !== true) throw tampered('the key slots that it keeps are no header of a vault');
  const vaultId = Buffer.from(copy.header.vaultId, 'base64');
  const vaultKey = await findVaultKey(copy, vaultId, shared.secret);
  const keys = new KeyTree(vaultKey, vaultId, options.random);
  if (!isHeaderAuthentic(copy, keys)) throw tampered('the key slots that it keeps were not written by this vault');
  for (const { epoch, wrappedKey } of copy.header.epochs)
    keys.addEpoch({ epoch, wrappedKey: Buffer.from(wrappedKey, 'base64') });
  const secrets = openHeaderSecrets(copy.header, keys);
  if (secrets === null) throw tampered("the key slots that it keeps cannot be opened with the vault's own key");
  const { slots, epochs, publicKey } = copy.header;
  // Whoever was approved has no password at hand: the file opens once with a slot of its own, which is taken out again.
  const opener = options.random(32);
  const slot = createRandomSecretSlot('keychain', keys.vaultKey, vaultId, opener, options.random);
  const isApproved = shared.secret.type === 'approved';
  const all = isApproved ? [...slots, slot] : slots;
  const keyring = createSharedKeyring(
    { keys, slots: all, epochs, publicKey, privateKey: secrets.privateKey },
    nowMs,
    options,
  );
  const secret: VaultSecret = shared.secret.type === 'approved' ? { type: 'keychain', bytes: opener } : shared.secret;
  return { keyring, secret };
}

/** The keyring of a file beside the vault, which only the vault's own key opens. */
export function createLaneKeyring(vault: Keyring, nowMs: number, options: KeyringOptions): Keyring {
  const { vaultKey, vaultId } = vault.keys;
  const keys = new KeyTree(new SecretKey(Uint8Array.from(vaultKey.dangerouslyExportBytes())), vaultId, options.random);
  const secret = vault.keys.laneSecret();
  const slot = createRandomSecretSlot('keychain', vaultKey, vaultId, secret, options.random);
  secret.fill(0);
  const { epochs, publicKey, privateKey } = vault.shareable();
  return createSharedKeyring({ keys, slots: [slot], epochs, publicKey, privateKey }, nowMs, options);
}

async function findVaultKey(copy: HeaderCopy, vaultId: Buffer, secret: JoinedVault['secret']): Promise<SecretKey> {
  if (secret.type === 'approved') return openJoinAnswer(secret.answer);
  const slotSecret: SlotSecret =
    secret.type === 'recovery' ? { type: 'recovery', bytes: parseRecoveryKey(secret.text) } : secret;
  const results: string[] = [];
  for (const slot of copy.header.slots) {
    if (slot.type !== secret.type) continue;
    const opened = await openKeySlot(slot, vaultId, slotSecret);
    if (opened.result === 'opened') return opened.vaultKey;
    results.push(opened.result);
  }
  throw slotFailure(secret.type, results);
}
