// What there is before a window opens: a vault, and captures of the workspace in it. The vault is a copy of one that the command line
// made; captures are taken by the core as it was built, in this process. A command line for each of them takes ten times as long.

import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Core } from '../../../src/cli/core.ts';
import type * as openCore from '../../../src/cli/open-core.ts';
import type { CheckpointAttributes } from '../../../src/shared/model/checkpoint.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import { isForPictures, type DemoWorkspace } from './demo-workspace.ts';
import { expect, type Installation } from './fixtures.ts';

const CHUNKS = fileURLToPath(new URL('../../../out/main/chunks/', import.meta.url));
const SOURCES = ['tmux', 'firefox', 'claude-code', 'git'];
/** What a pane shows is there a moment after it was typed. */
const SOON = { intervals: [20, 20, 50, 100] };

/** Takes captures of the workspace, one after the other. */
export interface Capturing {
  /** Gives the id of the snapshot. */
  readonly capture: () => Promise<string>;
  readonly checkpoint: (name: string, attributes?: Partial<CheckpointAttributes>) => Promise<void>;
}

/** Makes the vault, with these sources on, as `cairn init` does; by then the workspace shows what there is to capture. */
export async function makeVault(installation: Installation, sources: readonly string[]): Promise<void> {
  const { dataFolder, emptyVault, workspace } = installation;
  mkdirSync(dataFolder, { mode: 0o700 });
  cpSync(emptyVault.folder, dataFolder, { recursive: true });
  const core = await loadCore(installation);
  await core.enableSources(sources.map(parseSourceId));
  await expectPane(workspace, 'api:tests', '6 passed');
  await expectPane(workspace, 'api:server.0', '\nlistening on 8080');
}

/** Opens the vault for some captures, and closes it. By the recovery key, which is opened at once: no password is stretched. */
export async function withVault<Result>(
  installation: Installation,
  work: (capturing: Capturing) => Promise<Result>,
): Promise<Result> {
  const core = await loadCore(installation);
  const open = await core.open({ type: 'recovery', text: installation.emptyVault.recoveryKey });
  const { signal } = new AbortController();
  try {
    return await work({
      capture: async () => (await open.capture({ kind: 'manual' }, signal)).summary.id,
      checkpoint: async (name, attributes) => {
        const checkpoint = {
          name,
          description: '',
          tags: [],
          priority: 'normal',
          pinned: false,
          ...attributes,
        } as const;
        await open.capture({ kind: 'checkpoint', checkpoint }, signal);
      },
    });
  } finally {
    await open.close();
  }
}

/** Makes the vault and some history: a first capture, a checkpoint, work that went on. */
export async function seed(installation: Installation): Promise<void> {
  if (isForPictures) seedDays(installation);
  else await seedMoment(installation);
}

async function seedMoment(installation: Installation): Promise<void> {
  const { workspace } = installation;
  await makeVault(installation, SOURCES);
  await withVault(installation, async ({ capture, checkpoint }) => {
    await capture();
    workspace.tmux('new-window', '-t', 'api', '-n', 'logs', 'bash');
    workspace.addConversation('Plan the migration to the new schema', 8);
    await expectPane(workspace, 'api:logs', '$');
    await checkpoint('Before the migration', {
      description: 'All tests pass but one.',
      tags: ['release'],
      pinned: true,
    });
    workspace.tmux('send-keys', '-t', 'api:logs', 'seq 1 40', 'Enter');
    workspace.git('commit', '--quiet', '--all', '-m', 'Stay on this site after a login');
    await expectPane(workspace, 'api:logs', '\n40\n');
    await capture();
  });
}

async function expectPane({ tmux }: DemoWorkspace, pane: string, text: string): Promise<void> {
  await expect.poll(() => tmux('capture-pane', '-p', '-t', pane), SOON).toContain(text);
}

/** The same things in the same order, with days between them: what a timeline looks like in a person's life. */
function seedDays({ cairnAt, workspace }: Installation): void {
  const { tmux, git, repository } = workspace;
  const capture = (timeMs: number): string => cairnAt(timeMs, 'capture');
  const commit = (timeMs: number, file: string, text: string, message: string): void => {
    writeFileSync(join(repository, 'src', file), text);
    git('add', `src/${file}`);
    git('commit', '--quiet', '-m', message, '--date', new Date(timeMs).toISOString(), '--', `src/${file}`);
  };
  cairnAt(clockTime(2, 9, 12), 'init', '--sources', SOURCES.join());
  capture(clockTime(2, 9, 12));
  tmux('new-session', '-d', '-s', 'web', '-x', '110', '-y', '32', '-c', workspace.home, '-n', 'dev');
  capture(clockTime(2, 10, 41));
  workspace.addConversation('Cache the session lookups', 10, clockTime(2, 14, 2));
  capture(clockTime(2, 14, 3));
  commit(clockTime(2, 16, 30), 'cache.ts', 'export const cache = new Map<string, string>();\n', 'Cache lookups');
  capture(clockTime(2, 16, 31));
  tmux('send-keys', '-t', 'web:dev', 'seq 1 12', 'Enter');
  capture(clockTime(1, 9, 5));
  workspace.addConversation('Why do the metrics lag?', 6, clockTime(1, 11, 19));
  capture(clockTime(1, 11, 20));
  commit(clockTime(1, 15, 44), 'metrics.ts', 'export let logins = 0;\n', 'Count the logins');
  capture(clockTime(1, 15, 45));
  tmux('new-window', '-t', 'api', '-n', 'logs', 'bash');
  workspace.addConversation('Plan the migration to the new schema', 8, Date.now() - 100 * 60_000);
  cairnAt(
    Date.now() - 95 * 60_000,
    ...['checkpoint', 'Before the migration', '--tag', 'release', '--pin', '--description', 'All tests pass but one.'],
  );
  tmux('send-keys', '-t', 'api:logs', 'seq 1 40', 'Enter');
  git('commit', '--quiet', '--all', '-m', 'Stay on this site after a login');
  capture(Date.now() - 20 * 60_000);
}

function clockTime(daysAgo: number, hours: number, minutes: number): number {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo, hours, minutes).getTime();
}

/** What `cairn` itself loads to work on a data folder. */
async function loadCore({ dataFolder, workspace }: Installation): Promise<Core> {
  const name = readdirSync(CHUNKS).find((each) => /^open-core-.*\.js$/.test(each));
  if (name === undefined) throw new Error('nothing is built: run `npm run build`');
  // The build gives what the source gives.
  const { createCore } = (await import(join(CHUNKS, name))) as typeof openCore;
  return createCore({ home: dataFolder }, workspace.env);
}
