// The same workspace, the same captures, in one run: Cairn, restic and borg. Each looks at every file, reads what changed and stores it.
// The peers are whole processes that derive a key each time, as a user would run them; Cairn is a running one, as a user runs it, and its
// time is from the look at the files to the acknowledged snapshot. CAIRN_BENCH_CAPTURES sets how many captures (100). A peer that is not
// installed counts as falling short: nothing was shown.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createVault } from '../../src/core/vault/vault-client.ts';
import { findProgram } from '../support/programs.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { CapturedWorkspace } from './captured-workspace.ts';
import { atLeast, inWindows, percentile, timeMs, type Figure } from './measure.ts';

const RESTORES = 5;
/** In memory where there is such a folder: what is compared are the programs, and not how soon a disk makes 300 files. */
const RESTORE_TO = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const CAPTURES = Number(process.env['CAIRN_BENCH_CAPTURES'] ?? 100);
const MB = 1024 * 1024;

interface Peer {
  readonly name: string;
  init(): void;
  capture(index: number): void;
  restore(to: string): void;
  sizeBytes(): number;
  readonly captureMs: number[];
  readonly restoreMs: number[];
}

await using folder = makeTemporaryFolder();
const data = join(folder.path, 'data');
mkdirSync(data);
const workspace = await CapturedWorkspace.start(data);
const env = {
  ...process.env,
  RESTIC_PASSWORD: 'x',
  BORG_PASSPHRASE: 'x',
  RESTIC_REPOSITORY: join(folder.path, 'restic'),
  BORG_REPO: join(folder.path, 'borg'),
  HOME: folder.path,
  BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
};
const found = { restic: restic(), borg: borg() };
const peers = Object.values(found).filter((peer) => peer !== null);

const { vault } = await createVault({
  path: join(folder.path, 'vault.db'),
  password: 'correct horse battery staple',
  nowMs: Date.now(),
});
const saves: number[] = [];
for (const peer of peers) {
  peer.init();
  peer.capture(0);
}
await vault.save(workspace.captureAll());
for (let index = 1; index <= CAPTURES; index += 1) {
  await workspace.change();
  saves.push((await timeMs(() => vault.save(workspace.captureChanged()))).ms);
  if (index % 4 === 0) await vault.upkeep(50);
  for (const peer of peers) peer.captureMs.push((await timeMs(() => peer.capture(index))).ms);
}
const [newest] = await vault.listSnapshots({ limit: 1 });
if (newest === undefined) throw new Error('nothing was saved');
// By turns, each into a folder of its own that goes before the next: so all find the disk and the memory of the machine alike.
const back: number[] = [];
for (let run = 0; run < RESTORES; run += 1) {
  back.push(
    await timeRestore((to) =>
      inWindows(workspace.streams, (stream) =>
        vault.exportStream(newest.id, workspace.keyOf(stream), 'content', join(to, stream.name)),
      ),
    ),
  );
  for (const peer of peers) peer.restoreMs.push(await timeRestore((to) => peer.restore(to)));
}
const { fileBytes } = await vault.statistics({ inactiveDays: 7, nowMs: Date.now() });
await vault.close();
await workspace.stop();

const capture = percentile(saves, 0.5);
const restore = percentile(back, 0.5);
const figures: Figure[] = [
  { name: 'cairn: look at all files, read and save 1 % new, p50', value: capture, unit: 'ms' },
  { name: 'cairn: everything back into files, p50', value: restore, unit: 'ms' },
  { name: `cairn: bytes after ${CAPTURES} captures`, value: fileBytes / MB, unit: 'MB' },
];
const wanted: Readonly<Record<string, { readonly capture: number; readonly restore: number }>> = {
  restic: { capture: 20, restore: 4 },
  borg: { capture: 10, restore: 3 },
};
for (const peer of peers) {
  const p50 = percentile(peer.captureMs, 0.5);
  const size = peer.sizeBytes();
  const restoreP50 = percentile(peer.restoreMs, 0.5);
  figures.push({ name: `${peer.name}: capture, p50`, value: p50, unit: 'ms' });
  figures.push({ name: `${peer.name}: everything back, p50`, value: restoreP50, unit: 'ms' });
  figures.push({ name: `${peer.name}: bytes`, value: size / MB, unit: 'MB' });
  figures.push({
    name: `captures faster than ${peer.name}`,
    value: p50 / capture,
    unit: 'x',
    ...atLeast(wanted[peer.name]?.capture ?? 1),
  });
  figures.push({
    name: `back faster than ${peer.name}`,
    value: restoreP50 / restore,
    unit: 'x',
    ...atLeast(wanted[peer.name]?.restore ?? 1),
  });
  figures.push({
    name: `bytes as a share of ${peer.name}'s`,
    value: (fileBytes / size) * 100,
    unit: '%',
    limit: { at: 'most', value: 100 / 3 },
  });
}
for (const [name, peer] of Object.entries(found)) {
  if (peer === null)
    figures.push({ name: `beside ${name}: not shown, it is not installed`, value: null, unit: 'x', ...atLeast(1) });
}
process.stdout.write(`${JSON.stringify(figures)}\n`);

/** How long a restore into a new folder takes; what came back is compared with the workspace, and removed. */
async function timeRestore(restore: (to: string) => Promise<void> | void): Promise<number> {
  const to = mkdtempSync(join(RESTORE_TO, 'cairn-bench-'));
  execFileSync('sync'); // what was written before slows down nobody
  const { ms } = await timeMs(() => restore(to));
  const data = existsSync(join(to, 'data')) ? join(to, 'data') : to; // the peers keep the folder's name
  for (const { name } of workspace.streams)
    if (!readFileSync(join(data, name)).equals(workspace.read(name))) throw new Error(`${name} came back wrong`);
  rmSync(to, { recursive: true });
  return ms;
}

function run(program: string, args: readonly string[], cwd = folder.path): void {
  execFileSync(program, args, { env, cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}

function restic(): Peer | null {
  const program = findProgram('restic');
  if (program === null) return null;
  return {
    name: 'restic',
    captureMs: [],
    restoreMs: [],
    init: () => run(program, ['init', '-q']),
    capture: () => run(program, ['backup', '-q', 'data']),
    restore: (to) => run(program, ['restore', '-q', 'latest', '--target', to]),
    sizeBytes: () => sizeOf(env.RESTIC_REPOSITORY),
  };
}

function borg(): Peer | null {
  const program = findProgram('borg');
  if (program === null) return null;
  return {
    name: 'borg',
    captureMs: [],
    restoreMs: [],
    init: () => run(program, ['init', '-e', 'repokey']),
    capture: (index) => run(program, ['create', '-C', 'zstd,3', `::c${index}`, 'data']),
    restore: (to) => run(program, ['extract', `::c${CAPTURES}`], to),
    sizeBytes: () => sizeOf(env.BORG_REPO),
  };
}

function sizeOf(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

rmSync(data, { recursive: true, force: true });
