// From a secret to the open key tree, and every change of the header. A change is written to the three tables in one transaction,
// then to the sidecar; whichever whole copy is newest wins at the next opening.

import { AppError } from '../../../shared/model/app-error.ts';
import { BOX_CODECS, BOX_KINDS } from '../../crypto/box.ts';
import type { RandomBytes } from '../../crypto/cipher.ts';
import { createInboxKeyPair, type InboxKeyPair } from '../../crypto/inbox-seal.ts';
import {
  createPasswordSlot,
  createRandomSecretSlot,
  isKeySlotWhole,
  isSlotWeakerThan,
  openKeySlot,
  type Argon2Parameters,
  type KeySlot,
  type SlotSecret,
} from '../../crypto/key-slot.ts';
import { KeyTree } from '../../crypto/key-tree.ts';
import { newRecoveryKey, parseRecoveryKey } from '../../crypto/recovery-key.ts';
import { SecretKey } from '../../crypto/secret-key.ts';
import type { ReadDb, WriteDb } from '../database.ts';
import { damaged } from '../errors.ts';
import { readHeaderCopies, writeHeaderCopies } from '../tables/single-rows.ts';
import type { KeysInfo, OpeningNotice } from '../vault.ts';
import {
  encodeHeader,
  isHeaderAuthentic,
  openHeaderSecrets,
  parseHeader,
  type Header,
  type HeaderCopy,
  type HeaderSecrets,
} from './header.ts';
import { readSidecar, writeSidecar } from './sidecar.ts';

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
      this.#header = { ...this.#header, slots: this.#header.slots.filter((slot) => slot.type !== 'keychain') };
      this.#write(db, this.#secrets);
      return;
    }
    const { vaultKey, vaultId } = this.keys;
    const slot = createRandomSecretSlot('keychain', vaultKey, vaultId, secret, this.#options.random);
    this.#replaceSlots(db, 'keychain', slot, nowMs);
  }

  /** Opens a new epoch for what is sealed from now on; older boxes stay readable. */
  openEpoch(db: WriteDb, nowMs: number): void {
    this.#addEpoch(db, nowMs, () => this.#secrets.rotation);
  }

  /** Opens a new epoch and notes that everything older is to be sealed anew. */
  beginRotation(db: WriteDb, total: number, nowMs: number): void {
    this.#addEpoch(db, nowMs, (toEpoch) => ({ toEpoch, total }));
  }

  /** Lets the older epochs go. Only after every box was sealed anew and verified. */
  endRotation(db: WriteDb): void {
    const { rotation } = this.#secrets;
    if (rotation === null) return;
    const gone = this.#header.epochs.filter((epoch) => epoch.epoch < rotation.toEpoch);
    this.#header = { ...this.#header, epochs: this.#header.epochs.filter((epoch) => epoch.epoch >= rotation.toEpoch) };
    this.#write(db, { ...this.#secrets, rotation: null });
    for (const epoch of gone) this.keys.dropEpoch(epoch.epoch);
  }

  /** Writes all four copies as they should be. */
  mend(db: WriteDb): void {
    this.#write(db, this.#secrets);
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

  #addEpoch(db: WriteDb, nowMs: number, rotationFor: (epoch: number) => HeaderSecrets['rotation']): void {
    const epoch = this.keys.currentEpoch + 1;
    const wrapped = this.keys.createEpoch(epoch);
    this.#header = {
      ...this.#header,
      epochs: [...this.#header.epochs, { epoch, wrappedKey: wrapped.wrappedKey.toString('base64') }],
    };
    const epochCreatedAtMs = { ...this.#secrets.epochCreatedAtMs, [String(epoch)]: nowMs };
    this.#write(db, { ...this.#secrets, epochCreatedAtMs, rotation: rotationFor(epoch) });
  }

  #replaceSlots(db: WriteDb, type: KeySlot['type'], slot: KeySlot, nowMs: number): void {
    this.#header = { ...this.#header, slots: [...this.#header.slots.filter((other) => other.type !== type), slot] };
    const live = new Set(this.#header.slots.map((other) => other.commitment));
    const times = Object.fromEntries(
      Object.entries(this.#secrets.slotCreatedAtMs).filter(([commitment]) => live.has(commitment)),
    );
    this.#write(db, { ...this.#secrets, slotCreatedAtMs: { ...times, [slot.commitment]: nowMs } });
  }

  #write(db: WriteDb, secrets: HeaderSecrets): void {
    const counter = this.#header.counter + 1;
    this.#secrets = secrets;
    this.#header = { ...this.#header, counter, secrets: sealSecrets(this.keys, counter, secrets) };
    const bytes = this.encoded();
    const sidecar = readSidecar(this.#options.sidecarPath);
    db.pragma('secure_delete = ON');
    try {
      db.transaction(() => writeHeaderCopies(db, bytes)).immediate();
    } finally {
      db.pragma('secure_delete = FAST');
    }
    // The old slot must not linger in the write-ahead log either.
    db.pragma('wal_checkpoint(TRUNCATE)');
    writeSidecar(this.#options.sidecarPath, { header: bytes, boxes: sidecar?.boxes ?? [] });
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
  const epoch = keys.createEpoch(1);
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

/** What can be known of a vault without any secret: enough to seal into the inbox (V5). */
export function readPublicHeader(
  db: ReadDb,
  sidecarPath: string,
): { readonly vaultId: Buffer; readonly publicKey: Buffer } {
  const best = rankedCopies(db, sidecarPath)[0];
  if (best === undefined) throw noHeader();
  return {
    vaultId: Buffer.from(best.header.vaultId, 'base64'),
    publicKey: Buffer.from(best.header.publicKey, 'base64'),
  };
}

/**
 * Opens the keyring.
 * @throws AppError VAULT_WRONG_PASSWORD where the secret fits no slot, VAULT_SLOT_DAMAGED where its slot is damaged, VAULT_DAMAGED
 * where no header copy is left.
 */
export async function openKeyring(
  db: ReadDb,
  secret: VaultSecret,
  options: KeyringOptions,
): Promise<{
  readonly keyring: Keyring;
  readonly notices: readonly OpeningNotice[];
  readonly isMendNeeded: boolean;
  readonly isSlotWeak: boolean;
}> {
  const copies = rankedCopies(db, options.sidecarPath);
  if (copies.length === 0) throw noHeader();
  const slotSecret: SlotSecret =
    secret.type === 'recovery' ? { type: 'recovery', bytes: parseRecoveryKey(secret.text) } : secret;
  let failure: AppError | null = null;
  for (const copy of distinct(copies)) {
    const opened = await tryCopy(copy, slotSecret, options);
    if (opened instanceof AppError) {
      failure ??= opened;
      continue;
    }
    const isMendNeeded =
      !copy.isWhole || copies.length < 4 || copies.some((other) => other.header.counter !== copy.header.counter);
    const notices: OpeningNotice[] = isMendNeeded
      ? [
          {
            code: 'header-mended',
            message: `${agreeing(copies, copy)} of 4 copies of the vault's header agreed; the others were written anew.`,
          },
        ]
      : [];
    const isSlotWeak =
      secret.type === 'password' && copy.header.slots.some((slot) => isSlotWeakerThan(slot, options.argon2));
    return { keyring: opened, notices, isMendNeeded, isSlotWeak };
  }
  throw failure ?? noHeader();
}

async function tryCopy(copy: HeaderCopy, secret: SlotSecret, options: KeyringOptions): Promise<Keyring | AppError> {
  const vaultId = Buffer.from(copy.header.vaultId, 'base64');
  const results: string[] = [];
  for (const slot of copy.header.slots.filter((other) => other.type === secret.type)) {
    const opened = await openKeySlot(slot, vaultId, secret);
    if (opened.result !== 'opened') {
      results.push(opened.result);
      continue;
    }
    const keys = new KeyTree(opened.vaultKey, vaultId, options.random);
    if (copy.isWhole && !isHeaderAuthentic(copy, keys))
      return damaged('a copy of the header was not written by the owner of the vault');
    for (const epoch of copy.header.epochs) {
      if (!keys.addEpoch({ epoch: epoch.epoch, wrappedKey: Buffer.from(epoch.wrappedKey, 'base64') }))
        return damaged('the key of an epoch does not authenticate');
    }
    const secrets = openHeaderSecrets(copy.header, keys);
    return secrets === null
      ? damaged('the secret part of the header does not authenticate')
      : new Keyring(keys, copy.header, secrets, options);
  }
  return slotFailure(secret.type, results);
}

function slotFailure(type: SlotSecret['type'], results: readonly string[]): AppError {
  const name = type === 'password' ? 'password' : type === 'recovery' ? 'recovery key' : 'keychain';
  if (results.includes('damaged')) {
    return new AppError(
      'VAULT_SLOT_DAMAGED',
      `The vault's ${name} slot is damaged; whether the ${name} is right cannot be told.`,
      {
        hint:
          type === 'password'
            ? 'Open the vault with the recovery key, then set the password anew.'
            : 'Open the vault with the password, then make a new recovery key.',
      },
    );
  }
  if (results.includes('below-floor')) {
    return new AppError(
      'VAULT_SLOT_DAMAGED',
      `The vault's ${name} slot asks for a weaker key derivation than Cairn ever writes; it was changed by somebody.`,
      {
        hint: 'Do not enter the password again. Put the vault back from a backup that you trust, or use the recovery key.',
      },
    );
  }
  return new AppError(
    'VAULT_WRONG_PASSWORD',
    type === 'password' ? 'Wrong password.' : `This ${name} does not open this vault.`,
    {
      hint:
        type === 'password'
          ? 'Try again, or open the vault with the recovery key.'
          : 'Try again, or open the vault with the password.',
    },
  );
}

/** All readable copies, the best first: whole before torn, newest before older. */
function rankedCopies(db: ReadDb, sidecarPath: string): HeaderCopy[] {
  const bytes = [...readHeaderCopies(db), readSidecar(sidecarPath)?.header ?? null];
  return bytes
    .map((copy) => (copy === null ? null : parseHeader(copy)))
    .filter((copy) => copy !== null)
    .toSorted((a, b) => Number(b.isWhole) - Number(a.isWhole) || b.header.counter - a.header.counter);
}

function distinct(copies: readonly HeaderCopy[]): HeaderCopy[] {
  return copies.filter((copy, index) => copies.findIndex((other) => other.bytes.equals(copy.bytes)) === index);
}

function agreeing(copies: readonly HeaderCopy[], chosen: HeaderCopy): number {
  return copies.filter((copy) => copy.bytes.equals(chosen.bytes)).length;
}

function noHeader(): AppError {
  return damaged('none of its four header copies can be read');
}

function sealSecrets(keys: KeyTree, counter: number, secrets: HeaderSecrets): string {
  return keys
    .seal(BOX_KINDS.headerSecrets, BOX_CODECS.raw, counter, Buffer.from(JSON.stringify(secrets), 'utf8'))
    .toString('base64');
}
