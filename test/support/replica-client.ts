// What a device does with a replica, for the tests of the server: sealed bytes are random here, since the server cannot tell.

import { createHash, randomBytes, sign } from 'node:crypto';

import { concatBytes } from '../../src/shared/replication/bytes.ts';
import {
  encodeBody,
  encodeSignedPart,
  encodeWireEntries,
  parseBody,
  parseSignedPart,
  parseWireEntries,
  type SignedPart,
  type WireEntry,
} from '../../src/shared/replication/entry.ts';
import { frameParts, parseFrames, type ObjectFrame } from '../../src/shared/replication/frames.ts';
import { NO_ENTRY_HASH, type EntryHash, type ObjectId, type VaultKeyId } from '../../src/shared/replication/ids.ts';
import { haveAnswerSchema, statusAnswerSchema, uploadAnswerSchema } from '../../src/shared/replication/replica.ts';
import { pathOf, type RouteName } from '../../src/shared/replication/routes.ts';
import { call, type Reply, type TestDevice } from './sync-server.ts';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const newVaultId = (): VaultKeyId => randomBytes(32).toString('hex') as VaultKeyId;
export const newObjectId = (): ObjectId => randomBytes(16).toString('hex') as ObjectId;

const PAYLOAD_BYTES = 50;

export interface TestObject {
  readonly id: ObjectId;
  readonly bytes: Buffer;
}

export function anObject(sizeBytes = 100): TestObject {
  return { id: newObjectId(), bytes: randomBytes(sizeBytes) };
}

export function toFrame({ id, bytes }: TestObject, change: Partial<ObjectFrame> = {}): Uint8Array {
  return concatBytes(frameParts([{ id, hash: sha256(bytes), totalBytes: bytes.length, offset: 0, bytes, ...change }]));
}

/** A device over one vault of its account; keeps its own log as a device would. */
export class ReplicaClient {
  readonly address: string;
  readonly device: TestDevice;
  readonly vault: VaultKeyId;
  index = 0;
  hash: EntryHash = NO_ENTRY_HASH;
  epoch = 1;

  constructor(address: string, device: TestDevice, vault: VaultKeyId) {
    this.address = address;
    this.device = device;
    this.vault = vault;
  }

  send(method: string, route: RouteName, options: { json?: unknown; bytes?: Uint8Array } = {}): Promise<Reply> {
    const path = pathOf(route, { vault: this.vault, device: this.device.deviceId });
    return call(this.address, method, path, { token: this.device.accessToken, ...options });
  }

  async createVault(): Promise<void> {
    await this.send('PUT', 'vault', { json: { epoch: this.epoch } });
  }

  /** The next entry of this device; it is not sent, and the next one would follow it. */
  nextEntry(
    requires: ReadonlyArray<ObjectId> = [],
    change: Partial<SignedPart> = {},
    payloadBytes = PAYLOAD_BYTES,
  ): WireEntry {
    const bodyBytes = encodeBody({ requires: requires.toSorted(), payload: randomBytes(payloadBytes) });
    const signedBytes = encodeSignedPart({
      kind: 'snapshot',
      vaultId: this.vault,
      deviceId: this.device.deviceId,
      index: this.index + 1,
      previousHash: this.hash,
      epoch: this.epoch,
      clock: { wallMs: 1_764_000_000_000, counter: 0 },
      bodyHash: sha256(bodyBytes),
      retires: [],
      ...change,
    });
    this.index += 1;
    this.hash = sha256(signedBytes) as EntryHash;
    return { signedBytes, signature: sign(null, signedBytes, this.device.privateKey), bodyBytes };
  }

  push(...entries: WireEntry[]): Promise<Reply> {
    return this.send('POST', 'entries', { bytes: encodeWireEntries(entries) });
  }

  async upload(...objects: TestObject[]) {
    const reply = await this.send('PUT', 'objects', { bytes: Buffer.concat(objects.map((object) => toFrame(object))) });
    return uploadAnswerSchema.parse(reply.json).objects;
  }

  async have(ids: ReadonlyArray<ObjectId>) {
    return haveAnswerSchema.parse((await this.send('POST', 'have', { json: { ids } })).json);
  }

  async get(ids: ReadonlyArray<ObjectId>): Promise<ObjectFrame[]> {
    const reply = await this.send('POST', 'getObjects', { json: { objects: ids.map((id) => ({ id })) } });
    return parseFrames(reply.bytes) ?? [];
  }

  async status() {
    return statusAnswerSchema.parse((await this.send('GET', 'status')).json);
  }

  /** Everything after a vector, checked as far as a device without keys can: parts, hashes, bodies. */
  async pull(after: Readonly<Record<string, number>> = {}, limits: object = {}) {
    const vector = Object.entries(after).map(([device, index]) => ({ device, index }));
    const reply = await this.send('POST', 'pull', { json: { after: vector, ...limits } });
    return (parseWireEntries(reply.bytes) ?? []).map((wire) => {
      const part = parseSignedPart(wire.signedBytes);
      if (part === null) throw new Error('a pulled entry makes no sense');
      return {
        part,
        hash: sha256(wire.signedBytes),
        body: wire.bodyBytes === null ? null : parseBody(wire.bodyBytes),
      };
    });
  }
}
