// The open keyring and every change of the header. A change is written to the three tables in one transaction, then to the sidecar;
// whichever whole copy is newest wins at the next opening (open-keyring.ts).

import { BOX_CODECS, BOX_KINDS } from '../../crypto/box.ts';
import type { RandomBytes } from '../../crypto/cipher.ts';
import { createInboxKeyPair, type InboxKeyPair } from '../../crypto/inbox-seal.ts';
import {
  createPasswordSlot,
  createRandomSecretSlot,
  isKeySlotWhole,
  type Argon2Parameters,
  type KeySlot,
} from '../../crypto/key-slot.ts';
import { KeyTree } from '../../crypto/key-tree.ts';
import { newRecoveryKey } from '../../crypto/recovery-key.ts';
import { SecretKey } from '../../crypto/secret-key.ts';
import { tryTruncateLog, type ReadDb, type WriteDb } from '../database.ts';
import { damaged } from '../errors.ts';
import { readHeaderCopies, writeHeaderCopies } from '../tables/single-rows.ts';
import type { KeysInfo } from '../vault.ts';
import {
  encodeHeader,
  isHeaderAuthentic,
  openHeaderSecrets,
  parseHeader,
  type Header,
  type HeaderSecrets,
} from './header.ts';
import { prepareSidecar, readSidecar } from './sidecar.ts';

const ROTATION_ADVICE_DAYS = 90;
const DAY_MS = 86_400_000;

/** What a caller opens a vault with. */
export type VaultSecret =
  | { readonly type: 'password'; readonly text: string }
  | { readonly type: 'recovery'; readonly text: string }
  | { readonly type: 'keychain'; readonly bytes: Uint8Array };

export interface KeyringOptions {
  readonly sidecarPath: string;
  readonly random: RandomBytes;
  readonly argon2: Argon2Parameters;
}

export interface EpochOptions {
  /** True where other devices have the vault key. */
  readonly isShared: boolean;
  /** The lowest number that the new epoch may have. */
  readonly atLeast?: number;
}

/** The open keyring of one vault. Every method that changes it needs the writer's lock held. */
export class Keyring {
  readonly keys: KeyTree;
  readonly #options: KeyringOptions;
  #header: Header;
  #secrets: HeaderSecrets;

  constructor(keys: KeyTree, header: Header, secrets: HeaderSecrets, options: KeyringOptions) {
    this.keys = keys;
    this.#header = header;
    this.#secrets = secrets;
    this.#options = options;
  }

  get counter(): number {
    return this.#header.counter;
  }

  get rotation(): HeaderSecrets['rotation'] {
    return this.#secrets.rotation;
  }

  get oldestEpoch(): number {
    return Math.min(...this.#header.epochs.map((epoch) => epoch.epoch));
  }

  /** What another file of this vault needs beside slots of its own. */
  shareable(): Pick<Header, 'epochs' | 'publicKey'> & Pick<HeaderSecrets, 'privateKey'> {
    const { epochs, publicKey } = this.#header;
    return { epochs, publicKey, privateKey: this.#secrets.privateKey };
  }

  /** The header with some of its slots only. */
  encodedFor(isWanted: (slot: KeySlot) => boolean): Buffer {
    return encodeHeader({ ...this.#header, slots: this.#header.slots.filter(isWanted) }, this.keys);
  }

  encoded(): Buffer {
    return encodeHeader(this.#header, this.keys);
  }

  inboxKeys(): InboxKeyPair {
    return {
      publicKey: Buffer.from(this.#header.publicKey, 'base64'),
      privateKey: new SecretKey(Buffer.from(this.#secrets.privateKey, 'base64')),
    };
  }

  info(nowMs: number, rotationDone: number): KeysInfo {
    const epoch = this.keys.currentEpoch;
    const epochCreatedAtMs = this.#secrets.epochCreatedAtMs[String(epoch)] ?? this.#secrets.createdAtMs;
    const { rotation } = this.#secrets;
    return {
      slots: this.#header.slots.map((slot) => ({
        type: slot.type,
        createdAtMs: this.#secrets.slotCreatedAtMs[slot.commitment] ?? this.#secrets.createdAtMs,
        detail:
          slot.type === 'password'
            ? `Argon2id, ${slot.memoryKiB / 1024} MiB, ${slot.passes} passes, ${slot.lanes} lanes`
            : 'random secret',
        isWhole: isKeySlotWhole(slot),
      })),
      epoch,
      epochCreatedAtMs,
      rotation: rotation === null ? null : { done: rotationDone, total: rotation.total },
      isRotationAdvised: nowMs - epochCreatedAtMs > ROTATION_ADVICE_DAYS * DAY_MS,
    };
  }

  /** Replaces all password slots by one of the new password (V4): the data stay as they are. */
  async changePassword(db: WriteDb, password: string, nowMs: number): Promise<void> {
    const slot = await createPasswordSlot(
      this.keys.vaultKey,
      this.keys.vaultId,
      password,
      this.#options.argon2,
      this.#options.random,
    );
    this.#replaceSlots(db, 'password', slot, nowMs);
  }

  /** Replaces the recovery key; gives its text, the only time it is seen. */
  replaceRecoveryKey(db: WriteDb, nowMs: number): string {
    const { secret, text } = newRecoveryKey(this.#options.random);
    const slot = createRandomSecretSlot(
      'recovery',
      this.keys.vaultKey,
      this.keys.vaultId,
      secret,
      this.#options.random,
    );
    secret.fill(0);
    this.#replaceSlots(db, 'recovery', slot, nowMs);
    return text;
  }

  /** Lets a secret that the OS keychain keeps (32 bytes) open the vault too, in place of an earlier one; null lets none. */
  setKeychainSecret(db: WriteDb, secret: Uint8Array | null, nowMs: number): void {
    if (secret === null) {
      this.#write(db, { slots: this.#header.slots.filter((slot) => slot.type !== 'keychain') }, this.#secrets);
      return;
    }
    const { vaultKey, vaultId } = this.keys;
    const slot = createRandomSecretSlot('keychain', vaultKey, vaultId, secret, this.#options.random);
    this.#replaceSlots(db, 'keychain', slot, nowMs);
  }

  /** Opens a new epoch for what is sealed from now on; older boxes stay readable. */
  openEpoch(db: WriteDb, nowMs: number, options: EpochOptions): void {
    this.#addEpoch(db, nowMs, options, () => this.#secrets.rotation);
  }

  /** Opens a new epoch and notes that everything older is to be sealed anew. */
  beginRotation(db: WriteDb, total: number, nowMs: number, options: EpochOptions): void {
    this.#addEpoch(db, nowMs, options, (toEpoch) => ({ toEpoch, total }));
  }

  /**
   * Lets the older epochs go. Only after every box was sealed anew and verified. Where other devices have the vault too they stay: what
   * lies on the server and in the others' histories is sealed under them.
   */
  endRotation(db: WriteDb, { isShared }: EpochOptions): void {
    const { rotation } = this.#secrets;
    if (rotation === null) return;
    if (isShared) {
      this.#write(db, {}, { ...this.#secrets, rotation: null });
      return;
    }
    const gone = this.#header.epochs.filter((epoch) => epoch.epoch < rotation.toEpoch);
    const epochs = this.#header.epochs.filter((epoch) => epoch.epoch >= rotation.toEpoch);
    this.#write(db, { epochs }, { ...this.#secrets, rotation: null });
    for (const epoch of gone) this.keys.dropEpoch(epoch.epoch);
  }

  /** Writes all four copies as they should be. */
  mend(db: WriteDb): void {
    this.#write(db, {}, this.#secrets);
  }

  /** Takes over what another process changed in the header since. */
  refresh(db: ReadDb): void {
    const copies = readHeaderCopies(db).map((bytes) => (bytes === null ? null : parseHeader(bytes)));
    for (const copy of copies) {
      if (copy?.isWhole !== true || copy.header.counter <= this.#header.counter || !isHeaderAuthentic(copy, this.keys))
        continue;
      for (const epoch of copy.header.epochs)
        this.keys.addEpoch({ epoch: epoch.epoch, wrappedKey: Buffer.from(epoch.wrappedKey, 'base64') });
      const secrets = openHeaderSecrets(copy.header, this.keys);
      if (secrets === null) throw damaged('the secret part of the header does not authenticate');
      this.#header = copy.header;
      this.#secrets = secrets;
    }
  }

  #addEpoch(
    db: WriteDb,
    nowMs: number,
    { isShared, atLeast = 0 }: EpochOptions,
    rotationFor: (epoch: number) => HeaderSecrets['rotation'],
  ): void {
    const epoch = Math.max(this.keys.currentEpoch + 1, atLeast);
    const wrapped = this.keys.wrapNewEpoch(epoch, { isShared });
    const epochs = [...this.#header.epochs, { epoch, wrappedKey: wrapped.wrappedKey.toString('base64') }];
    const epochCreatedAtMs = { ...this.#secrets.epochCreatedAtMs, [String(epoch)]: nowMs };
    this.#write(db, { epochs }, { ...this.#secrets, epochCreatedAtMs, rotation: rotationFor(epoch) });
    this.keys.addEpoch(wrapped);
  }

  #replaceSlots(db: WriteDb, type: KeySlot['type'], slot: KeySlot, nowMs: number): void {
    const slots = [...this.#header.slots.filter((other) => other.type !== type), slot];
    const live = new Set(slots.map((other) => other.commitment));
    const times = Object.fromEntries(
      Object.entries(this.#secrets.slotCreatedAtMs).filter(([commitment]) => live.has(commitment)),
    );
    this.#write(db, { slots }, { ...this.#secrets, slotCreatedAtMs: { ...times, [slot.commitment]: nowMs } });
  }

  /** All or nothing: the sidecar lies ready before the tables commit, and memory follows only what was committed. */
  #write(db: WriteDb, changes: Partial<Pick<Header, 'slots' | 'epochs'>>, secrets: HeaderSecrets): void {
    const counter = this.#header.counter + 1;
    const header: Header = {
      ...this.#header,
      ...changes,
      counter,
      secrets: sealSecrets(this.keys, counter, secrets),
    };
    const bytes = encodeHeader(header, this.keys);
    const boxes = readSidecar(this.#options.sidecarPath)?.boxes ?? [];
    const sidecar = prepareSidecar(this.#options.sidecarPath, { header: bytes, boxes });
    try {
      db.pragma('secure_delete = ON');
      db.transaction(() => writeHeaderCopies(db, bytes)).immediate();
    } catch (error) {
      sidecar.discard();
      throw error;
    } finally {
      db.pragma('secure_delete = FAST');
    }
    this.#header = header;
    this.#secrets = secrets;
    // Committed: what fails from here on is mended at the next opening, and must not look as if nothing had changed.
    sidecar.tryPublish();
    // The old slot must not linger in the write-ahead log either.
    tryTruncateLog(db);
  }
}

/** Makes the keys and the first header of a new vault; the caller writes them with `mend`. */
export async function createKeyring(
  password: string,
  nowMs: number,
  options: KeyringOptions,
): Promise<{ readonly keyring: Keyring; readonly recoveryKey: string }> {
  const vaultKey = new SecretKey(options.random(32));
  const vaultId = options.random(16);
  const keys = new KeyTree(vaultKey, vaultId, options.random);
  const epoch = keys.wrapNewEpoch(1);
  keys.addEpoch(epoch);
  const recovery = newRecoveryKey(options.random);
  const slots = [
    await createPasswordSlot(vaultKey, vaultId, password, options.argon2, options.random),
    createRandomSecretSlot('recovery', vaultKey, vaultId, recovery.secret, options.random),
  ];
  recovery.secret.fill(0);
  const inbox = createInboxKeyPair();
  const secrets: HeaderSecrets = {
    privateKey: Buffer.from(inbox.privateKey.dangerouslyExportBytes()).toString('base64'),
    createdAtMs: nowMs,
    epochCreatedAtMs: { '1': nowMs },
    slotCreatedAtMs: Object.fromEntries(slots.map((slot) => [slot.commitment, nowMs])),
    rotation: null,
  };
  const header: Header = {
    vaultId: vaultId.toString('base64'),
    counter: 1,
    slots,
    epochs: [{ epoch: 1, wrappedKey: epoch.wrappedKey.toString('base64') }],
    publicKey: inbox.publicKey.toString('base64'),
    secrets: sealSecrets(keys, 1, secrets),
  };
  return { keyring: new Keyring(keys, header, secrets, options), recoveryKey: recovery.text };
}

/** What makes another file of the same vault: its key and epochs, with slots of its own. */
export interface SharedKeyring {
  readonly keys: KeyTree;
  readonly slots: Header['slots'];
  readonly epochs: Header['epochs'];
  readonly publicKey: string;
  /** The inbox's private key, base64. */
  readonly privateKey: string;
}

/** The keyring of a new file of a vault that exists elsewhere; the caller writes it with `mend`. */
export function createSharedKeyring(shared: SharedKeyring, nowMs: number, options: KeyringOptions): Keyring {
  const { keys, slots, epochs, publicKey, privateKey } = shared;
  for (const { epoch, wrappedKey } of epochs) keys.addEpoch({ epoch, wrappedKey: Buffer.from(wrappedKey, 'base64') });
  const secrets: HeaderSecrets = {
    privateKey,
    createdAtMs: nowMs,
    epochCreatedAtMs: {},
    slotCreatedAtMs: Object.fromEntries(slots.map((slot) => [slot.commitment, nowMs])),
    rotation: null,
  };
  const header: Header = {
    vaultId: keys.vaultId.toString('base64'),
    counter: 1,
    slots: [...slots],
    epochs: [...epochs],
    publicKey,
    secrets: sealSecrets(keys, 1, secrets),
  };
  return new Keyring(keys, header, secrets, options);
}

function sealSecrets(keys: KeyTree, counter: number, secrets: HeaderSecrets): string {
  return keys
    .seal(BOX_KINDS.headerSecrets, BOX_CODECS.raw, counter, Buffer.from(JSON.stringify(secrets), 'utf8'))
    .toString('base64');
}
