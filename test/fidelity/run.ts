// `npm run fidelity`: real programs in a workspace of their own are captured by `cairn` into a real vault, killed, restored and captured
// again. Prints what came back, by source. Beside it, where they are installed, other tools on the same tmux workspace.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import process from 'node:process';

import { provideAiPrograms } from '../../scripts/ai-programs.ts';
import { bundle } from '../support/bundle.ts';
import { compareItems, type ComparedItem } from './compare-items.ts';
import {
  FidelityWorkspace,
  type CapturedWorkspace,
  type ItemWithContent,
  type ShownItem,
} from './fidelity-workspace.ts';
import { startPrograms } from './real-programs.ts';
import { renderTables, type PeerResult } from './tables.ts';
import { TMUX_SESSIONS } from './terminal-programs.ts';
import { findPeers, type TmuxPeer } from './tmux-peers.ts';

/** Programs write to their files late: Firefox and Chromium their tabs, shells their prompts. */
const SETTLE_MS = 20_000;
const SETTLE_PATIENCE_MS = 90_000;

// As root on Debian what is missing comes by itself.
spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'scripts/install-test-programs.ts', 'fidelity'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
Object.assign(process.env, provideAiPrograms());
const workspace = new FidelityWorkspace(
  await bundle('fidelity', { cli: 'src/cli/main.ts', 'read-contents': 'test/fidelity/read-contents.ts' }),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void workspace[Symbol.asyncDispose]().finally(() => process.exit(1)));
try {
  process.stdout.write(`${await measure()}\n`);
} finally {
  await workspace[Symbol.asyncDispose]();
}
process.exit(); // the pages and models still listen

async function measure(): Promise<string> {
  await workspace.openScreen();
  say('starting the programs');
  const programs = await startPrograms(workspace);
  await workspace.initVault();
  const snapshot = await captureWhenSettled(programs.minItems);
  const before = snapshot.items.map(toCompared);
  const peers = findPeers(TMUX_SESSIONS);
  for (const peer of peers) if (peer.missing === null) await peer.save(workspace);

  say(`killing everything that ${before.length} items were captured of`);
  await workspace.killAll();
  programs.loseWork();
  say('restoring');
  const report = await workspace.restore(snapshot);
  const after = await captureWhenSettled(before.length);
  const cairn = compareItems(before, after.items.map(toCompared));
  // To look into what a table says.
  const details = process.env['CAIRN_FIDELITY_DETAILS'];
  if (details !== undefined)
    writeFileSync(details, JSON.stringify({ snapshot, report, after, cairn }), { mode: 0o600 });

  const results: PeerResult[] = [];
  for (const peer of peers)
    results.push(
      await measurePeer(
        peer,
        before.filter(({ item }) => item.source === 'tmux'),
      ),
    );
  return renderTables({ programs, report, cairn, peers: results });
}

async function measurePeer(peer: TmuxPeer, before: readonly ComparedItem[]): Promise<PeerResult> {
  const { name, missing } = peer;
  if (missing !== null) return { name, missing };
  say(`the same with ${name}`);
  await workspace.killAll();
  await peer.restore(workspace);
  const { items } = await captureWhenSettled(before.length);
  const after = items.filter(({ item }) => item.source === 'tmux').map(toCompared);
  return { name, comparison: compareItems(before, after) };
}

/** Captures until as much is there as is waited for, and twice the same. */
async function captureWhenSettled(minItems: number): Promise<CapturedWorkspace> {
  const end = performance.now() + SETTLE_PATIENCE_MS;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  for (let last = -1; ;) {
    const snapshot = await workspace.capture();
    const count = snapshot.items.length;
    if ((count >= minItems && count === last) || performance.now() > end) return snapshot;
    last = count;
  }
}

function toCompared(captured: ItemWithContent): ComparedItem {
  return { ...captured, recoveredCopies: captured.item.kind === 'document' ? readRecoveredCopies(captured.item) : [] };
}

/** What a restore wrote beside this file: `notes.cairn-recovered-....md`. */
function readRecoveredCopies({ attributes }: ShownItem): readonly string[] {
  const path = String(attributes['path']);
  const start = `${basename(path, extname(path))}.cairn-recovered-`;
  const names = existsSync(dirname(path)) ? readdirSync(dirname(path)) : [];
  return names.filter((name) => name.startsWith(start)).map((name) => readFileSync(join(dirname(path), name), 'utf8'));
}

function say(text: string): void {
  process.stderr.write(`fidelity: ${text}\n`);
}
