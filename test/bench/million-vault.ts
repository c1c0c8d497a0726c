// Fills a vault with very many snapshots, sealed as the vault would seal them but written in large transactions. Every twentieth differs
// from the one before, so that the timeline has something to tell.

import { randomBytes } from 'node:crypto';

import { BOX_KINDS } from '../../src/core/crypto/box.ts';
import { DEFAULT_ARGON2 } from '../../src/core/crypto/key-slot.ts';
import { openReadDatabase, openWriteDatabase } from '../../src/core/vault/database.ts';
import { openKeyring } from '../../src/core/vault/keyring/open-keyring.ts';
import { itemFacts, type ItemEntry } from '../../src/core/vault/log/manifest.ts';
import { encodeSnapshot, encodeSnapshotBody } from '../../src/core/vault/log/snapshot-record.ts';
import { BLOCK_ENTRIES, TimeIndex } from '../../src/core/vault/log/time-index.ts';
import { VaultState } from '../../src/core/vault/log/vault-state.ts';
import { vaultFiles } from '../../src/core/vault/vault-files.ts';
import { parseSnapshotId } from '../../src/shared/model/ids.ts';

const BATCH = 10_000;
const CHANGE_EVERY = 20;
const TITLES = 50;

export interface FillOptions {
  readonly password: string;
  readonly snapshots: number;
  readonly startMs: number;
}

/** The vault holds one snapshot already, taken at `startMs`. */
export async function fillVault(path: string, { password, snapshots, startMs }: FillOptions): Promise<void> {
  const readDb = openReadDatabase(path);
  const options = { sidecarPath: vaultFiles(path).sidecar, random: randomBytes, argon2: DEFAULT_ARGON2 };
  const { keyring } = await openKeyring(readDb, { type: 'password', text: password }, options);
  const writeDb = openWriteDatabase(path);
  const state = new VaultState(keyring, writeDb, readDb);
  const { keyframe } = state.head;
  const bodies = bodiesOf([...state.latest.manifest.values()][0]);
  const index = new TimeIndex(snapshots + 1);
  index.append({ sequence: 1, takenAtMs: startMs, id: state.index.idAt(0), kind: 'automatic', keyframe });
  let chain: Buffer = Buffer.from(state.head.chain, 'base64');
  for (let from = 2; from <= snapshots; from += BATCH) {
    const to = Math.min(snapshots, from + BATCH - 1);
    writeDb.exec('BEGIN');
    for (let sequence = from; sequence <= to; sequence += 1) {
      const prefix = {
        kind: 'automatic' as const,
        items: 1,
        changed: sequence % CHANGE_EVERY === 0 ? 1 : 0,
        gaps: 0,
        takenAtMs: startMs + sequence * 30_000,
        id: parseSnapshotId(randomBytes(8).toString('hex')),
        keyframe,
        previousChain: chain,
      };
      const body = bodies[Math.floor(sequence / CHANGE_EVERY) % TITLES];
      if (body === undefined) throw new Error('there is a body for every title');
      const payload = encodeSnapshot(prefix, body);
      chain = state.keys.chain(payload);
      state.write.snapshots.insert(sequence, state.keys.seal(BOX_KINDS.snapshot, 0, sequence, payload));
      index.append({ sequence, takenAtMs: prefix.takenAtMs, id: prefix.id, kind: prefix.kind, keyframe });
    }
    writeDb.exec('COMMIT');
    writeDb.pragma('wal_checkpoint(TRUNCATE)');
  }
  const blocks = Math.floor(snapshots / BLOCK_ENTRIES);
  let nextRecordId = state.head.nextRecordId;
  state.commit(
    'Filling',
    {
      sequence: snapshots,
      snapshots,
      chain: chain.toString('base64'),
      keyframeSequence: snapshots,
      nextRecordId: nextRecordId + blocks,
      indexedThrough: blocks * BLOCK_ENTRIES,
    },
    () => {
      for (let block = 0; block < blocks; block += 1) {
        const start = block * BLOCK_ENTRIES;
        const box = state.keys.seal(
          BOX_KINDS.timeIndex,
          0,
          nextRecordId,
          index.encodeBlock(start, start + BLOCK_ENTRIES),
        );
        state.write.timeIndex.insert({ firstSequence: index.sequenceAt(start), recordId: nextRecordId, box });
        nextRecordId += 1;
      }
    },
  );
  readDb.close();
  writeDb.close();
}

/** What a snapshot says on top of its keyframe: the one item under another title. */
function bodiesOf(entry: ItemEntry | undefined): Buffer[] {
  if (entry === undefined) throw new Error('the first snapshot holds one item');
  return Array.from({ length: TITLES }, (_, at) => {
    const changed = {
      ...entry,
      title: `window ${at}`,
      attributes: { ...entry.attributes, argv: ['make', `part-${at}`] },
    };
    const facts = itemFacts(changed);
    return encodeSnapshotBody({ removed: [], changed: [{ ...changed, facts }], gaps: [], good: [], silent: new Map() });
  });
}
