// Random histories of devices over a line that cuts, repeats, cuts short and delays, against a model of what must hold: whatever was
// captured is in the end on every device, once, and nothing else is. `CAIRN_SYNC_HISTORIES=500 vitest run test/faults/sync-histories.test.ts`
// runs many; a seed that fails is printed with it.

import { setTimeout } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { AppError } from '../../src/shared/model/app-error.ts';
import type { SyncServer } from '../../src/core/sync/server-port.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { FakeSyncState } from '../support/fake-sync-server.ts';
import { createSyncDevice, type SyncDevice } from '../support/sync-devices.ts';
import { TEST_NOW_MS } from '../support/test-vault.ts';

const HISTORIES = Number(process.env['CAIRN_SYNC_HISTORIES'] ?? '1');
const FIRST_SEED = Number(process.env['CAIRN_SYNC_SEED'] ?? '1');
const STEPS = 24;
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
    await device.sync();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // What a cut line does is retryable; what a cut answer does is named. Nothing else may happen.
    expect(['SYNC_OFFLINE', 'SYNC_TAMPERED']).toContain(error.code);
  }
}

async function runHistory(seed: number): Promise<void> {
  const random = createRandom(seed);
  const state = new FakeSyncState();
  await using one = await createSyncDevice(state, 'one');
  await one.sync();
  await using two = await createSyncDevice(state, 'two', one);
  const devices = [one, two];
  const lines = devices.map(({ server }) => server);
  const captured = devices.map(() => new Set<string>());
  devices.forEach((device, at) => {
    device.server = overBadLine(lines[at] ?? device.server, random);
  });

  for (let step = 0; step < STEPS; step += 1) {
    const at = Math.floor(random() * devices.length);
    const device = devices[at];
    if (device === undefined) continue;
    if (random() < 0.5) {
      const text = `CANARY ${seed} ${step} `.repeat(1 + Math.floor(random() * 4_000));
      const items = [aTerminal('main', { streams: [aStream({ text })] }), aTerminal(`t${Math.floor(random() * 4)}`)];
      const { summary } = await device.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + step * 1_000 }));
      captured[at]?.add(summary.id);
    } else await syncAnyway(device);
  }

  devices.forEach((device, at) => {
    device.server = lines[at] ?? device.server;
  });
  for (let round = 0; round < 2; round += 1)
    for (const device of devices) expect((await device.sync()).troubles).toEqual([]);
  for (const [at, writer] of devices.entries()) {
    const ids = [...(captured[at] ?? [])].toSorted();
    expect((await writer.vault.listSnapshots({ limit: 1_000 })).map(({ id }) => String(id)).toSorted()).toEqual(ids);
    for (const reader of devices) {
      if (reader === writer || ids.length === 0) continue;
      await reader.lane(writer, async (lane) => {
        const there = await lane.listSnapshots({ limit: 1_000 });
        expect(there).toEqual(await writer.vault.listSnapshots({ limit: 1_000 }));
        expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
      });
    }
  }
  expect(state.bytes().includes('CANARY')).toBe(false);
}

describe('devices over a line that cuts, repeats and delays', () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed += 1)
    it(`[S3, S9] end alike, and lose and double nothing (seed ${seed})`, () => runHistory(seed));
});
