// A vault of a million snapshots: how long it takes to open, and to list the newest. The rows are made directly, as the vault would
// seal them; CAIRN_BENCH_SNAPSHOTS sets another number.

import { DEFAULT_ARGON2 } from '../../src/core/crypto/key-slot.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { aCapture, aTerminal } from '../support/captures.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { peakMemoryMb, percentile, timeMs, type Figure } from './measure.ts';
import { fillVault } from './million-vault.ts';

const SNAPSHOTS = Number(process.env['CAIRN_BENCH_SNAPSHOTS'] ?? 1_000_000);
const PASSWORD = 'correct horse battery staple';
const START_MS = Date.UTC(2025, 0, 1);

await using folder = makeTemporaryFolder();
const path = `${folder.path}/vault.db`;
const { vault } = await createVault({ path, password: PASSWORD, nowMs: START_MS });
await vault.save(aCapture([aTerminal('a')], { takenAtMs: START_MS }));
await vault.close();
await fillVault(path, { password: PASSWORD, snapshots: SNAPSHOTS, startMs: START_MS });

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
