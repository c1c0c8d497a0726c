import { describe, expect, it } from 'vitest';

import type { SetupResult } from '../../../src/core/browser-setup/browser-setup.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const CHROMIUM: SetupResult = {
  id: parseSourceId('chromium'),
  title: 'Chromium',
  outcome: 'written',
  path: '/home/dev/.config/chromium/NativeMessagingHosts/dev.cairn.browser.json',
};
const FIREFOX: SetupResult = {
  id: parseSourceId('firefox'),
  title: 'Firefox',
  outcome: 'unchanged',
  path: '/home/dev/.mozilla/native-messaging-hosts/dev.cairn.browser.json',
};

/** A core whose browsers answer so; what was asked of them is noted. */
function aCore(results: readonly SetupResult[]): FakeCore & { readonly asked: unknown[] } {
  const core = Object.assign(new FakeCore(), { asked: [] as unknown[] });
  const answer =
    (verb: string) =>
    (ids: readonly string[], options: object): readonly SetupResult[] => {
      core.asked.push([verb, ids, options]);
      return results;
    };
  core.browsers = { ...core.browsers, install: answer('install'), uninstall: answer('uninstall') };
  return core;
}

describe('cairn browser', () => {
  it('installs for the named browsers and says how to load the extension', async () => {
    const core = aCore([CHROMIUM, FIREFOX]);
    const { exitCode, stdout } = await runCairn(['browser', 'install', 'chromium', 'firefox'], { core, env: {} });

    expect([exitCode, core.asked]).toEqual([0, [['install', ['chromium', 'firefox'], { isDryRun: false }]]]);
    expect(stdout).toContain('Load unpacked');
    expect(stdout).toContain('about:debugging');
    expect(stdout).toContain('/opt/cairn/resources/browser-extension');
  });

  it('prints one document', async () => {
    const { exitCode, json } = await runCairn(['browser', 'install', '--dry-run', '--json'], {
      core: aCore([CHROMIUM]),
    });

    expect(exitCode).toBe(0);
    expect(json()).toEqual({
      dryRun: true,
      program: '/opt/cairn/bin/cairn-browser-host',
      extensionFolder: '/opt/cairn/resources/browser-extension',
      browsers: [{ ...CHROMIUM }],
      next: [expect.stringContaining('Chromium: open chrome://extensions')],
    });
  });

  it.each([
    ['something foreign', ['browser', 'install'], { ...CHROMIUM, outcome: 'foreign' as const }],
    [
      'a failure',
      ['browser', 'uninstall'],
      { ...CHROMIUM, outcome: 'failed' as const, why: 'the file system said EACCES' },
    ],
    [
      'a browser that was named and is not here',
      ['browser', 'install', 'chromium'],
      { ...CHROMIUM, outcome: 'absent' as const },
    ],
  ])('fails for %s, and says so in the document too', async (_name, argv, result) => {
    const people = await runCairn(argv, { core: aCore([result]) });
    const document = await runCairn([...argv, '--json'], { core: aCore([result]) });

    expect([people.exitCode, document.exitCode]).toEqual([1, 1]);
    expect(people.stderr).toContain('Not done for Chromium.');
    expect(document.json()).toMatchObject({ browsers: [result], error: { code: 'EXEC_FAILED' } });
  });

  it('says that there is nothing to do', async () => {
    expect((await runCairn(['browser', 'install'], { core: aCore([]) })).stdout).toContain('No browser');
    expect((await runCairn(['browser', 'uninstall'], { core: aCore([]) })).stdout).toContain('nothing of Cairn');
  });

  it('shows which profiles have the extension', async () => {
    const core = new FakeCore();
    core.browsers = {
      ...core.browsers,
      status: async () => [
        {
          id: parseSourceId('chromium'),
          title: 'Chromium',
          isPresent: true,
          path: CHROMIUM.path,
          manifest: 'ours',
          profiles: [
            { name: 'Default', extension: 'live', tabs: 3 },
            { name: 'Profile \u001b[2J1', extension: 'none', tabs: 0 },
          ],
        },
        {
          id: parseSourceId('edge'),
          title: 'Microsoft Edge',
          isPresent: false,
          path: '/x',
          manifest: 'missing',
          profiles: [],
        },
      ],
    };
    const people = await runCairn(['browser', 'status'], { core });

    expect(people.stdout.split('\n')).toEqual([
      'Chromium: set up',
      '  Default: answers, 3 tabs',
      expect.stringMatching(/^ {2}Profile .*1: no extension/),
      '',
    ]);
    expect(people.stdout).not.toContain('\u001b');
    expect((await runCairn(['browser', 'status', '--json'], { core })).json()).toMatchObject({
      browsers: [
        { id: 'chromium', present: true, manifest: 'ours', profiles: [{ extension: 'live' }, {}] },
        { id: 'edge' },
      ],
    });
  });

  it('needs a sub-command and refuses an unknown browser', async () => {
    const core = new FakeCore();
    expect((await runCairn(['browser'], { core })).exitCode).toBe(2);
  });
});
