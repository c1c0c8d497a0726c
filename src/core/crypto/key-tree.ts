// The key tree (V2, V3): what follows from the vault key, one label each. Frozen: format v1.

import { createHmac } from 'node:crypto';

import {
  BOX_CODECS,
  BOX_HEADER_BYTES,
  BOX_KINDS,
  isBoxWhole,
  openBox,
  parseBoxHeader,
  sealBox,
  writeHeader,
  type BoxCodec,
  type BoxHeader,
  type BoxKind,
} from './box.ts';
import { contentIdOf, type ContentIdKey } from './content-id.ts';
import { deriveBytes, deriveKey, openSealedBytes, sealBytes, type RandomBytes } from './cipher.ts';
import { mendBox } from './mend-box.ts';
import { SecretKey } from './secret-key.ts';

const KEY_ID_BYTES = 32;
const ENTITY_KEY_BYTES = 16;

/** An epoch key as the header holds it: wrapped by the vault key. */
export interface WrappedEpoch {
  readonly epoch: number;
  readonly wrappedKey: Buffer;
}

/**
 * All keys of an open vault. Boxes are sealed under the newest epoch and opened under whichever epoch they name.
 * `wipe` ends its life.
 */
export class KeyTree {
  readonly vaultId: Buffer;
  readonly #vaultKey: SecretKey;
  readonly #random: RandomBytes;
  readonly #epochWrapKey: SecretKey;
  readonly #chunkIdKey: SecretKey;
  readonly #chainKey: SecretKey;
  readonly #headerMacKey: SecretKey;
  readonly #epochKeys = new Map<number, SecretKey>();
  readonly #boxKeys = new Map<number, SecretKey>();
  #currentEpoch = 0;

  constructor(vaultKey: SecretKey, vaultId: Uint8Array, random: RandomBytes) {
    this.vaultId = Buffer.from(vaultId);
    this.#vaultKey = vaultKey;
    this.#random = random;
    this.#epochWrapKey = deriveKey(vaultKey, 'cairn epoch wrap v1');
    this.#chunkIdKey = deriveKey(vaultKey, 'cairn chunk id v1');
    this.#chainKey = deriveKey(vaultKey, 'cairn chain v1');
    this.#headerMacKey = deriveKey(vaultKey, 'cairn header mac v1');
  }

  get currentEpoch(): number {
    return this.#currentEpoch;
  }

  /** The root key, to wrap it into another slot. */
  get vaultKey(): SecretKey {
    return this.#vaultKey;
  }

  /** 1,024 bytes for the gear table of the chunker, so that cut points do not fingerprint known content (V10). */
  deriveGearBytes(): Buffer {
    const key = deriveKey(this.#vaultKey, 'cairn chunking v1');
    const parts: Buffer[] = [];
    for (let index = 0; index < 32; index += 1) {
      parts.push(createHmac('sha256', key.dangerouslyExportBytes()).update(`gear ${index}`).digest());
    }
    key.wipe();
    return Buffer.concat(parts);
  }

  /**
   * Makes the key of a new epoch, wrapped for the header. It serves once `addEpoch` takes it: after the header is stored, not before.
   * Where several devices share the vault it follows from the vault key: two of them that open an epoch apart open the same one.
   */
  wrapNewEpoch(epoch: number, { isShared = false }: { readonly isShared?: boolean } = {}): WrappedEpoch {
    const key = isShared ? this.#sharedEpochKey(epoch) : this.#random(32);
    const wrappedKey = sealBytes(this.#epochWrapKey, key, this.#epochAad(epoch), this.#random);
    key.fill(0);
    return { epoch, wrappedKey };
  }

  /** True where boxes of this epoch can be opened. */
  hasEpoch(epoch: number): boolean {
    return this.#epochKeys.has(epoch);
  }

  /** Takes an epoch key from the header; false where it does not authenticate. */
  addEpoch(wrapped: WrappedEpoch): boolean {
    if (this.#epochKeys.has(wrapped.epoch)) return true;
    const bytes = openSealedBytes(this.#epochWrapKey, wrapped.wrappedKey, this.#epochAad(wrapped.epoch));
    if (bytes?.length !== 32) return false;
    this.#epochKeys.set(wrapped.epoch, new SecretKey(bytes));
    this.#currentEpoch = Math.max(this.#currentEpoch, wrapped.epoch);
    return true;
  }

  /** Forgets an epoch that no box names any more. */
  dropEpoch(epoch: number): void {
    this.#epochKeys.get(epoch)?.wipe();
    this.#epochKeys.delete(epoch);
    for (const kind of Object.values(BOX_KINDS)) {
      this.#boxKeys.get(epoch * 256 + kind)?.wipe();
      this.#boxKeys.delete(epoch * 256 + kind);
    }
  }

  seal(kind: BoxKind, codec: BoxCodec, recordId: number, payload: Uint8Array): Buffer {
    const header: BoxHeader = { kind, codec, epoch: this.#currentEpoch, recordId };
    if (!this.#epochKeys.has(header.epoch)) throw new RangeError('no epoch key to seal with');
    return sealBox(this.#boxKey(header.epoch, kind), this.vaultId, header, payload, this.#random);
  }

  /** Opens a box that must be of this kind and record; null where it is not, or does not authenticate. */
  open(
    kind: BoxKind,
    recordId: number,
    box: Uint8Array,
  ): { readonly header: BoxHeader; readonly payload: Buffer } | null {
    const header = parseBoxHeader(box);
    if (header === null || header.kind !== kind || header.recordId !== recordId) return null;
    return this.openAny(box);
  }

  /** Whether `open` would open it, for less. */
  isWhole(kind: BoxKind, recordId: number, box: Uint8Array): boolean {
    const header = parseBoxHeader(box);
    if (header === null || header.kind !== kind || header.recordId !== recordId) return false;
    return isBoxWhole(this.#boxKey(header.epoch, header.kind), this.vaultId, box);
  }

  /** Opens a box whatever it is; null where it does not authenticate. */
  openAny(box: Uint8Array): { readonly header: BoxHeader; readonly payload: Buffer } | null {
    const header = parseBoxHeader(box);
    if (header === null) return null;
    const payload = openBox(this.#boxKey(header.epoch, header.kind), this.vaultId, box);
    return payload === null ? null : { header, payload };
  }

  /**
   * A box of this kind and record of which the header or one bit is wrong, put right; null where that does not make it open. Costs a
   * few times what opening it costs.
   */
  mend(kind: BoxKind, recordId: number, box: Uint8Array): Buffer | null {
    if (!(box instanceof Uint8Array) || box.length <= BOX_HEADER_BYTES) return null;
    const epoch = Buffer.from(box.buffer, box.byteOffset, box.length).readUInt32LE(8);
    const epochs = this.#epochKeys.has(epoch) ? [epoch] : [...this.#epochKeys.keys()].toReversed();
    const codecs = Object.values(BOX_CODECS).toSorted((a, b) => Number(b === box[6]) - Number(a === box[6]));
    for (const candidate of epochs.flatMap((of) => codecs.map((codec) => ({ kind, codec, epoch: of, recordId })))) {
      const named = Buffer.from(box);
      writeHeader(named, candidate);
      const key = this.#boxKey(candidate.epoch, kind);
      if (key === null) continue;
      if (openBox(key, this.vaultId, named) !== null) return named;
      const mended = mendBox(key, this.vaultId, named);
      if (mended !== null) return mended;
    }
    return null;
  }

  /** The keyed id of a content (V9): equal contents have equal ids, and nobody without the key can tell of what. */
  contentId(...parts: readonly Uint8Array[]): Buffer {
    return contentIdOf(this.#chunkIdKey.toHandle(), parts);
  }

  /** What ids are made with, for the helper thread; it opens nothing. */
  contentIdKey(): ContentIdKey {
    return this.#chunkIdKey.toHandle();
  }

  /** Names the vault key without telling it: two devices compare it before the first byte travels (S5). */
  keyId(): Buffer {
    return deriveBytes(this.#vaultKey.dangerouslyExportBytes(), 'cairn key id v1', KEY_ID_BYTES);
  }

  /** What opens the copies of other devices' histories beside the vault: their only key slot (V30). */
  laneSecret(): Buffer {
    return deriveBytes(this.#vaultKey.dangerouslyExportBytes(), 'cairn lane slot v1', 32);
  }

  /** A keyed name of something that several devices speak of, which tells nothing to others. */
  entityKey(name: string): Buffer {
    const key = deriveKey(this.#vaultKey, 'cairn entity name v1');
    const digest = createHmac('sha256', key.toHandle()).update(name).digest().subarray(0, ENTITY_KEY_BYTES);
    key.wipe();
    return digest;
  }

  /** The next value of the hash chain over snapshot records (V13). */
  chain(snapshotPayload: Uint8Array): Buffer {
    return createHmac('sha256', this.#chainKey.toHandle()).update(snapshotPayload).digest();
  }

  headerMac(bytes: Uint8Array): Buffer {
    return createHmac('sha256', this.#headerMacKey.toHandle()).update(bytes).digest();
  }

  wipe(): void {
    for (const key of [...this.#epochKeys.values(), ...this.#boxKeys.values()]) key.wipe();
    this.#epochKeys.clear();
    this.#boxKeys.clear();
    for (const key of [this.#epochWrapKey, this.#chunkIdKey, this.#chainKey, this.#headerMacKey, this.#vaultKey])
      key.wipe();
  }

  #boxKey(epoch: number, kind: BoxKind): SecretKey {
    const index = epoch * 256 + kind;
    const known = this.#boxKeys.get(index);
    if (known !== undefined) return known;
    // An epoch that another device opened follows from the vault key; whether it does, the box's tag tells.
    const epochKey = this.#epochKeys.get(epoch) ?? new SecretKey(this.#sharedEpochKey(epoch));
    const key = deriveKey(epochKey, `cairn box kind ${kind} v1`);
    this.#boxKeys.set(index, key);
    return key;
  }

  #sharedEpochKey(epoch: number): Buffer {
    return deriveBytes(this.#vaultKey.dangerouslyExportBytes(), `cairn shared epoch ${epoch} v1`, 32);
  }

  #epochAad(epoch: number): Buffer {
    return Buffer.concat([this.vaultId, Buffer.from(`epoch ${epoch}`, 'utf8')]);
  }
}
