// The vault alone: first save, saves with 1 % new, saves with nothing new, everything back. Run in a process of its own, so that its
// peak memory is its own; prints figures as JSON.

import { monitorEventLoopDelay } from 'node:perf_hooks';

import { parseItemKey, parseSourceId } from '../../src/shared/model/ids.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import type { SaveRequest } from '../../src/core/vault/vault.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { peakMemoryMb, percentile, timeMs, type Figure } from './measure.ts';
import { BenchWorkspace } from './workspace.ts';

const CAPTURES = 100;
const PASSWORD = 'correct horse battery staple';
const SOURCE = parseSourceId('bench');

await using folder = makeTemporaryFolder();
const path = `${folder.path}/vault.db`;
const figures: Figure[] = [];
const workspace = new BenchWorkspace();
let at = Date.now();

function request(items: SaveRequest['items']): SaveRequest {
  at += 30_000;
  return { takenAtMs: at, kind: 'automatic', items, carried: [], gaps: [], goodSources: [SOURCE] };
}

const { vault } = await createVault({ path, password: PASSWORD, nowMs: at });
const first = await timeMs(() => vault.save(request(workspace.items(true))));
figures.push({
  name: `first save of ${(workspace.totalBytes / 1024 / 1024).toFixed(0)} MB`,
  value: first.ms,
  unit: 'ms',
  limit: { at: 'most', value: 250 },
});
await vault.upkeep(2000);

const delay = monitorEventLoopDelay({ resolution: 1 });
const changed: number[] = [];
for (let capture = 0; capture < CAPTURES; capture += 1) {
  workspace.step();
  const items = workspace.items(false);
  // The delay is measured while the vault works, not while the bench makes its data.
  delay.enable();
  changed.push((await timeMs(() => vault.save(request(items)))).ms);
  delay.disable();
  if (capture % 4 === 3) await vault.upkeep(20);
}
figures.push({
  name: 'save, 1 % new, p50',
  value: percentile(changed, 0.5),
  unit: 'ms',
  limit: { at: 'most', value: 15 },
});
figures.push({
  name: 'save, 1 % new, p99',
  value: percentile(changed, 0.99),
  unit: 'ms',
  limit: { at: 'most', value: 50 },
});
figures.push({
  name: 'event-loop delay of the caller, p99',
  value: delay.percentile(99) / 1e6,
  unit: 'ms',
  limit: { at: 'most', value: 10 },
});

for (const stream of workspace.streams) stream.isChanged = false;
const same: number[] = [];
for (let capture = 0; capture < CAPTURES; capture += 1) {
  const items = workspace.items(false);
  same.push((await timeMs(() => vault.save(request(items)))).ms);
}
figures.push({
  name: 'save, nothing new, p50',
  value: percentile(same, 0.5),
  unit: 'ms',
  limit: { at: 'most', value: 2 },
});
figures.push({ name: 'save, nothing new, p99', value: percentile(same, 0.99), unit: 'ms' });

const [newest] = await vault.listSnapshots({ limit: 1 });
if (newest === undefined) throw new Error('nothing was saved');
const back: number[] = [];
for (let run = 0; run < 7; run += 1) {
  const read = await timeMs(() =>
    Promise.all(
      workspace.streams.map((stream) => vault.readStream(newest.id, parseItemKey(`bench:${stream.name}`), 'content')),
    ),
  );
  back.push(read.ms);
  if (run > 0) continue;
  for (const [index, stream] of workspace.streams.entries()) {
    if (!stream.content.equals(read.result[index] ?? new Uint8Array()))
      throw new Error(`${stream.name} came back wrong`);
  }
}
figures.push({
  name: 'everything back, warm, p50',
  value: percentile(back, 0.5),
  unit: 'ms',
  limit: { at: 'most', value: 120 },
});
const statistics = await vault.statistics({ inactiveDays: 7, nowMs: at });
figures.push({ name: 'vault after all captures', value: statistics.fileBytes / 1024 / 1024, unit: 'MB' });
await vault.close();

const reopened = await timeMs(() => openVault({ path, secret: { type: 'password', text: PASSWORD }, nowMs: at }));
figures.push({ name: 'open and unlock with the password', value: reopened.ms, unit: 'ms' });
const verify = await timeMs(() => reopened.result.verify({ isDeep: true, nowMs: at }));
if (!verify.result.ok) throw new Error('verification failed');
figures.push({ name: 'deep verification', value: verify.ms, unit: 'ms' });
await reopened.result.close();
figures.push({
  name: 'peak memory of the whole',
  value: peakMemoryMb(),
  unit: 'MB',
  limit: { at: 'most', value: 250 },
});
process.stdout.write(`${JSON.stringify(figures)}\n`);
