// A vault of a gigabyte: how fast everything in it is verified, against the reading of the same file in the same run; and how long a repair
// takes where single records, the first page, or every place in the file is wrong, and how much memory it wants. Half of the content can
// be compressed, as texts can.

import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, copyFileSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';

import { startRepair } from '../../src/core/vault/repair/repair-client.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { TextMaker } from './made-text.ts';
import { atLeast, atMost, peakMemoryMb, percentile, timeMs, type Figure } from './measure.ts';
import { forgetPeakMemory } from './process-cost.ts';

const PASSWORD = 'correct horse battery staple';
const SECRET = { type: 'password', text: PASSWORD } as const;
const FILE_BYTES = Number(process.env['CAIRN_RECOVERY_MB'] ?? 1_000) * 1_000_000;
const STREAM_BYTES = 16 * 1024 * 1024;
const SLAB_BYTES = 4 * 1024 * 1024;
/** As the faults that were measured before: not a whole number of pages. */
const SHIFT_BYTES = 5_000;

await using folder = makeTemporaryFolder();
const path = `${folder.path}/vault.db`;
const startMs = Date.now();
const figures: Figure[] = [];

const { vault: filled } = await createVault({ path, password: PASSWORD, nowMs: startMs });
for (let at = 0; statSync(path).size < FILE_BYTES; at += 1) {
  const noise = new Uint8Array(STREAM_BYTES / 2);
  randomFillSync(noise);
  const text = Buffer.from(new TextMaker(at + 1).transcript(STREAM_BYTES));
  const items = [
    aTerminal('noise', { streams: [aStream({ kind: 'blob', content: { type: 'whole', bytes: noise } })] }),
    aTerminal('text', {
      streams: [aStream({ kind: 'blob', content: { type: 'whole', bytes: new Uint8Array(text) } })],
    }),
  ];
  await filled.save(aCapture(items, { takenAtMs: startMs + at * 1_000 }));
}
await filled.upkeep(60_000);
await filled.close();
const megabytes = statSync(path).size / 1e6;

const reading = await timeMs(() => readAll(path));
const diskSpeed = readFromDisk(path);
const opened = await openVault({ path, secret: SECRET, nowMs: startMs });
const readingSpeed = megabytes / (reading.ms / 1_000);
figures.push(
  { name: 'file', value: megabytes, unit: 'MB' },
  { name: 'reading the file, from the cache, MB a second', value: readingSpeed, unit: 'MB' },
  { name: 'reading the file, from the disk itself, MB a second', value: diskSpeed, unit: 'MB' },
);
// Of the file; its content is more, where it can be compressed.
const limit = Math.min(1_000, 0.6 * (diskSpeed ?? readingSpeed));
await verify('verification of every seal', false);
await verify('deep verification, nothing decoded before', true);
await verify('deep verification', true, limit);
const slices = await timeMs(async () => {
  const times: number[] = [];
  for (;;) {
    const slice = await timeMs(() =>
      opened.verifySlice({ budgetMs: 50, nowMs: startMs + 31 * 86_400_000, everyMs: 30 * 86_400_000 }),
    );
    times.push(slice.ms);
    if (slice.result.pass === null) return percentile(times, 0.95);
  }
});
figures.push(
  { name: 'the same in idle slices of 50 ms, all of them', value: slices.ms, unit: 'ms' },
  { name: 'a slice of 50 ms, p95', value: slices.result, unit: 'ms', ...atMost(100) },
);
await opened.close();

await repair('repair: 100 records damaged', (file) => {
  const step = Math.floor(statSync(path).size / 101);
  for (let at = 1; at <= 100; at += 1) writeSync(file, Buffer.from([0x5a, 0xa5]), 0, 2, at * step);
});
await repair('emergency salvage: the first page destroyed', (file) => {
  writeSync(file, Buffer.alloc(8_192, 0x5a), 0, 8_192, 0);
});
await repair('emergency salvage: everything moved by 5,000 bytes', (file) => {
  const size = statSync(path).size;
  for (let end = size; end > 0; end -= SLAB_BYTES) {
    const from = Math.max(0, end - SLAB_BYTES);
    const slab = Buffer.alloc(end - from);
    readSync(file, slab, 0, slab.length, from);
    writeSync(file, slab, 0, slab.length, from + SHIFT_BYTES);
  }
  writeSync(file, Buffer.alloc(SHIFT_BYTES, 0x5a), 0, SHIFT_BYTES, 0);
});
process.stdout.write(`${JSON.stringify(figures)}\n`);

async function verify(name: string, isDeep: boolean, leastMbPerSecond: number | null = null): Promise<void> {
  forgetPeakMemory(process.pid);
  const before = process.cpuUsage();
  const run = await timeMs(() => opened.verify({ isDeep, nowMs: startMs }));
  const { user, system } = process.cpuUsage(before);
  if (!run.result.ok) throw new Error('verification failed');
  figures.push(
    {
      name: `${name}, MB a second`,
      value: megabytes / (run.ms / 1_000),
      unit: 'MB',
      ...(leastMbPerSecond === null ? {} : atLeast(leastMbPerSecond)),
    },
    { name: `${name}, processor time for each 1,000 MB`, value: (user + system) / megabytes, unit: 'ms' },
    { name: `${name}, peak memory`, value: peakMemoryMb(), unit: 'MB' },
  );
}

/** Damages the file, repairs it, checks that nothing is lost but what parity could not give, and puts the file back. */
async function repair(name: string, damage: (file: number) => void): Promise<void> {
  copyFileSync(path, `${path}.kept`);
  copyFileSync(`${path}.keys`, `${path}.keys.kept`);
  const file = openSync(path, 'r+');
  damage(file);
  closeSync(file);
  forgetPeakMemory(process.pid);
  const run = await timeMs(() => startRepair({ path, secret: SECRET, nowMs: startMs, backups: [], isDryRun: true }));
  const peakMb = peakMemoryMb();
  const { lostSnapshots, losses } = run.result;
  if (lostSnapshots > 0 || (name.startsWith('emergency') && losses.items > 0))
    throw new Error(`${name}: ${lostSnapshots} snapshots and ${losses.items} items are lost`);
  figures.push(
    { name: `${name}, for each 1,000 MB`, value: (run.ms * 1_000) / megabytes, unit: 'ms', ...atMost(30_000) },
    { name: `${name}, peak memory`, value: peakMb, unit: 'MB', ...atMost(512) },
  );
  rmSync(path);
  renameSync(`${path}.kept`, path);
  renameSync(`${path}.keys.kept`, `${path}.keys`);
}

/** Past the cache of the system, in MB a second; null where that cannot be done. */
function readFromDisk(of: string): number | null {
  const startedMs = performance.now();
  const { status } = spawnSync('dd', [`if=${of}`, 'of=/dev/null', 'bs=4M', 'iflag=direct'], { stdio: 'ignore' });
  return status === 0 ? megabytes / ((performance.now() - startedMs) / 1_000) : null;
}

function readAll(of: string): void {
  const file = openSync(of, 'r');
  const slab = Buffer.alloc(SLAB_BYTES);
  for (let at = 0; ; at += SLAB_BYTES) if (readSync(file, slab, 0, SLAB_BYTES, at) === 0) break;
  closeSync(file);
}
