// The whole way of a capture on real programs: tmux and git, the real vault, the real clock.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createApp, type App, type OpenApp } from '../../../src/core/app.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { enableSourcesSync, setConfigValueSync } from '../../../src/core/config/config.ts';
import { writeExclusionRules } from '../../../src/core/config/exclusion-settings.ts';
import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { createGitSource } from '../../../src/core/sources/git/git-source.ts';
import { sourceIdsOf } from '../../../src/core/sources/registry.ts';
import type { Host } from '../../../src/core/sources/source.ts';
import { createTmuxSource } from '../../../src/core/sources/tmux/tmux-source.ts';
import { createVault, openVault } from '../../../src/core/vault/vault-client.ts';
import type { Snapshot } from '../../../src/shared/model/snapshot.ts';
import { key, text } from '../../support/captures.ts';
import { describeWith } from '../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeTestHost, waitFor } from '../../support/test-host.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';
import { SILENT } from '../../support/silent-upkeep.ts';

const SECRET = `ghp_${'aB3d'.repeat(9)}`;
/** A change that a source signals is safe within this. */
const SAFE_WITHIN_MS = 3_000;

describeWith(['tmux', 'git', 'bash'], 'capturing real programs', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let app: App;
  let open: OpenApp;
  let repository: string;

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    repository = join(host.homeDir, 'api');
    mkdirSync(repository);
    app = createApp({
      home: join(folder.path, 'data'),
      host,
      clock: systemClock,
      sources: [createTmuxSource(), createGitSource({ privateParents: [folder.path] })],
      vaults: {
        open: (options) => openVault({ ...options, argon2: ARGON2_FLOOR }),
        create: (options) => createVault({ ...options, argon2: ARGON2_FLOOR }),
      },
    });
    app.prepareFolder();
    enableSourcesSync(app.configPlace, sourceIdsOf(app.sources));
    ({ app: open } = await app.create(TEST_PASSWORD));
  });

  afterEach(async () => {
    await open.close();
    await host.run('tmux', ['kill-server']).catch(() => undefined);
    folder[Symbol.dispose]();
  });

  async function run(program: string, ...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await host.run(program, args, { cwd: repository, timeoutMs: 10_000 });
    if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.toString()}`);
    return stdout.toString();
  }

  async function makeWorkspace(): Promise<void> {
    await run('git', 'init', '-q');
    writeFileSync(join(repository, 'a.txt'), 'one\n');
    await run('git', 'add', '.');
    await run('git', '-c', 'user.name=dev', '-c', 'user.email=dev@example.com', 'commit', '-qm', 'first');
    writeFileSync(join(repository, 'a.txt'), 'two\n');
    await run('tmux', '-f', '/dev/null', 'new-session', '-d', '-s', 'main', '-c', repository, 'bash --norc');
    await type(`echo token ${SECRET}`);
    await waitFor('the shell to print', async () => (await screen()).split(SECRET).length > 2);
  }

  async function type(line: string): Promise<void> {
    await run('tmux', 'send-keys', '-t', '=main:', line, 'Enter');
  }

  function screen(): Promise<string> {
    return run('tmux', 'capture-pane', '-p', '-J', '-t', '=main:');
  }

  async function capture(): Promise<Snapshot> {
    const { summary } = await open.captureNow({ kind: 'manual' });
    return open.vault.readSnapshot(summary.id);
  }

  it('captures a pane and the repository it stands in, without the secret that was printed', async () => {
    await makeWorkspace();

    const snapshot = await capture();

    expect(snapshot.itemList.map(({ kind, attributes }) => [kind, attributes['cwd'] ?? attributes['path']])).toEqual([
      ['terminal', repository],
      ['repository', repository],
    ]);
    expect(snapshot.gapList).toEqual([]);
    const scrollback = text(await open.vault.readStream(snapshot.id, key('tmux:main:0.0'), 'scrollback'));
    expect(scrollback).toContain('[REDACTED:github-token]');
    expect(scrollback).not.toContain(SECRET);
  });

  it('sees that nothing changed, and carries what was killed', async () => {
    await makeWorkspace();
    await capture();
    // The title of a pane follows its program; the second capture is the one that must be quiet.
    await capture();
    const quiet = await capture();
    await run('tmux', 'kill-server');

    const after = await capture();

    expect(quiet.changed).toBe(0);
    expect(after.itemList.map(({ kind, stale }) => [kind, stale])).toEqual([
      ['repository', false],
      ['terminal', true],
    ]);
    expect(after.gapList.map(({ source, reason }) => [source, reason])).toEqual([['tmux', 'vanished']]);
  });

  it('captures nothing of an excluded folder', async () => {
    await makeWorkspace();
    await capture();
    const context = { environment: app.exclusionEnvironment, sourceIds: sourceIdsOf(app.sources) };
    await writeExclusionRules(open.vault, { kind: 'paths', rules: [repository] }, context);

    expect((await capture()).itemList).toEqual([]);
  });

  it('has a new window safe within three seconds', async () => {
    setConfigValueSync(app.configPlace, 'captureIntervalSeconds', '3600');
    await makeWorkspace();
    await open.close();
    open = await app.open({ type: 'password', text: TEST_PASSWORD });
    let captured = 0;
    open.scheduler.on('captured', () => {
      captured += 1;
    });
    open.start(SILENT);
    await waitFor('the first capture', () => captured === 1);
    await waitFor('the watch', async () => (await run('tmux', 'list-clients')) !== '');
    // What the watch itself stirs up has been captured once the allowance of early captures rests.
    await waitFor(
      'quiet',
      quietFor(() => captured, 2_500),
      20_000,
    );

    const startedAtMs = performance.now();
    await run('tmux', 'new-window', '-d', '-n', 'second', '-c', repository, 'bash --norc');
    await waitFor('the window in a snapshot', async () => {
      const id = await open.vault.resolveSnapshot('latest', Date.now());
      return (await open.vault.readSnapshot(id)).itemList.some((item) => item.key === 'tmux:main:1.0');
    });

    expect(performance.now() - startedAtMs).toBeLessThan(SAFE_WITHIN_MS);
  });
});

/** True once a count has stood still for so long. */
function quietFor(count: () => number, durationMs: number): () => boolean {
  let last = { count: -1, sinceMs: performance.now() };
  return () => {
    if (count() !== last.count) last = { count: count(), sinceMs: performance.now() };
    return performance.now() - last.sinceMs >= durationMs;
  };
}
