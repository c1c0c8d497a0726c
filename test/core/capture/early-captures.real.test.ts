// That a change is safe soon after its program has written it: the real services over real files and a real tmux, with an interval so
// long that only a signalled change can lead to a capture.

import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { createApp, type OpenApp } from '../../../src/core/app.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { enableSourcesSync } from '../../../src/core/config/config.ts';
import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { createHost } from '../../../src/core/sources/host/create-host.ts';
import { createSources } from '../../../src/core/sources/registry.ts';
import { createVault, openVault } from '../../../src/core/vault/vault-client.ts';
import type { SnapshotItem } from '../../../src/shared/model/item.ts';
import { describeWith } from '../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { SILENT } from '../../support/silent-upkeep.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const TRANSCRIPT = readFileSync(
  join(FIXTURES, 'claude-code', 'claude-code__multi-turn-tool-resumed-continue.jsonl'),
  'utf8',
);
const CHROMIUM_SESSION = readFileSync(join(FIXTURES, 'browser', 'chromium-156-Session_2windows_group_pin.snss'));
const SUBAGENT = readFileSync(
  join(FIXTURES, 'claude-code', 'claude-code__subagent-parent.subagents__agent-a171f9e404059eeaf.jsonl'),
  'utf8',
);
const ID = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const NEW_ID = 'bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee';
/** Only a signal can lead to a capture before. */
const INTERVAL_MS = 3_600_000;
/**
 * How long the test is patient; what it took is printed. Promised are 3 s; a machine that runs many tests at once may take a few times as
 * long, and never the interval of an hour.
 */
const PATIENCE_MS = 30_000;

describeWith(['tmux'], 'a change', () => {
  let folder: TemporaryFolder;
  let home: string;
  let app: OpenApp;
  /** What Chromium showed at the first capture. */
  let firstTabs = '';
  const delaysMs = new Map<string, number>();

  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-f', '/dev/null', ...args], {
      env: { PATH: process.env['PATH'], HOME: home, TMUX_TMPDIR: folder.path, TERM: 'xterm', SHELL: '/bin/sh' },
      encoding: 'utf8',
    });
  const transcriptPath = (project: string, id: string): string =>
    join(home, '.claude', 'projects', project, `${id}.jsonl`);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };

  beforeAll(async () => {
    folder = makeTemporaryFolder();
    home = join(folder.path, 'home');
    const profile = join(home, '.mozilla', 'firefox', 'test.default');
    mkdirSync(join(profile, 'sessionstore-backups'), { recursive: true });
    writeFileSync(
      join(home, '.mozilla', 'firefox', 'profiles.ini'),
      '[Profile0]\nName=default\nIsRelative=1\nPath=test.default\n',
    );
    cpSync(
      join(FIXTURES, 'browser', 'firefox-153.7esr-recovery.jsonlz4'),
      join(profile, 'sessionstore-backups', 'recovery.jsonlz4'),
    );
    write(transcriptPath('-home-dev-api', ID), TRANSCRIPT);
    writeSession('Default', 0.6);
    tmux('new-session', '-d', '-s', 'main', '-x', '100', '-y', '30', 'cat');
    const env = { PATH: process.env['PATH'], HOME: home, TMUX_TMPDIR: folder.path };
    const closed = createApp({
      home: join(folder.path, 'data'),
      host: createHost(env, process.platform),
      clock: systemClock,
      sources: createSources(),
      vaults: {
        open: (options) => openVault({ ...options, argon2: ARGON2_FLOOR }),
        create: (options) => createVault({ ...options, argon2: ARGON2_FLOOR }),
      },
    });
    closed.prepareFolder();
    enableSourcesSync(closed.configPlace, closed.configPlace.sourceIds);
    ({ app } = await closed.create('correct horse battery staple'));
    const first = captured();
    app.start(SILENT, { intervalMs: INTERVAL_MS });
    await first;
    const [begun] = await app.vault.listSnapshots({ limit: 1 });
    firstTabs = chromiumTabs((await app.vault.readSnapshot(begun!.id)).itemList, 'Default').join();
    expect(firstTabs).not.toBe('');
    // The watches begin after the first capture, and a control client takes a moment to attach.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
  });

  afterAll(async () => {
    await app.close();
    tmux('kill-server');
    folder[Symbol.dispose]();
    const words = [...delaysMs].map(([what, ms]) => `${what} ${(ms / 1000).toFixed(1)} s`);
    process.stdout.write(`safe after a change: ${words.join(', ')}\n`);
  });

  function captured(): Promise<void> {
    return new Promise((resolve) => {
      const off = app.scheduler.on('captured', () => {
        off();
        resolve();
      });
    });
  }

  /** Makes a change, and waits until a snapshot holds it. */
  async function expectSafe(
    what: string,
    change: () => void,
    holds: (items: readonly SnapshotItem[]) => boolean,
  ): Promise<void> {
    const startMs = performance.now();
    change();
    while (performance.now() - startMs < PATIENCE_MS) {
      const [newest] = await app.vault.listSnapshots({ limit: 1 });
      const items = newest === undefined ? [] : (await app.vault.readSnapshot(newest.id)).itemList;
      if (holds(items)) {
        delaysMs.set(what, performance.now() - startMs);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect.unreachable(`${what} was not captured within ${PATIENCE_MS} ms`);
  }

  const sizeOf = (items: readonly SnapshotItem[], id: string, stream = 'transcript'): number =>
    items.find((item) => item.key === `claude-code:${id}`)?.streams.find(({ name }) => name === stream)?.sizeBytes ?? 0;

  it('of a conversation is captured: a message, a new project, a subagent', async () => {
    const line = `${TRANSCRIPT.trimEnd().split('\n').at(-1) ?? ''}\n`;
    const size = Buffer.byteLength(TRANSCRIPT + line);
    await expectSafe(
      'message',
      () => appendFileSync(transcriptPath('-home-dev-api', ID), line),
      (items) => sizeOf(items, ID) === size,
    );
    await expectSafe(
      'new project',
      () =>
        write(
          transcriptPath('-home-dev-new', NEW_ID),
          TRANSCRIPT.replaceAll(/"sessionId":"[^"]+"/g, `"sessionId":"${NEW_ID}"`),
        ),
      (items) => sizeOf(items, NEW_ID) > 0,
    );
    await expectSafe(
      'subagent',
      () =>
        write(
          join(home, '.claude', 'projects', '-home-dev-new', NEW_ID, 'subagents', 'agent-a171f9e404059eeaf.jsonl'),
          SUBAGENT,
        ),
      (items) =>
        items.some(
          (item) => item.key === `claude-code:${NEW_ID}` && item.streams.some(({ name }) => name.includes('agent')),
        ),
    );
  });

  it('of tabs is captured once Firefox has written it', async () => {
    const backups = join(home, '.mozilla', 'firefox', 'test.default', 'sessionstore-backups');
    const other = readFileSync(join(FIXTURES, 'browser', 'firefox-153.7esr-sessionstore-clean-quit.jsonlz4'));
    const tabs = (items: readonly SnapshotItem[]): string =>
      items
        .filter((item) => item.kind === 'tab')
        .map((item) => item.key)
        .join(' ');
    const [newest] = await app.vault.listSnapshots({ limit: 1 });
    const before = tabs((await app.vault.readSnapshot(newest!.id)).itemList);
    expect(before).not.toBe('');
    await expectSafe(
      'tabs',
      () => {
        writeFileSync(join(backups, 'recovery.jsonlz4.tmp'), other);
        renameSync(join(backups, 'recovery.jsonlz4.tmp'), join(backups, 'recovery.jsonlz4'));
      },
      (items) => tabs(items) !== before,
    );
  });

  /** What a Chromium profile shows, as far as the addresses go. */
  const chromiumTabs = (items: readonly SnapshotItem[], profile: string): string[] =>
    items
      .filter((item) => item.source === 'chromium' && item.attributes['profile'] === profile)
      .map((item) => JSON.stringify(item.attributes['url']));
  const writeSession = (profile: string, share: number): void => {
    const dir = join(home, '.config', 'chromium', profile);
    write(join(dir, 'Preferences'), '{}');
    mkdirSync(join(dir, 'Sessions'), { recursive: true });
    // As Chromium does: one file that grows.
    writeFileSync(
      join(dir, 'Sessions', 'Session_13370000000000000'),
      CHROMIUM_SESSION.subarray(0, Math.floor(CHROMIUM_SESSION.length * share)),
    );
  };

  it('of tabs is captured once Chromium has written it, also in a profile that was made since', async () => {
    await expectSafe(
      'Chromium tabs',
      () => writeSession('Default', 1),
      (items) => chromiumTabs(items, 'Default').length > 0 && chromiumTabs(items, 'Default').join() !== firstTabs,
    );
    await expectSafe(
      'new profile of Chromium',
      () => writeSession('Profile 7', 1),
      (items) => chromiumTabs(items, 'Profile 7').length > 0,
    );
  });

  it('of a layout is captured', async () => {
    const panes = (items: readonly SnapshotItem[]): number => items.filter((item) => item.kind === 'terminal').length;
    const [newest] = await app.vault.listSnapshots({ limit: 1 });
    const before = panes((await app.vault.readSnapshot(newest!.id)).itemList);
    await expectSafe(
      'layout',
      () => tmux('split-window', '-t', 'main', 'cat'),
      (items) => panes(items) > before,
    );
  });
});
