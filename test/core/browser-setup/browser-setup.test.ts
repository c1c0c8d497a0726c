import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createBrowserSetup, type BrowserSetup } from '../../../src/core/browser-setup/browser-setup.ts';
import { hostManifestText, parseHostManifest } from '../../../src/core/browser-setup/host-manifest.ts';
import {
  CHROMIUM_EXTENSION_ID,
  FIREFOX_EXTENSION_ID,
  HOST_NAME,
} from '../../../src/core/sources/browser/extension/names.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeTestHost } from '../../support/test-host.ts';

const EXTENSION = new URL('../../../resources/browser-extension/', import.meta.url);
const PROGRAM = '/opt/cairn/bin/cairn-browser-host';

let folder: TemporaryFolder;
let home: string;
let setup: BrowserSetup;

beforeEach(() => {
  folder = makeTemporaryFolder();
  const host = makeTestHost(folder.path, { PATH: join(folder.path, 'bin') });
  home = host.homeDir;
  setup = createBrowserSetup(host, { hostProgram: PROGRAM, extensionFolder: '/opt/cairn/resources/browser-extension' });
});

afterEach(() => {
  folder[Symbol.dispose]();
});

function addProgram(name: string): void {
  const path = join(folder.path, 'bin', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
}

/** Every file and folder of the home folder, with content and mode. */
function contentOfHome(): string[] {
  return readdirSync(home, { recursive: true })
    .map(String)
    .toSorted()
    .map((name) => {
      const stats = statSync(join(home, name));
      const content = stats.isDirectory() ? '' : readFileSync(join(home, name), 'base64');
      return `${name} ${stats.mode.toString(8)} ${content}`;
    });
}

const outcomes = (results: readonly { id: string; outcome: string }[]): string[] =>
  results.map(({ id, outcome }) => `${id} ${outcome}`);
const chromiumPath = (): string => join(home, `.config/chromium/NativeMessagingHosts/${HOST_NAME}.json`);

describe('createBrowserSetup()', () => {
  it('writes for the browsers that are here, and for no others', () => {
    mkdirSync(join(home, '.config/chromium'), { recursive: true });
    mkdirSync(join(home, '.config/mozilla/firefox'), { recursive: true });
    addProgram('brave');

    expect(outcomes(setup.install([], { isDryRun: false }))).toEqual([
      'chromium written',
      'brave written',
      'firefox written',
    ]);
    expect(JSON.parse(readFileSync(chromiumPath(), 'utf8'))).toMatchObject({
      name: HOST_NAME,
      path: PROGRAM,
      type: 'stdio',
      allowed_origins: [`chrome-extension://${CHROMIUM_EXTENSION_ID}/`],
    });
    expect(
      JSON.parse(readFileSync(join(home, `.mozilla/native-messaging-hosts/${HOST_NAME}.json`), 'utf8')),
    ).toMatchObject({ allowed_extensions: [FIREFOX_EXTENSION_ID] });
    expect(statSync(chromiumPath()).mode & 0o777).toBe(0o600);
  });

  it('leaves the home folder as it was, to the byte, when it is taken back', () => {
    mkdirSync(join(home, '.config/chromium/NativeMessagingHosts'), { recursive: true });
    writeFileSync(join(home, '.config/chromium/NativeMessagingHosts/other.json'), '{}');
    mkdirSync(join(home, '.config/google-chrome'));
    addProgram('brave');
    addProgram('firefox');
    const before = contentOfHome();

    setup.install([], { isDryRun: true });
    expect(contentOfHome()).toEqual(before);
    setup.install([], { isDryRun: false });
    setup.install([], { isDryRun: false });
    setup.uninstall([], { isDryRun: true });
    expect(contentOfHome()).not.toEqual(before);
    expect(outcomes(setup.uninstall([], { isDryRun: false }))).toEqual([
      'chromium removed',
      'chrome removed',
      'brave removed',
      'firefox removed',
    ]);

    expect(contentOfHome()).toEqual(before);
    expect(setup.uninstall([], { isDryRun: false })).toEqual([]);
  });

  it('keeps an empty folder that was there before, and one that somebody else uses by now', () => {
    mkdirSync(join(home, '.config/chromium/NativeMessagingHosts'), { recursive: true });
    addProgram('firefox');
    setup.install([], { isDryRun: false });
    writeFileSync(join(home, '.mozilla/native-messaging-hosts/other.json'), '{}');
    setup.uninstall([], { isDryRun: false });

    expect(readdirSync(home, { recursive: true }).map(String).toSorted()).toEqual([
      '.config',
      '.config/chromium',
      '.config/chromium/NativeMessagingHosts',
      '.mozilla',
      '.mozilla/native-messaging-hosts',
      '.mozilla/native-messaging-hosts/other.json',
    ]);
  });

  it.each([
    ['another program’s file', () => writeFileSync(chromiumPath(), '{"name":"dev.cairn.browser","path":"/bin/true"}')],
    ['what is no JSON', () => writeFileSync(chromiumPath(), 'x')],
    ['a link', () => symlinkSync('/etc/hostname', chromiumPath())],
    ['a folder', () => mkdirSync(chromiumPath())],
  ])('leaves %s alone, at both commands', (_name, put) => {
    mkdirSync(dirname(chromiumPath()), { recursive: true });
    put();
    const before = contentOfHome();

    expect(outcomes(setup.install(['chromium'], { isDryRun: false }))).toEqual(['chromium foreign']);
    expect(outcomes(setup.uninstall(['chromium'], { isDryRun: false }))).toEqual(['chromium foreign']);
    expect(contentOfHome()).toEqual(before);
  });

  it('takes over what an earlier installation wrote, and still knows which folders were made', async () => {
    addProgram('chromium');
    const before = contentOfHome();
    setup.install([], { isDryRun: false });
    const host = makeTestHost(folder.path, { PATH: join(folder.path, 'bin') });
    const moved = createBrowserSetup(host, { hostProgram: '/new/host', extensionFolder: '/new' });

    expect((await moved.status(AbortSignal.timeout(1_000)))[0]?.manifest).toBe('other');
    expect(outcomes(moved.install([], { isDryRun: false }))).toEqual(['chromium written']);
    expect((await moved.status(AbortSignal.timeout(1_000)))[0]?.manifest).toBe('ours');
    moved.uninstall([], { isDryRun: false });
    expect(contentOfHome()).toEqual(before);
  });

  it('says what cannot be done, browser by browser', () => {
    mkdirSync(join(home, 'snap/chromium/common/chromium'), { recursive: true });
    writeFileSync(join(home, '.mozilla'), 'a file in the way');
    addProgram('firefox');

    expect(setup.install(['chromium', 'chrome', 'firefox'], { isDryRun: false })).toMatchObject([
      { id: 'chromium', outcome: 'sandboxed' },
      { id: 'chrome', outcome: 'absent' },
      { id: 'firefox', outcome: 'failed', why: 'the file system said ENOTDIR' },
    ]);
    expect(() => setup.install(['netscape'], { isDryRun: false })).toThrow('There is no browser "netscape"');
  });
});

describe('parseHostManifest()', () => {
  it('knows Cairn’s own files and takes any text', () => {
    for (const made of [0, 1, 3])
      expect(parseHostManifest(hostManifestText('chromium', '/p', made))).toMatchObject({
        state: 'ours',
        program: '/p',
        madeFolders: made,
      });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseHostManifest(text)).toEqual({ state: 'foreign' });
      }),
    );
  });
});

describe('the extension’s manifest', () => {
  const manifest = JSON.parse(readFileSync(new URL('manifest.json', EXTENSION), 'utf8')) as {
    key: string;
    permissions: string[];
    incognito: string;
    browser_specific_settings: { gecko: { id: string } };
  };

  it('bears the ids that the helper program’s files allow', () => {
    const digest = createHash('sha256').update(Buffer.from(manifest.key, 'base64')).digest('hex').slice(0, 32);
    const id = digest.replaceAll(/./g, (digit) => 'abcdefghijklmnop'.charAt(Number.parseInt(digit, 16)));

    expect(id).toBe(CHROMIUM_EXTENSION_ID);
    expect(manifest.browser_specific_settings.gecko.id).toBe(FIREFOX_EXTENSION_ID);
    expect(readFileSync(new URL('background.js', EXTENSION), 'utf8')).toContain(`'${HOST_NAME}'`);
  });

  it('asks for no more than it needs, and for nothing private', () => {
    expect(manifest.permissions.toSorted()).toEqual(['nativeMessaging', 'sessions', 'storage', 'tabGroups', 'tabs']);
    expect(manifest.incognito).toBe('not_allowed');
    expect(Object.keys(manifest)).not.toContain('host_permissions');
  });

  it('runs its own files only', () => {
    for (const name of ['background.js', 'restore.js', 'snapshot.js']) {
      const code = readFileSync(new URL(name, EXTENSION), 'utf8');
      expect(code).not.toMatch(/\b(eval|fetch|XMLHttpRequest|WebSocket|importScripts|Function)\s*\(/);
      expect([...code.matchAll(/from '([^']+)'/g)].every(([, from]) => from?.startsWith('./'))).toBe(true);
    }
  });
});
