// A lane (V30): another device's history, in a file of its own beside the vault, in the vault's format and under its keys. Entries of that
// device's log become snapshots here; nothing of it ever touches the own history. Runs in the lane's thread.

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import { fromHex } from '../../../shared/replication/bytes.ts';
import { parseWireEntries } from '../../../shared/replication/entry.ts';
import type { SnapshotId } from '../../../shared/model/ids.ts';
import {
  deviceIdSchema,
  entryHashSchema,
  NO_ENTRY_HASH,
  type DeviceId,
  type ObjectId,
} from '../../../shared/replication/ids.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import { vaultKeyIdOf } from '../../crypto/device-keys.ts';
import { decodeChunkPayload } from '../content/chunk-store.ts';
import { damaged } from '../errors.ts';
import { writeSetting } from '../log/checkpoints.ts';
import { applyBody, decodeItem, type ItemEntry, type Manifest } from '../log/manifest.ts';
import { REPLICA_SETTINGS } from '../log/records.ts';
import { saveForeignSnapshot, type BodyCache, type SaveDeps } from '../log/save-snapshot.ts';
import { removeAndSweep, type PruneDeps } from '../upkeep/prune.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import { redactCopy } from '../upkeep/redact.ts';
import { isSessionEvent, openEvents, type RedactedChunk, type ReplicaEvent } from './events.ts';
import { addOwed, withoutRetired } from './owed-entries.ts';
import { asksFirst, asksToOverwrite, isBraked, isTooMuchOverwritten } from './deletion-brake.ts';
import { planCheckpoints } from './plan-checkpoints.ts';
import { countEmptied, takeSession } from './take-sessions.ts';
import { checkEntries, tampered, type CheckedEntry } from './wire.ts';
import type { ApplyOptions, LaneApplied, LaneBatch, LaneCheck, LaneState, MergedFields } from '../vault-replica.ts';

const laneStateSchema = z.object({
  deviceId: deviceIdSchema,
  name: z.string(),
  platform: z.string(),
  index: z.number(),
  hash: entryHashSchema,
  /** Snapshots that could not be placed, since what they follow is not here. */
  skipped: z.number(),
  /** Events of kinds that this version does not know. */
  unknown: z.number(),
  through: z.number().default(0),
  owed: z.array(z.object({ first: z.number(), last: z.number() })).default([]),
});

interface OpenedEntry extends CheckedEntry {
  readonly events: readonly ReplicaEvent[];
  readonly unknown: number;
}

/** Changes that came before their snapshot; null where some of their content is not here. */
interface Staged {
  readonly manifest: Manifest | null;
  readonly isFull: boolean;
}

const NEW_LANE = {
  name: '',
  platform: '',
  index: 0,
  hash: NO_ENTRY_HASH,
  skipped: 0,
  unknown: 0,
  through: 0,
  owed: [],
};

export class LaneLog {
  readonly #deps: SaveDeps;
  readonly #cache: BodyCache;

  constructor(deps: SaveDeps, cache: BodyCache) {
    this.#deps = deps;
    this.#cache = cache;
  }

  /** @throws AppError VAULT_DAMAGED where this is no lane */
  state(): LaneState {
    const found = this.#deps.state.records.findSetting(REPLICA_SETTINGS.lane);
    const parsed = laneStateSchema.safeParse(found?.value);
    if (!parsed.success) throw damaged("the record of another device's log makes no sense");
    return parsed.data;
  }

  /** Says which device's history this is. */
  begin(deviceId: DeviceId): LaneState {
    if (this.#deps.state.records.findSetting(REPLICA_SETTINGS.lane) !== undefined) return this.state();
    const fresh = { ...NEW_LANE, deviceId };
    this.#write(fresh);
    return fresh;
  }

  /** Checks entries without applying any. @throws AppError SYNC_TAMPERED */
  check(batch: LaneBatch): LaneCheck {
    const opened = this.#open(batch);
    const missing = this.#missing(opened);
    const fields = opened.flatMap(({ events }) =>
      events.flatMap((event) =>
        event.type === 'field' ? [{ entity: event.entity, field: event.field, version: event.version }] : [],
      ),
    );
    const { index, hash } = this.state();
    const last = opened.at(-1);
    return {
      missing,
      fields,
      last: last === undefined ? { index, hash } : { index: last.part.index, hash: last.hash },
    };
  }

  /** Takes chunks as other devices sealed them, each under a number of its own here. Gives those that do not hold. */
  importObjects(objects: readonly { readonly id: ObjectId; readonly box: Uint8Array }[]): ObjectId[] {
    const { state } = this.#deps;
    const bad: ObjectId[] = [];
    const rows: { recordId: number; contentId: Buffer; box: Buffer }[] = [];
    let { nextRecordId } = state.head;
    const taken = new Set<string>();
    for (const { id, box } of objects) {
      const contentId = fromHex(id);
      if (contentId === null || taken.has(id) || state.store.find(contentId) !== undefined) continue;
      const opened = state.keys.openAny(box);
      const isChunk = opened?.header.kind === BOX_KINDS.chunk && this.#isContent(opened, contentId);
      if (opened === null || !isChunk) {
        bad.push(id);
        continue;
      }
      const sealed = state.keys.seal(BOX_KINDS.chunk, opened.header.codec, nextRecordId, opened.payload);
      rows.push({ recordId: nextRecordId, contentId: Buffer.from(contentId), box: sealed });
      taken.add(id);
      nextRecordId += 1;
    }
    if (rows.length > 0)
      state.commit('Taking content of another device', { nextRecordId }, () => {
        for (const row of rows) state.write.chunks.insert(row);
      });
    return bad;
  }

  /** Applies entries whose objects are here. @throws AppError SYNC_TAMPERED, SYNC_ASKS, SYNC_INCOMPLETE where some are not any more */
  async apply(batch: LaneBatch, options: ApplyOptions, prune: PruneDeps, control: WorkControl): Promise<LaneApplied> {
    const opened = this.#open(batch);
    const { state } = this.#deps;
    const named = opened.flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'forgotten' ? event.snapshots : [])),
    );
    const there = named.filter((id) => state.index.indexOfId(id) >= 0).length;
    if (!options.mayDelete && isBraked(there, state.index.count)) throw asksFirst(there, state.index.count);
    const gone = countEmptied(
      state,
      opened.flatMap(({ events }) => events.filter(isSessionEvent)),
    );
    if (!options.mayDelete && isBraked(gone, state.sessions.count)) throw asksFirst(gone, state.sessions.count);
    const redacted = opened.flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'redacted' ? event.chunks : [])),
    );
    const overwritten = this.#bytesOf(redacted);
    if (!options.mayDelete && isTooMuchOverwritten(overwritten)) throw asksToOverwrite(overwritten);
    const before = this.state();
    const placed = await prune.withLock(() => {
      // Content that no snapshot names yet is what a prune sweeps, and one may have run since it came.
      if (this.#missing(opened).length > 0) throw contentSwept();
      return this.#placeAll(opened, before);
    });
    if (redacted.length > 0) await redactCopy(prune, redacted, control);
    const forgotten = named.filter((id) => state.index.indexOfId(id) >= 0);
    // Interrupted here, the same entries come again, and end the same.
    if (forgotten.length > 0) {
      const plan = () => ({ remove: forgotten, removeCheckpoints: [] });
      await removeAndSweep(prune, plan, control, { isForgetting: true });
    }
    await prune.withLock(() => {
      // Before it is said that the entries are applied: their snapshots are here only now.
      this.applyCheckpoints(options.checkpoints);
      this.#write(placed.lane);
    });
    return { ...placed.lane, snapshots: placed.snapshots, forgotten: forgotten.length };
  }

  /** What entries that are news need and is not here. */
  #missing(opened: readonly OpenedEntry[]): ObjectId[] {
    const { through } = this.state();
    const wanted = new Set(
      opened.filter((entry) => this.#isNews(entry, through)).flatMap(({ body }) => body?.requires ?? []),
    );
    return [...wanted].filter((id) => {
      const bytes = fromHex(id);
      return bytes === null || this.#deps.state.store.find(bytes) === undefined;
    });
  }

  /** How much of what is here would be overwritten. */
  #bytesOf(chunks: readonly RedactedChunk[]): number {
    const { store } = this.#deps.state;
    const here = chunks.filter(({ id }) => store.find(Buffer.from(id, 'hex')) !== undefined);
    return here.reduce(
      (sum, { spots }) => spots.reduce((bytes, [start, end]) => bytes + Math.max(0, end - start), sum),
      0,
    );
  }

  #placeAll(
    opened: readonly OpenedEntry[],
    before: LaneState,
  ): { readonly lane: LaneState; readonly snapshots: number } {
    let lane = before;
    let complete = before;
    let snapshots = 0;
    let staged = null as Staged | null; // the compiler would take it for null in the loop
    for (const { part, hash, body, events, unknown } of opened) {
      const requires = body?.requires ?? [];
      let { name, platform, skipped, through } = lane;
      // What it began was retired with it.
      if (body === null) staged = null;
      for (const event of events) {
        if (event.type === 'device') ({ name, platform } = event);
        if (isSessionEvent(event)) takeSession(this.#deps.state, event);
        if (event.type === 'items') {
          const manifest = this.#changed(event, requires, staged, this.#deps.state.latest.manifest);
          staged = { manifest, isFull: event.isFull || (staged?.isFull ?? false) };
        }
        if (event.type !== 'snapshot') continue;
        const result = this.#place(event, requires, staged, through);
        if (result === 'placed') snapshots += 1;
        if (result === 'skipped') skipped += 1;
        else through = Math.max(through, event.sequence ?? 0);
        staged = null;
      }
      const owed = withoutRetired(body === null ? addOwed(lane.owed, part.index) : lane.owed, part.retires);
      const { deviceId } = before;
      const unknownInAll = lane.unknown + unknown;
      lane = { deviceId, name, platform, index: part.index, hash, skipped, unknown: unknownInAll, through, owed };
      // What comes in several entries counts once all of them are here.
      if (staged === null) complete = lane;
    }
    return { lane: complete, snapshots };
  }

  /** Checkpoints of this device's snapshots, as the fields have them. */
  applyCheckpoints(checkpoints: MergedFields['checkpoints']): number {
    const { state } = this.#deps;
    const plan = planCheckpoints(state, checkpoints, state.head.nextRecordId);
    const count = plan.removed.length + plan.written.length;
    if (count === 0) return 0;
    const changes = { nextRecordId: plan.nextRecordId, records: state.head.records + plan.recordsDelta };
    state.commit('Taking checkpoints of another device', changes, () => plan.writeInto());
    plan.done();
    return count;
  }

  #open({ entries, signingKey }: LaneBatch): OpenedEntry[] {
    const { state } = this.#deps;
    const wire = parseWireEntries(entries);
    if (wire === null) throw tampered('what it sent are no entries');
    const { deviceId, index, hash } = this.state();
    const known = { vaultId: vaultKeyIdOf(state.keys.keyId()), deviceId, signingKey, index, hash };
    return checkEntries(wire, known).map((checked) => {
      const { part, body } = checked;
      if (body === null) return { ...checked, events: [], unknown: 0 };
      const place = { deviceId, index: part.index, previousHash: part.previousHash };
      const opened = openEvents(state.keys, place, body.payload);
      if (opened === null) throw tampered(`entry ${part.index} does not open with this vault's keys`);
      return { ...checked, ...opened };
    });
  }

  /** True where an entry tells something whose content must be here. */
  #isNews({ events }: OpenedEntry, through: number): boolean {
    return events.some(
      (event) => event.type === 'items' || (event.type === 'snapshot' && !this.#isKnown(event, through)),
    );
  }

  /** True of a snapshot that came before: it is here, or was thinned out here. */
  #isKnown({ id, sequence }: Extract<ReplicaEvent, { type: 'snapshot' }>, through: number): boolean {
    return (sequence !== undefined && sequence <= through) || this.#deps.state.index.indexOfId(id) >= 0;
  }

  #place(
    event: Extract<ReplicaEvent, { type: 'snapshot' }>,
    requires: readonly ObjectId[],
    staged: Staged | null,
    through: number,
  ): 'placed' | 'known' | 'skipped' {
    if (this.#isKnown(event, through)) return 'known';
    const isWhole = event.isFull || staged?.isFull === true;
    const base = isWhole ? new Map() : this.#readBase(event.base);
    const manifest = base === null ? null : this.#changed(event, requires, staged, base);
    if (manifest === null) return 'skipped';
    const { id, takenAtMs, kind, gaps, good } = event;
    saveForeignSnapshot(this.#deps, { id, takenAtMs, kind, gaps, goodSources: good }, manifest, this.#cache);
    return 'placed';
  }

  /** What a change follows; null where it is not here. */
  #readBase(id: SnapshotId | null): Manifest | null {
    const { latest, index } = this.#deps.state;
    if (id === null) return null;
    if (latest.prefix?.id === id) return latest.manifest;
    const at = index.indexOfId(id);
    return at < 0 ? null : this.#deps.state.readSnapshot(index.sequenceAt(at)).manifest;
  }

  /** The items after a change; null where some of their content is not here. */
  #changed(
    { isFull, removed, changed }: Pick<Extract<ReplicaEvent, { type: 'items' }>, 'isFull' | 'removed' | 'changed'>,
    requires: readonly ObjectId[],
    staged: Staged | null,
    before: Manifest,
  ): Manifest | null {
    const { state } = this.#deps;
    if (!isFull && staged !== null && staged.manifest === null) return null;
    const records = requires.map((id) => {
      const bytes = fromHex(id);
      return bytes === null ? undefined : state.store.find(bytes)?.recordId;
    });
    const base: Manifest = isFull ? new Map() : (staged?.manifest ?? before);
    const entries: ItemEntry[] = [];
    for (const encoded of changed) {
      const entry = decodeForeign(encoded);
      if (entry === null) return null;
      const streams = entry.streams.map((stream) => ({
        ...stream,
        parts: stream.parts.map((part) => ({ ...part, recordId: records[part.recordId] ?? 0 })),
      }));
      if (streams.some((stream) => stream.parts.some((part) => part.recordId === 0))) return null;
      const next = { ...entry, streams };
      const same = state.latest.manifest.get(next.key);
      entries.push(same !== undefined && isSameEntry(same, next) ? same : next);
    }
    return applyBody(base, { removed, changed: entries });
  }

  #isContent(opened: NonNullable<ReturnType<SaveDeps['state']['keys']['openAny']>>, contentId: Uint8Array): boolean {
    try {
      const content = decodeChunkPayload(opened.header, opened.payload);
      return this.#deps.state.keys.contentId(content).equals(contentId);
    } catch {
      return false; // authentic, and no content: as bad as any other
    }
  }

  #write(lane: LaneState): void {
    const owed = lane.owed.map(({ first, last }) => ({ first, last }));
    writeSetting(this.#deps.state, REPLICA_SETTINGS.lane, { ...lane, owed });
  }
}

function decodeForeign(encoded: unknown): ItemEntry | null {
  try {
    return decodeItem(encoded);
  } catch (error) {
    if (error instanceof RangeError) return null; // of a newer version: the snapshot waits for a full picture
    throw error;
  }
}

function isSameEntry(one: ItemEntry, other: ItemEntry): boolean {
  return (
    one.facts === other.facts &&
    one.staleSinceMs === other.staleSinceMs &&
    JSON.stringify(one.streams) === JSON.stringify(other.streams)
  );
}

/** What a caller is told where a lane's content cannot be had. */
export function objectsMissing(count: number, name: string): AppError {
  return new AppError(
    'SYNC_INCOMPLETE',
    `The server lacks ${count} pieces of what ${name} captured; what needs them waits.`,
    { hint: `It goes on by itself once ${name} is online: it sends again what the server lacks.`, isRetryable: true },
  );
}

function contentSwept(): AppError {
  return new AppError('SYNC_INCOMPLETE', 'Content that had come was cleared away before its snapshot came.', {
    hint: 'It is asked for again with the next sync, by itself.',
    isRetryable: true,
  });
}
