// The whole way: the integration is installed, a shell in a pane runs a command, and the vault has it within seconds.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createApp, type App, type OpenApp } from '../../../../src/core/app.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { enableSourcesSync } from '../../../../src/core/config/config.ts';
import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { readHookScripts } from '../../../../src/core/shell-integration/hook-scripts.ts';
import { ShellIntegration } from '../../../../src/core/shell-integration/shell-integration.ts';
import { sourceIdsOf } from '../../../../src/core/sources/registry.ts';
import { previewCommands } from '../../../../src/core/sources/shell-history/preview.ts';
import { createShellHistorySource } from '../../../../src/core/sources/shell-history/shell-history-source.ts';
import type { Host } from '../../../../src/core/sources/source.ts';
import { createTmuxSource } from '../../../../src/core/sources/tmux/tmux-source.ts';
import { createVault, openVault } from '../../../../src/core/vault/vault-client.ts';
import type { Preview } from '../../../../src/shared/contract/schemas.ts';
import type { Snapshot, SnapshotSummary } from '../../../../src/shared/model/snapshot.ts';
import { describeWith } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';
import { TEST_PASSWORD } from '../../../support/test-vault.ts';
import { makeMemoryFolder, makeShellHost, type MemoryFolder } from './spool-workshop.ts';

/** A change that a source signals is safe within this. */
const SAFE_WITHIN_MS = 3_000;

describeWith(['tmux', 'bash'], 'shell history, from the prompt to the vault', () => {
  let folder: MemoryFolder;
  let host: Host;
  let app: App;
  let open: OpenApp;

  beforeEach(async () => {
    folder = makeMemoryFolder();
    host = makeShellHost(folder.path, { SHELL: '/bin/sh' });
    app = createApp({
      home: join(folder.path, 'data'),
      host,
      clock: systemClock,
      sources: [createTmuxSource(), createShellHistorySource()],
      vaults: {
        open: (options) => openVault({ ...options, argon2: ARGON2_FLOOR }),
        create: (options) => createVault({ ...options, argon2: ARGON2_FLOOR }),
      },
    });
    app.prepareFolder();
    enableSourcesSync(app.configPlace, sourceIdsOf(app.sources));
    ({ app: open } = await app.create(TEST_PASSWORD));
    const integration = new ShellIntegration({
      host,
      folder: join(folder.path, 'data', 'shell-integration'),
      scripts: readHookScripts(),
    });
    expect(integration.install(['bash'])).toMatchObject([{ action: 'add' }]);
  });

  afterEach(async () => {
    await open.close();
    await host.run('tmux', ['kill-server']).catch(() => undefined);
    folder[Symbol.dispose]();
  });

  async function tmux(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await host.run('tmux', ['-u', '-f', '/dev/null', ...args]);
    if (exitCode !== 0) throw new Error(stderr.toString());
    return stdout.toString();
  }

  async function type(line: string): Promise<void> {
    await tmux('send-keys', '-t', '=main:', '-l', line);
    await tmux('send-keys', '-t', '=main:', 'Enter');
  }

  async function newest(): Promise<Snapshot> {
    const [summary] = await open.vault.listSnapshots({ limit: 1 });
    return open.vault.readSnapshot((summary as SnapshotSummary).id);
  }

  async function shown(): Promise<Extract<Preview, { type: 'commands' }> | null> {
    const snapshot = await newest();
    const item = snapshot.itemList.find(({ attributes }) => attributes['isHistory'] === true);
    return item === undefined
      ? null
      : previewCommands(item, {
          limit: 50,
          readStream: (stream) => open.vault.readStream(snapshot.id, item.key, stream),
        });
  }

  it('keeps a command within three seconds, bound to its pane, and leaves nothing readable behind', async () => {
    await tmux(
      'new-session',
      '-d',
      '-s',
      'main',
      '-c',
      folder.path,
      `exec bash --noprofile --rcfile ${host.homeDir}/.bashrc`,
    );
    open.scheduler.start();
    await waitFor('the first capture', () => open.scheduler.state().lastCapture !== null, 10_000);

    await type('echo "from the prompt"; (exit 3)');
    const typedMs = performance.now();
    await waitFor('the command', async () => (await shown())?.commands.length === 1, 15_000);
    const tookMs = performance.now() - typedMs;

    expect((await shown())?.commands).toMatchObject([
      { command: 'echo "from the prompt"; (exit 3)', exitCode: 3, cwd: folder.path },
    ]);
    const item = (await newest()).itemList.find(({ attributes }) => attributes['isHistory'] === true);
    expect(item?.attributes).toMatchObject({ isLive: true, terminal: 'tmux:main:0.0' });
    process.stdout.write(
      `a command was safe ${(tookMs / 1_000).toFixed(1)} s after it was typed (${SAFE_WITHIN_MS / 1_000} s is the aim)\n`,
    );

    await open.captureNow({ kind: 'manual' });
    await waitFor(
      'the notes to be old enough',
      async () => {
        await open.captureNow({ kind: 'manual' });
        return !readSpools().includes('from the prompt');
      },
      15_000,
    );
  });

  it('loses and doubles nothing over ends and starts of Cairn', async () => {
    await tmux(
      'new-session',
      '-d',
      '-s',
      'main',
      '-c',
      folder.path,
      `exec bash --noprofile --rcfile ${host.homeDir}/.bashrc`,
    );
    for (let round = 1; round <= 3; round += 1) {
      await type(`: round ${round}`);
      await waitFor('the note', () => readSpools().includes(`: round ${round}`));
      await open.captureNow({ kind: 'manual' });
      await open.close();
      open = await app.open({ type: 'password', text: TEST_PASSWORD });
    }
    await open.captureNow({ kind: 'manual' });

    expect((await shown())?.commands.map(({ command }) => command)).toEqual([': round 1', ': round 2', ': round 3']);
  });

  function readSpools(): string {
    const spools = join(folder.path, 'runtime', 'cairn', 'shell');
    if (!existsSync(spools)) return '';
    return readdirSync(spools)
      .map((name) => readFileSync(join(spools, name), 'utf8'))
      .join('');
  }
});
