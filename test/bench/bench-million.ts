// A vault of a million snapshots: how long it takes to open, and to list the newest. The rows are made directly, as the vault would
// seal them; CAIRN_BENCH_SNAPSHOTS sets another number.

import { randomBytes } from 'node:crypto';

import { DEFAULT_ARGON2 } from '../../src/core/crypto/key-slot.ts';
import { openReadDatabase, openWriteDatabase } from '../../src/core/vault/database.ts';
import { openKeyring } from '../../src/core/vault/keyring/keyring.ts';
import { encodeSnapshot, encodeSnapshotBody } from '../../src/core/vault/log/snapshot-record.ts';
import { BLOCK_ENTRIES, TimeIndex } from '../../src/core/vault/log/time-index.ts';
import { VaultState } from '../../src/core/vault/log/vault-state.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { vaultFiles } from '../../src/core/vault/vault-files.ts';
import { BOX_KINDS } from '../../src/core/crypto/box.ts';
import { parseSnapshotId } from '../../src/shared/model/ids.ts';
import { aCapture, aTerminal } from '../support/captures.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { peakMemoryMb, percentile, timeMs, type Figure } from './measure.ts';

const SNAPSHOTS = Number(process.env['CAIRN_BENCH_SNAPSHOTS'] ?? 1_000_000);
const PASSWORD = 'correct horse battery staple';
const START_MS = Date.UTC(2025, 0, 1);
const BATCH = 10_000;

await using folder = makeTemporaryFolder();
const path = `${folder.path}/vault.db`;
const { vault } = await createVault({ path, password: PASSWORD, nowMs: START_MS });
await vault.save(aCapture([aTerminal('a')], { takenAtMs: START_MS }));
await vault.close();
await fill();

const figures: Figure[] = [];
const derive = await timeMs(async () => {
  const argon2 = await import('argon2');
  for (let run = 0; run < 5; run += 1)
    await argon2.default.hash('x', {
      type: 2,
      memoryCost: DEFAULT_ARGON2.memoryKiB,
      timeCost: DEFAULT_ARGON2.passes,
      parallelism: DEFAULT_ARGON2.lanes,
      raw: true,
    });
});
const argonMs = derive.ms / 5;
const opens: number[] = [];
const lists: number[] = [];
for (let run = 0; run < 5; run += 1) {
  const opened = await timeMs(() =>
    openVault({ path, secret: { type: 'password', text: PASSWORD }, nowMs: Date.now() }),
  );
  opens.push(opened.ms);
  const listed = await timeMs(() => opened.result.listSnapshots({ limit: 100 }));
  lists.push(listed.ms);
  if (listed.result.length !== 100) throw new Error('the list is short');
  await opened.result.close();
}
figures.push({ name: 'Argon2id alone', value: argonMs, unit: 'ms' });
figures.push({
  name: `open and unlock ${SNAPSHOTS} snapshots, beyond Argon2id`,
  value: percentile(opens, 0.5) - argonMs,
  unit: 'ms',
  limit: { at: 'most', value: 150 },
});
figures.push({
  name: 'newest 100 with their summaries',
  value: percentile(lists, 0.5),
  unit: 'ms',
  limit: { at: 'most', value: 10 },
});
figures.push({ name: 'peak memory, filling included', value: peakMemoryMb(), unit: 'MB' });
process.stdout.write(`${JSON.stringify(figures)}\n`);

/** Writes the snapshots as the vault would, in large transactions. */
async function fill(): Promise<void> {
  const readDb = openReadDatabase(path);
  const options = { sidecarPath: vaultFiles(path).sidecar, random: randomBytes, argon2: DEFAULT_ARGON2 };
  const { keyring } = await openKeyring(readDb, { type: 'password', text: PASSWORD }, options);
  const writeDb = openWriteDatabase(path);
  const state = new VaultState(keyring, writeDb, readDb);
  const { keyframe } = state.head;
  const body = encodeSnapshotBody({ removed: [], changed: [], gaps: [], good: [], silent: new Map() });
  const index = new TimeIndex(SNAPSHOTS + 1);
  index.append({ sequence: 1, takenAtMs: START_MS, id: state.index.idAt(0), kind: 'automatic', keyframe });
  let chain: Buffer = Buffer.from(state.head.chain, 'base64');
  for (let from = 2; from <= SNAPSHOTS; from += BATCH) {
    const to = Math.min(SNAPSHOTS, from + BATCH - 1);
    writeDb.exec('BEGIN');
    for (let sequence = from; sequence <= to; sequence += 1) {
      const prefix = {
        kind: 'automatic' as const,
        items: 1,
        changed: 0,
        gaps: 0,
        takenAtMs: START_MS + sequence * 30_000,
        id: parseSnapshotId(randomBytes(8).toString('hex')),
        keyframe,
        previousChain: chain,
      };
      const payload = encodeSnapshot(prefix, body);
      chain = state.keys.chain(payload);
      state.write.snapshots.insert(sequence, state.keys.seal(BOX_KINDS.snapshot, 0, sequence, payload));
      index.append({ sequence, takenAtMs: prefix.takenAtMs, id: prefix.id, kind: prefix.kind, keyframe });
    }
    writeDb.exec('COMMIT');
    writeDb.pragma('wal_checkpoint(TRUNCATE)');
  }
  const blocks = Math.floor(SNAPSHOTS / BLOCK_ENTRIES);
  let nextRecordId = state.head.nextRecordId;
  state.commit(
    'Filling',
    {
      sequence: SNAPSHOTS,
      snapshots: SNAPSHOTS,
      chain: chain.toString('base64'),
      keyframeSequence: SNAPSHOTS,
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
