// Works with a vault as a running shell does, locks it, and then stays: what is left in its memory is looked at from outside. All words are
// given backwards, so that only what Cairn itself keeps of them is found. Started by test/core/session/forgets.test.ts.

import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { writeHeapSnapshot } from 'node:v8';
import type { Worker } from 'node:worker_threads';

import { createApp } from '../../src/core/app.ts';
import { systemClock } from '../../src/core/clock.ts';
import { enableSourcesSync } from '../../src/core/config/config.ts';
import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createApiRouter } from '../../src/core/api/router.ts';
import { AppSession } from '../../src/core/session/session.ts';
import { openInbox } from '../../src/core/vault/inbox-client.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { aStream } from './captures.ts';
import { FakeSource, fakeHost } from './fake-source.ts';

const [home = '', password = '', recoveryKey = '', word = ''] = process.argv.slice(2);
const forwards = (text: string): string => Array.from(text).toReversed().join('');

const source = new FakeSource('tmux');
let count = 0;
source.answer(async () => {
  count += 1;
  const text = `${forwards(word)} is what the screen says, ${count}\n`.repeat(40);
  return { items: [source.item('a', { streams: [aStream({ text, version: String(count) })] })] };
});
const app = createApp({
  home,
  host: fakeHost({ uid: process.getuid?.() ?? 0, platform: process.platform }),
  clock: systemClock,
  sources: [source],
  vaults: {
    open: (options) => openVault({ ...options, argon2: ARGON2_FLOOR }),
    create: (options) => createVault({ ...options, argon2: ARGON2_FLOOR }),
  },
});
app.prepareFolder();
enableSourcesSync(app.configPlace, [source.id]);
const session = new AppSession({
  app,
  shell: 'serve',
  version: '0.0.0',
  pid: process.pid,
  isProcessAlive: () => false,
  openInbox,
  findTerminal: async () => undefined,
});
createApiRouter({ session, keychain: null, desktop: null, proveRestore: async () => false });
session.begin();

/** A user's hour: captures, a look at the timeline and at an item, a search. */
async function work(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const { summary } = await session.capture({ kind: 'manual' });
    const { vault } = session.unlocked().app;
    const { itemList } = await vault.readSnapshot(summary.id);
    for (const item of itemList)
      for (const { name } of item.streams) await vault.readStream(summary.id, item.key, name);
    await vault.search({ text: forwards(word), limit: 5, budgetMs: 1_000 });
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const workers: Worker[] = [];
process.on('worker', (worker) => workers.push(worker));

/** Says how things stand, and goes on once it was told where to write a heap snapshot. */
async function show(state: string, write: (path: string) => Promise<void>): Promise<void> {
  process.stdout.write(`${state}\n`);
  await write(String((await lines.next()).value));
  process.stdout.write('written\n');
}

async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    (globalThis as { gc?: () => void }).gc?.(); // there with --expose-gc
  }
}

const wrong = session.unlock({ type: 'password', text: `${forwards(password)}, mistyped` });
await wrong.catch(() => undefined);
await session.unlock({ type: 'password', text: forwards(password) });
await work();
await show('unlocked', async (path) => {
  const worker = workers.at(-1);
  if (worker === undefined) throw new Error('no worker');
  await pipeline(await worker.getHeapSnapshot(), createWriteStream(path));
});
await session.lock();
await session.unlock({ type: 'recovery', text: forwards(recoveryKey) });
await work();
await session.lock();
await collectGarbage();
await show('locked', async (path) => void writeHeapSnapshot(path));
process.exit(0);
