// Writes what a merge brings into a copy of this vault. Snapshots from the first new one on get numbers that were never used, since a seal
// counts under its number: an old backup must not hold another snapshot under the same one.

import type { Checkpoint } from '../../../shared/model/checkpoint.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import { diffManifest, type Manifest } from '../log/manifest.ts';
import { sealIndexBlocks } from '../log/index-blocks.ts';
import { sealRecord, REPLICA_SETTINGS } from '../log/records.ts';
import { saveSession } from '../log/sessions.ts';
import { KEYFRAME_EVERY, sealKeyframe } from '../log/save-snapshot.ts';
import {
  encodeSnapshot,
  encodeSnapshotBody,
  parseSnapshotPrefix,
  SNAPSHOT_PREFIX_BYTES,
  type SnapshotPrefix,
} from '../log/snapshot-record.ts';
import type { TimeIndex } from '../log/time-index.ts';
import { VaultState } from '../log/vault-state.ts';
import { ReplicaLog } from '../replica/replica-log.ts';
import { noteVerification } from '../upkeep/verification.ts';
import { yieldToOthers, type WorkControl } from '../upkeep/slices.ts';
import { ContentImport } from './import-content.ts';
import type { MergePlan, MergedPlace } from './plan-merge.ts';

/** Snapshots of one transaction, between which a cancel is noticed. */
const BATCH = 64;

export interface WriteMergedDeps {
  /** Over the copy, which nobody else has. */
  readonly own: VaultState;
  readonly other: VaultState;
  readonly isSameVault: boolean;
  readonly nowMs: number;
}

/** Gives the state over what was written, and how many items were left out. @throws AppError CANCELLED */
export async function writeMerged(
  deps: WriteMergedDeps,
  plan: MergePlan,
  control: WorkControl,
): Promise<{ readonly state: VaultState; readonly itemsLeftOut: number }> {
  const { own } = deps;
  let itemsLeftOut = 0;
  if (plan.incoming > 0) {
    const log = new MergedLog(deps);
    await log.write(plan, control);
    itemsLeftOut = log.itemsLeftOut;
  }
  const state = new VaultState(own.keyring, own.writeDb, own.writeDb);
  own.helper.close();
  for (const checkpoint of plan.newCheckpoints) putCheckpoint(state, checkpoint);
  for (const checkpoint of plan.changedCheckpoints) putCheckpoint(state, checkpoint);
  for (const { session, facts, pinned, messages, isNew } of plan.sessions) {
    await yieldToOthers(control.signal);
    const { id, createdAtMs, updatedAtMs } = session;
    const create = isNew ? { create: { createdAtMs } } : {};
    saveSession(state, { id, nowMs: deps.nowMs, ...create, facts, pinned, updatedAtMs, messages });
  }
  // What other devices were told names snapshots by numbers of before: from here on this is another device.
  if (plan.incoming > 0 && state.records.findSetting(REPLICA_SETTINGS.log) !== undefined)
    new ReplicaLog(state).renew({ repeatsAll: true });
  noteVerification(state, { pass: null, damaged: [], moreDamaged: 0 });
  return { state, itemsLeftOut };
}

class MergedLog {
  readonly #deps: WriteMergedDeps;
  readonly #content: ContentImport;
  readonly #index: TimeIndex;
  #nextRecordId: number;
  #sequence: number;
  #chain: Buffer;
  /** The list that the next incoming snapshots are told against. */
  #keyframe: { readonly of: number; readonly recordId: number; readonly manifest: Manifest; uses: number } | null =
    null;

  constructor(deps: WriteMergedDeps) {
    const { own } = deps;
    this.#deps = deps;
    // A later state of this vault has used numbers that are not used here yet: they are taken all the same.
    const heads = deps.isSameVault ? [own.head, deps.other.head] : [own.head];
    this.#nextRecordId = Math.max(...heads.map(({ nextRecordId }) => nextRecordId));
    this.#sequence = Math.max(...heads.map(({ sequence }) => sequence));
    this.#chain = Buffer.alloc(32);
    this.#index = own.index.clone();
    this.#content = new ContentImport({ ...deps, takeRecordId: () => this.#takeRecordId() });
  }

  get itemsLeftOut(): number {
    return this.#content.leftOut;
  }

  async write({ places, untouched }: MergePlan, control: WorkControl): Promise<void> {
    const { own } = this.#deps;
    const lastOld = own.head.sequence;
    const firstOld = untouched < own.index.count ? own.index.sequenceAt(untouched) : lastOld + 1;
    this.#index.filter((at) => at < untouched);
    if (untouched > 0) this.#chain = own.keys.chain(own.readSnapshotPayload(own.index.sequenceAt(untouched - 1)));
    for (let from = 0; from < places.length; from += BATCH) {
      await yieldToOthers(control.signal);
      control.onProgress({ done: from, total: places.length });
      own.writeDb.transaction(() => {
        for (const place of places.slice(from, from + BATCH)) this.#put(place);
      })();
    }
    const blocks = sealIndexBlocks(own, this.#index, 0, this.#nextRecordId);
    own.commit(
      'Merging the vaults',
      {
        sequence: this.#sequence,
        snapshots: this.#index.count,
        chain: this.#chain.toString('base64'),
        nextRecordId: this.#nextRecordId + blocks.length,
        indexedThrough: this.#sequence,
        // The next snapshot begins a keyframe of its own.
        ...{ keyframe: 0, keyframeSequence: 0, isKeyframeCopied: true },
      },
      () => {
        own.writeDb.prepare('DELETE FROM snapshots WHERE sequence BETWEEN ? AND ?').run(firstOld, lastOld);
        // The index of words follows the log by its numbers: it is made anew.
        own.writeDb.exec('DELETE FROM search_segments; DELETE FROM search_pages;');
        own.write.timeIndex.removeFrom(0);
        for (const block of blocks) own.write.timeIndex.insert(block);
      },
    );
  }

  #put({ side, at }: MergedPlace): void {
    const { own } = this.#deps;
    if (side === 'other') this.#putIncoming(at);
    else {
      const payload = own.readSnapshotPayload(own.index.sequenceAt(at));
      this.#insert(parseSnapshotPrefix(payload), payload.subarray(SNAPSHOT_PREFIX_BYTES));
    }
  }

  #putIncoming(at: number): void {
    const { other } = this.#deps;
    const { prefix, body, manifest: theirs } = other.readSnapshot(other.index.sequenceAt(at));
    const { manifest, gaps } = this.#content.importManifest(theirs, prefix.takenAtMs);
    const keyframe = this.#keyframeFor(prefix.keyframe, manifest);
    const encoded = encodeSnapshotBody({
      ...diffManifest(keyframe.manifest, manifest),
      gaps: [...body.gaps, ...gaps],
      good: body.good,
      silent: body.silent,
    });
    const facts = { ...prefix, items: manifest.size, gaps: body.gaps.length + gaps.length };
    this.#insert({ ...facts, keyframe: keyframe.recordId }, encoded);
  }

  /** Where the other began a list anew, this does too: in between it is cheap to tell what changed. */
  #keyframeFor(of: number, manifest: Manifest): { readonly recordId: number; readonly manifest: Manifest } {
    const { own } = this.#deps;
    const current = this.#keyframe;
    if (current?.of === of && current.uses < KEYFRAME_EVERY) {
      current.uses += 1;
      return current;
    }
    const recordId = this.#takeRecordId();
    const { box } = sealKeyframe(own, recordId, manifest);
    own.write.keyframes.insert(recordId, box);
    own.write.keyframeCopies.insert(recordId, box);
    this.#keyframe = { of, recordId, manifest, uses: 1 };
    return this.#keyframe;
  }

  #insert(prefix: SnapshotPrefix, body: Buffer): void {
    const { own } = this.#deps;
    this.#sequence += 1;
    const payload = encodeSnapshot({ ...prefix, previousChain: this.#chain }, body);
    this.#chain = own.keys.chain(payload);
    own.write.snapshots.insert(this.#sequence, own.keys.seal(BOX_KINDS.snapshot, 0, this.#sequence, payload));
    const { takenAtMs, id, kind, keyframe } = prefix;
    this.#index.append({ sequence: this.#sequence, takenAtMs, id, kind, keyframe });
  }

  #takeRecordId(): number {
    const recordId = this.#nextRecordId;
    this.#nextRecordId += 1;
    return recordId;
  }
}

/** In the place of the one that has its id, if there is one. A list of its own it does not get: its snapshot's serves. */
function putCheckpoint(state: VaultState, checkpoint: Checkpoint): void {
  const before = state.records.findCheckpoint(checkpoint.id);
  const record = { type: 'checkpoint', keyframe: before?.record.keyframe ?? 0, checkpoint } as const;
  const recordId = state.head.nextRecordId;
  const box = sealRecord(state.keys, recordId, record);
  const records = state.head.records + (before === undefined ? 1 : 0);
  state.commit('Merging checkpoints', { nextRecordId: recordId + 1, records }, () => {
    if (before !== undefined) state.write.records.remove(before.recordId);
    state.write.records.insert(recordId, box);
  });
  if (before !== undefined) state.records.remove(before.recordId);
  state.records.set(recordId, record);
}
