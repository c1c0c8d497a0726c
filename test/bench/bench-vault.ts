// The vault alone: first save, saves with 1 % new, saves with nothing new, everything back. Run in a process of its own, so that its
// peak memory is its own; prints figures as JSON.

import { mkdirSync } from 'node:fs';

import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { CapturedWorkspace } from './captured-workspace.ts';
import type { StreamFacts } from './workspace-process.ts';
import { atMost, inWindows, LoopDelay, peakMemoryMb, percentile, timeMs, type Figure } from './measure.ts';

const CAPTURES = 100;
const PASSWORD = 'correct horse battery staple';
const RESTORES = 7;
const NEW_WORKSPACES = 5;

await using folder = makeTemporaryFolder();
const path = `${folder.path}/vault.db`;
mkdirSync(`${folder.path}/workspace`);
const workspace = await CapturedWorkspace.start(`${folder.path}/workspace`);
const startBytes = workspace.totalBytes;
const startMs = Date.now();

const { vault } = await createVault({ path, password: PASSWORD, nowMs: startMs });
const first = await vault.save(workspace.captureAll());
await vault.upkeep(2000);

const delay = new LoopDelay();
const changed: { readonly inWorkerMs: number; readonly ms: number }[] = [];
for (let capture = 0; capture < CAPTURES; capture += 1) {
  const request = await workspace.step();
  // The caller's delay is watched while the vault works, not while the capture is made.
  delay.start();
  const saved = await timeMs(() => vault.save(request));
  delay.stop();
  changed.push({ inWorkerMs: saved.result.workMs, ms: saved.ms });
  if (capture % 4 === 3) await vault.upkeep(50);
}

const same: number[] = [];
for (let capture = 0; capture < CAPTURES; capture += 1)
  same.push((await vault.save(workspace.captureNothingNew())).workMs);

const [newest] = await vault.listSnapshots({ limit: 1 });
if (newest === undefined) throw new Error('nothing was saved');
await vault.upkeep(50);
const readAll = (check: (stream: StreamFacts, bytes: Uint8Array<ArrayBuffer>) => void): Promise<void> =>
  inWindows(workspace.streams, async (stream) => {
    const bytes = await vault.readStream(newest.id, workspace.keyOf(stream), 'content');
    check(stream, bytes);
    // As whoever restores does once the bytes are written: left to the collector they would all be in memory at once.
    bytes.buffer.transfer(0);
  });
const back: number[] = [];
let capturingPeakMb = 0;
for (let run = 0; run < RESTORES; run += 1) {
  const read = await timeMs(() =>
    readAll((stream, bytes) => {
      if (bytes.length !== stream.sizeBytes) throw new Error(`${stream.name} came back short`);
    }),
  );
  back.push(read.ms);
  if (run === 0) capturingPeakMb = peakMemoryMb();
}
await readAll((stream, bytes) => {
  if (Buffer.compare(workspace.read(stream.name), bytes) !== 0) throw new Error(`${stream.name} came back wrong`);
});
const endBytes = workspace.totalBytes;
const statistics = await vault.statistics({ inactiveDays: 7, nowMs: startMs });
await vault.close();

const reopened = await timeMs(() => openVault({ path, secret: { type: 'password', text: PASSWORD }, nowMs: startMs }));
const verify = await timeMs(() => reopened.result.verify({ isDeep: true, nowMs: startMs }));
if (!verify.result.ok) throw new Error('verification failed');
// Another 50 MB of which the vault has nothing, several times: the first save of a process also pays for starting.
const allNew: number[] = [];
for (let seed = 2; seed < 2 + NEW_WORKSPACES; seed += 1) {
  const path = `${folder.path}/workspace-${seed}`;
  mkdirSync(path);
  const other = await CapturedWorkspace.start(path, seed);
  allNew.push((await reopened.result.save(other.captureAll())).workMs);
  await other.stop();
}
await reopened.result.close();
await workspace.stop();

const inWorker = changed.map(({ inWorkerMs }) => inWorkerMs);
const figures: Figure[] = [
  { name: `first save of all, ${megabytes(startBytes)}, in the worker`, value: first.workMs, unit: 'ms' },
  {
    name: `save, ${megabytes(startBytes)} new, in the worker, p50`,
    value: percentile(allNew, 0.5),
    unit: 'ms',
    ...atMost(250),
  },
  { name: 'save, 1 % new, in the worker, p50', value: percentile(inWorker, 0.5), unit: 'ms', ...atMost(15) },
  { name: 'save, 1 % new, in the worker, p99', value: percentile(inWorker, 0.99), unit: 'ms', ...atMost(50) },
  {
    name: 'save, 1 % new, for the caller, p50',
    value: percentile(
      changed.map(({ ms }) => ms),
      0.5,
    ),
    unit: 'ms',
  },
  {
    name: 'event-loop delay of the caller during a save, p99',
    value: percentile(delay.delaysMs, 0.99),
    unit: 'ms',
    ...atMost(10),
  },
  { name: 'save, nothing new, in the worker, p50', value: percentile(same, 0.5), unit: 'ms', ...atMost(2) },
  { name: 'save, nothing new, in the worker, p99', value: percentile(same, 0.99), unit: 'ms' },
  {
    name: `${megabytes(endBytes)} back, warm, for the caller, p50`,
    value: percentile(back, 0.5),
    unit: 'ms',
  },
  {
    name: 'the same for 50 MB',
    value: (percentile(back, 0.5) * startBytes) / endBytes,
    unit: 'ms',
    ...atMost(120),
  },
  { name: 'vault after all captures', value: statistics.fileBytes / 1024 / 1024, unit: 'MB' },
  { name: 'open and unlock with the password', value: reopened.ms, unit: 'ms' },
  { name: 'deep verification', value: verify.ms, unit: 'ms' },
  {
    name: 'peak memory of the whole: first save, 100 more, one restore',
    value: capturingPeakMb,
    unit: 'MB',
    ...atMost(250),
  },
  { name: 'peak memory of the whole: all of this bench', value: peakMemoryMb(), unit: 'MB' },
];
process.stdout.write(`${JSON.stringify(figures)}\n`);

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}
