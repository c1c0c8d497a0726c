// Random histories of devices over a line that cuts, repeats, cuts short and delays, against a model of what must hold: whatever was
// captured is in the end on every device, once, and nothing else is; what was forgotten or overwritten is so everywhere. `CAIRN_SYNC_HISTORIES=500 vitest run test/faults/sync-histories.test.ts`
// runs many; a seed that fails is printed with it.

import { setTimeout } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { AppError } from '../../src/shared/model/app-error.ts';
import type { SyncServer } from '../../src/core/sync/server-port.ts';
import { SessionStore } from '../../src/core/sessions/session-store.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { DEFAULT_RETENTION } from '../../src/shared/model/retention.ts';
import type { SnapshotId } from '../../src/shared/model/ids.ts';
import { aCapture, aStream, aTerminal, key, text } from '../support/captures.ts';
import { FakeSyncState } from '../support/fake-sync-server.ts';
import { createSyncDevice, type SyncDevice } from '../support/sync-devices.ts';
import { TEST_NOW_MS } from '../support/test-vault.ts';

const HISTORIES = Number(process.env['CAIRN_SYNC_HISTORIES'] ?? '1');
const FIRST_SEED = Number(process.env['CAIRN_SYNC_SEED'] ?? '1');
const STEPS = 24;
const STEP_MS = 20 * 60_000;
/** Thins to one an hour. */
const LIMITS = { ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 1, dailyDays: 1 };
/** What goes is told at once, and deletions are not asked about. */
const OPTIONS = { retellAfter: 1, mayDelete: true };
/** Of calls to the server. */
const FAULT_SHARE = 0.3;

/** The same numbers for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function cut(): AppError {
  return new AppError('SYNC_OFFLINE', 'The line was cut.', { isRetryable: true });
}

/** The server over a bad line. What changes something is done, or not, or twice; the answer may never come. */
function overBadLine(server: SyncServer, random: () => number): SyncServer {
  const faulty =
    <Values extends readonly unknown[], Answer>(work: (...values: Values) => Promise<Answer>) =>
    async (...values: Values): Promise<Answer> => {
      if (random() > FAULT_SHARE) return work(...values);
      const kind = Math.floor(random() * 4);
      if (kind === 0) throw cut();
      if (kind === 1) {
        await work(...values);
        throw cut();
      }
      if (kind === 2) {
        await work(...values);
        return work(...values);
      }
      await setTimeout(1);
      return work(...values);
    };
  return {
    ...server,
    status: faulty((...values) => server.status(...values)),
    push: faulty((...values) => server.push(...values)),
    free: faulty((...values) => server.free(...values)),
    have: faulty((...values) => server.have(...values)),
    upload: faulty((...values) => server.upload(...values)),
    getObjects: faulty(async (...values) => {
      const frames = await server.getObjects(...values);
      // A batch may end anywhere: the rest is asked for again.
      return random() < FAULT_SHARE ? frames.slice(0, Math.max(1, Math.floor(frames.length / 2))) : frames;
    }),
    pull: faulty(async (vault, request, signal) => {
      const maxEntries = random() < FAULT_SHARE ? 1 : request.maxEntries;
      const bytes = await server.pull(vault, { ...request, maxEntries }, signal);
      return random() < FAULT_SHARE / 3 ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes;
    }),
  };
}

async function syncAnyway(device: SyncDevice): Promise<void> {
  try {
    await device.sync(OPTIONS);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // What a cut line does is retryable; what a cut answer does is named. Nothing else may happen.
    expect(['SYNC_OFFLINE', 'SYNC_TAMPERED']).toContain(error.code);
  }
}

type Random = () => number;

async function idsOf(vault: Pick<Vault, 'listSnapshots'>): Promise<SnapshotId[]> {
  return (await vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id);
}

/** Captures, or takes something out of the past; `told` is what others may have of it. */
async function change(
  { vault }: SyncDevice,
  told: Set<SnapshotId>,
  random: Random,
  seed: number,
  step: number,
): Promise<void> {
  const nowMs = TEST_NOW_MS + step * STEP_MS;
  const kind = random();
  if (kind < 0.1) {
    const before = await idsOf(vault);
    await vault.forget(nowMs - Math.floor(random() * 4) * STEP_MS, {});
    const after = new Set(await idsOf(vault));
    for (const id of before) if (!after.has(id)) told.delete(id);
  } else if (kind < 0.2) await vault.prune(LIMITS, nowMs, { isDryRun: false });
  else if (kind < 0.3) await overwrite(vault, `CANARY ${seed} ${Math.floor(random() * step)} `);
  else if (kind < 0.5) await talk(vault, random, seed, step);
  else {
    const content = `CANARY ${seed} ${step} `.repeat(1 + Math.floor(random() * 4_000));
    const items = [
      aTerminal('main', { streams: [aStream({ text: content })] }),
      aTerminal(`t${Math.floor(random() * 4)}`),
    ];
    told.add((await vault.save(aCapture(items, { takenAtMs: nowMs }))).summary.id);
  }
}

/** A session goes on, is named, told anew or deleted. */
async function talk(vault: Vault, random: Random, seed: number, step: number): Promise<void> {
  const store = new SessionStore({ vault, sources: [], nowMs: () => TEST_NOW_MS + step * STEP_MS });
  const { session } = await store.create({ externalId: `session ${Math.floor(random() * 3)}` });
  const kind = random();
  const text = `CANARY said ${seed} ${step} `.repeat(1 + Math.floor(random() * 6_000));
  if (kind < 0.6) await store.addMessages(session.id, [{ id: `m${step}`, role: 'user', text }]);
  else if (kind < 0.75) await store.edit(session.id, { name: `CANARY ${step}`, pinned: random() < 0.5 });
  else if (kind < 0.9) {
    const [first] = await store.allMessages(session.id);
    const message = {
      id: first?.id ?? 'first',
      role: 'user',
      text,
      atMs: null,
      model: null,
      isPartial: false,
    } as const;
    await store.replaceMessages(session.id, [message]);
  } else await store.delete([session.id]);
}

async function sessionsOf(vault: Pick<Vault, 'listSessions' | 'readMessages'>): Promise<object> {
  const sessions = [...(await vault.listSessions())].toSorted((a, b) => a.id.localeCompare(b.id));
  return Promise.all(
    sessions.map(async ({ id, facts, pinned, messageCount }) => {
      const { messages } = await vault.readMessages(id, { limit: 1_000 });
      return { id, facts, pinned, messageCount, messages };
    }),
  );
}

/** Overwrites the first place of a value in each text that holds it. */
async function overwrite(vault: Vault, value: string): Promise<void> {
  const { texts } = await vault.listTexts(null, 64 * 1024 * 1024);
  const bytes = Uint8Array.from(Buffer.from(value));
  const spots = texts.flatMap(({ anchor, bytes: content, type }) => {
    const start = type === 'content' ? Buffer.from(content).indexOf(value) : -1;
    return start < 0 ? [] : [{ anchor, start, end: start + value.length, bytes }];
  });
  await vault.redact(spots, {});
}

async function runHistory(seed: number): Promise<void> {
  const random = createRandom(seed);
  const state = new FakeSyncState();
  await using one = await createSyncDevice(state, 'one');
  await one.sync();
  await using two = await createSyncDevice(state, 'two', one);
  const devices = [one, two];
  const lines = devices.map(({ server }) => server);
  const captured = devices.map(() => new Set<SnapshotId>());
  devices.forEach((device, at) => {
    device.server = overBadLine(lines[at] ?? device.server, random);
  });

  for (let step = 0; step < STEPS; step += 1) {
    const at = Math.floor(random() * devices.length);
    const device = devices[at];
    if (device === undefined) continue;
    if (random() >= 0.5) {
      await syncAnyway(device);
      continue;
    }
    await change(device, captured[at] ?? new Set(), random, seed, step);
  }

  devices.forEach((device, at) => {
    device.server = lines[at] ?? device.server;
  });
  for (let round = 0; round < 2; round += 1)
    for (const device of devices) expect((await device.sync(OPTIONS)).troubles).toEqual([]);
  await using three = await createSyncDevice(state, 'three', one);
  expect((await three.sync(OPTIONS)).troubles).toEqual([]);
  for (const [at, writer] of devices.entries()) {
    const left = await idsOf(writer.vault);
    for (const reader of [...devices, three].filter((device) => device !== writer && left.length > 0))
      await reader.lane(writer, async (lane) => {
        const there = await idsOf(lane);
        // What was only thinned out by its own device stays with those that had it; who comes new gets what is left.
        expect(reader === three ? there : there.filter((id) => left.includes(id))).toEqual(left);
        expect(there.filter((id) => captured[at]?.has(id) !== true)).toEqual([]);
        for (const id of left) expect(await contentOf(lane, id)).toBe(await contentOf(writer.vault, id));
        expect(await sessionsOf(lane)).toEqual(await sessionsOf(writer.vault));
        expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
      });
  }
  expect(state.bytes().includes('CANARY')).toBe(false);
}

async function contentOf(vault: Pick<Vault, 'readStream'>, id: SnapshotId): Promise<string> {
  // Where the same stars are there already, others stand in their place.
  return text(await vault.readStream(id, key('tmux:main'), 'scrollback')).replaceAll('#', '*');
}

describe('devices over a line that cuts, repeats and delays', () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed += 1)
    it(`[S3, S9] end alike, and lose and double nothing (seed ${seed})`, () => runHistory(seed));
});
