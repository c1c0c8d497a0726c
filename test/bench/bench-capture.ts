// A real capture of a real workspace in which nothing changed: 40 tmux panes, 200 tabs, 10 conversations, 4 repositories.

import { createApp } from '../../src/core/app.ts';
import { systemClock } from '../../src/core/clock.ts';
import { enableSourcesSync } from '../../src/core/config/config.ts';
import { createHost } from '../../src/core/sources/host/create-host.ts';
import { createSources } from '../../src/core/sources/registry.ts';
import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { CONVERSATIONS, openDeveloperWorkspace, PANES, TABS } from './developer-workspace.ts';
import { atMost, percentile, type Figure } from './measure.ts';
import { readProcessCost } from './process-cost.ts';

const CAPTURES = 60;
/** Ten minutes of captures: what runs all day has been compiled by then. */
const WARM_UP = 20;

await using folder = makeTemporaryFolder();
using workspace = openDeveloperWorkspace(folder.path);
const app = createApp({
  home: `${folder.path}/data`,
  host: createHost(workspace.env, process.platform),
  clock: systemClock,
  sources: createSources(),
  vaults: { open: openVault, create: createVault },
});
app.prepareFolder();
enableSourcesSync(app.configPlace, app.configPlace.sourceIds);
const { app: opened } = await app.create('correct horse battery staple');

const first = await opened.captureNow({ kind: 'manual' });
const { itemList } = await opened.vault.readSnapshot(first.summary.id);
const count = (kind: string): number => itemList.filter((item) => item.kind === kind).length;
if (count('terminal') < PANES || count('tab') !== TABS || count('conversation') !== CONVERSATIONS)
  throw new Error(
    `captured ${count('terminal')} terminals, ${count('tab')} tabs, ${count('conversation')} conversations`,
  );

const walls: number[] = [];
let before = 0;
for (let capture = 0; capture < CAPTURES + WARM_UP; capture += 1) {
  // Once for all: looking costs as much as some captures' programs.
  if (capture === WARM_UP) before = readProcessCost('self').cpuMs;
  const outcome = await opened.captureNow({ kind: 'automatic' });
  if (outcome.summary.changed > 0 || outcome.gaps.length > 0) throw new Error('the workspace is not at rest');
  if (capture >= WARM_UP) walls.push(outcome.durationMs);
}
const mean = (readProcessCost('self').cpuMs - before) / CAPTURES;
await opened.close();

const figures: Figure[] = [
  { name: 'first capture of all', value: first.durationMs, unit: 'ms' },
  { name: 'unchanged, wall, p50', value: percentile(walls, 0.5), unit: 'ms' },
  { name: 'unchanged, wall, p95', value: percentile(walls, 0.95), unit: 'ms', ...atMost(250) },
  { name: 'unchanged, CPU with children, mean', value: mean, unit: 'ms', ...atMost(50) },
];
process.stdout.write(`${JSON.stringify(figures)}\n`);
