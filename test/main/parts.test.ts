// The parts of the desktop shell that are pure or nearly so.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseArguments } from '../../src/main/arguments.ts';
import { parseDeepLink } from '../../src/main/deep-link.ts';
import { createKeychain } from '../../src/main/keychain.ts';
import { autostartEntry, autostartPath } from '../../src/main/login/autostart-file.ts';
import { setupSingleInstance } from '../../src/main/single-instance.ts';
import { describeUpdates, nextUpdateState, type UpdateEvent, type UpdateState } from '../../src/main/update-state.ts';
import { Updater, type ReportedUpdate, type Updates } from '../../src/main/updater.ts';
import { SettingsWatch } from '../../src/main/settings-watch.ts';
import { createShellSession } from '../../src/main/shell-session.ts';
import { handOverPort } from '../../src/preload/hand-over-port.ts';
import { describeState } from '../../src/main/tray/describe-state.ts';
import type { Status } from '../../src/shared/contract/schemas.ts';
import { setConfigValueSync } from '../../src/core/config/config.ts';
import { makeFakeElectron } from '../support/fake-electron.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { makeTestSession } from '../support/test-session.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = makeTemporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

describe('parseDeepLink()', () => {
  it.each([
    ['cairn://timeline', '/timeline'],
    ['cairn://checkpoints/', '/checkpoints'],
    ['cairn://settings', '/settings'],
    ['cairn://snapshot/0123456789abcdef', '/snapshot/0123456789abcdef'],
    ['cairn://search?q=hello%20world', '/search?q=hello%20world'],
  ])('takes %s', (link, path) => {
    expect(parseDeepLink(link)).toBe(path);
  });

  it.each([
    'cairn://restore/latest',
    'cairn://snapshot/0123',
    'cairn://snapshot/0123456789ABCDEF',
    'cairn://timeline/../restore',
    'cairn://settings#x',
    'cairn://search?q=',
    `cairn://search?q=${'a'.repeat(300)}`,
    'cairn://search?q=%00',
    'javascript:alert(1)',
    'https://evil.example',
    'CAIRN://timeline',
  ])('ignores %s', (link) => {
    expect(parseDeepLink(link)).toBeNull();
  });

  it('only ever leads to places that are looked at, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `cairn://${text}`),
        ),
        (link) => {
          const path = parseDeepLink(link);
          if (path !== null)
            expect(path).toMatch(/^\/(timeline|checkpoints|settings|snapshot\/[0-9a-f]{16}|search\?q=[^#&\s]+)$/);
        },
      ),
    );
  });
});

describe('a second start', () => {
  it('shows the window of the first, at the place that its link names', () => {
    const fake = makeFakeElectron();
    const shown: (string | undefined)[] = [];
    expect(setupSingleInstance({ app: fake.api.app, show: (path) => shown.push(path) })).toBe(true);
    fake.app.emit('second-instance', {}, ['cairn', 'cairn://snapshot/0123456789abcdef']);
    fake.app.emit('second-instance', {}, ['cairn']);
    fake.app.emit('second-instance', {}, ['cairn', '--hidden']);
    fake.app.emit('open-url', { preventDefault: () => undefined }, 'cairn://restore/latest');
    expect(shown).toEqual(['/snapshot/0123456789abcdef', undefined]);
    fake.app.hasLock = false;
    expect(setupSingleInstance({ app: fake.api.app, show: () => undefined })).toBe(false);
  });

  it('reads its arguments', () => {
    expect(parseArguments(['cairn', '--hidden', '--home=/x'])).toEqual({ home: '/x', isHidden: true, path: null });
  });
});

describe('the keychain', () => {
  const secret = new Uint8Array(32).fill(7);
  function storage(
    backend: string,
    options: { readonly isAvailable?: boolean; readonly shouldReEncrypt?: boolean } = {},
  ) {
    const calls: string[] = [];
    return {
      calls,
      getSelectedStorageBackend: () => backend as 'gnome_libsecret',
      isAsyncEncryptionAvailable: async () => {
        calls.push('available');
        return options.isAvailable ?? true;
      },
      encryptStringAsync: async (text: string) => {
        calls.push('encrypt');
        return Buffer.from([...Buffer.from(text)].map((byte) => byte ^ 0x55));
      },
      decryptStringAsync: async (sealed: Buffer) => {
        calls.push('decrypt');
        const result = Buffer.from([...sealed].map((byte) => byte ^ 0x55)).toString();
        return { result, shouldReEncrypt: options.shouldReEncrypt ?? false };
      },
    };
  }
  const make = (safeStorage: ReturnType<typeof storage>, platform: NodeJS.Platform = 'linux') =>
    createKeychain({ safeStorage, platform, path: join(folder.path, 'keychain.json') });

  it('gives back what it was given, through the calls that do not block', async () => {
    const safeStorage = storage('gnome_libsecret');
    const keychain = make(safeStorage);
    await keychain.write(secret);
    expect(await keychain.read()).toEqual(secret);
    safeStorage.calls.length = 0;
    expect(await keychain.has()).toBe(true);
    expect(safeStorage.calls).toEqual([]);
    const path = join(folder.path, 'keychain.json');
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(readFileSync(path, 'utf8')).not.toContain(Buffer.from(secret).toString('base64'));
    await keychain.remove();
    expect(await keychain.read()).toBeNull();
  });

  it.each(['basic_text', 'unknown'])('is refused where the backend is %s', async (backend) => {
    const safeStorage = storage(backend);
    const keychain = make(safeStorage);
    expect(await keychain.availability()).toEqual({
      isAvailable: false,
      why: expect.stringMatching(/no keyring/) as unknown,
    });
    await expect(keychain.write(secret)).rejects.toMatchObject({ code: 'KEYCHAIN_UNAVAILABLE' });
    expect(safeStorage.calls).toEqual([]);
  });

  it('is not touched before the user chose it', async () => {
    const safeStorage = storage('kwallet6');
    const keychain = make(safeStorage);
    await keychain.availability();
    expect(await keychain.read()).toBeNull();
    expect(safeStorage.calls).toEqual([]);
  });

  it('asks for the password where the desktop changed, or where it does not answer', async () => {
    await make(storage('gnome_libsecret')).write(secret);
    const changed = storage('kwallet6');
    expect(await make(changed).read()).toBeNull();
    expect(changed.calls).toEqual([]);
    expect(await make(storage('gnome_libsecret', { isAvailable: false })).availability()).toMatchObject({
      isAvailable: false,
    });
    writeFileSync(join(folder.path, 'keychain.json'), 'not json');
    expect(await make(storage('gnome_libsecret')).read()).toBeNull();
  });

  it('seals anew where the system says that the old seal is outdated', async () => {
    await make(storage('gnome_libsecret')).write(secret);
    const safeStorage = storage('gnome_libsecret', { shouldReEncrypt: true });
    expect(await make(safeStorage).read()).toEqual(secret);
    expect(safeStorage.calls).toEqual(['decrypt', 'encrypt']);
  });
});

describe('updates', () => {
  it('is a machine in which what is ready stays so, and what is off hears nothing', () => {
    const events: UpdateEvent[] = [
      { type: 'turned-on' },
      { type: 'checking' },
      { type: 'available', version: '2.0.0' },
      { type: 'progress', percent: 41.6 },
      { type: 'downloaded', version: '2.0.0' },
      { type: 'failed' },
    ];
    const states: UpdateState[] = [{ name: 'off' }];
    for (const event of events) states.push(nextUpdateState(states.at(-1)!, event));
    expect(states.map(({ name }) => name)).toEqual([
      'off',
      'idle',
      'checking',
      'downloading',
      'downloading',
      'ready',
      'ready',
    ]);
    expect(describeUpdates(states[4]!)?.text).toBe('Fetching update 2.0.0: 42 %');
    expect(nextUpdateState({ name: 'off' }, { type: 'downloaded', version: '1' })).toEqual({ name: 'off' });
  });

  it('looks on its channel only, never without a vault or during a restore, and captures before it installs', async () => {
    const clock = new ManualClock();
    await using test = makeTestSession({ clock, shell: 'desktop' });
    const done: string[] = [];
    let listener: (event: ReportedUpdate) => void = () => undefined;
    const updates: Updates = {
      setChannel: (channel) => void done.push(`channel ${channel}`),
      on: (given) => (listener = given),
      check: async () => void done.push('check'),
      setInstallsOnQuit: (isOn) => void done.push(`on quit ${isOn}`),
      install: () => void done.push('install'),
    };
    const session = createShellSession(test.session);
    const updater = new Updater({
      createUpdates: async () => updates,
      session,
      settings: new SettingsWatch(session),
      clock,
      closeAll: async () => void done.push('closed'),
      onChanged: () => undefined,
    });
    await clock.advance(3 * 60_000);
    expect(done).toEqual(['channel stable']);
    await test.session.createVault(TEST_PASSWORD);
    test.session.pause(null);
    await clock.advance(60_000);
    expect(done).toEqual(['channel stable', 'check']);
    listener({ type: 'available', version: '2.0.0' });
    listener({ type: 'downloaded', version: '2.0.0' });

    const release = Promise.withResolvers<void>();
    const restoring = test.session.whileRestoring(() => release.promise);
    await expect(updater.install()).rejects.toMatchObject({ code: 'VAULT_BUSY' });
    await updater.noteQuitting();
    expect(done.at(-1)).toBe('on quit false');
    release.resolve();
    await restoring;
    await updater.install();
    expect(done.slice(-2)).toEqual(['closed', 'install']);

    setConfigValueSync(test.app.configPlace, 'app.updateChannel', 'none');
    test.session.noteSettingsChanged();
    expect(updater.state()).toEqual({ name: 'off' });
    const before = done.length;
    await clock.advance(12 * 3_600_000);
    expect(done.slice(before)).toEqual([]);
  });
});

describe('start at login', () => {
  it('quotes what a file name may hold', () => {
    const entry = autostartEntry(['/opt/My "Cairn"/100%/$x`y', '--hidden']);
    expect(entry).toContain('Exec="/opt/My \\\\"Cairn\\\\"/100%%/\\\\$x\\\\`y" "--hidden"');
    expect(entry.split('\n').filter((line) => line.startsWith('Exec='))).toHaveLength(1);
    expect(autostartPath({ XDG_CONFIG_HOME: 'relative' }, '/home/dev')).toBe(
      '/home/dev/.config/autostart/cairn.desktop',
    );
  });
});

describe('the preload', () => {
  it('hands the page one port and nothing else', () => {
    let listener: (event: { readonly ports: string[] }) => void = () => undefined;
    const posted: unknown[] = [];
    const channels: string[] = [];
    handOverPort<string>({
      ipc: {
        on: (channel, given) => {
          channels.push(channel);
          listener = given;
        },
      },
      page: { location: { origin: 'app://cairn' }, postMessage: (...values) => posted.push(values) },
    });
    listener({ ports: ['port', 'another'] });
    listener({ ports: [] });
    expect(channels).toEqual(['cairn-port']);
    expect(posted).toEqual([['cairn-port', 'app://cairn', ['port']]]);
  });
});

describe('describeState()', () => {
  it('tells of damage that was found, beside what is captured', () => {
    const capture = {
      state: 'waiting',
      intervalSeconds: 30,
      isLate: false,
      lastAt: '2026-11-20T12:00:00.000Z',
    } as const;
    const status: Status = {
      ...{ version: '1', shell: 'desktop', vault: 'unlocked', theme: 'system', sources: [], notices: [], capture },
    };
    const facts = { nowMs: Date.parse(capture.lastAt) + 5_000, formatTime: String };
    const damage = { text: 'Damage.', records: 1, foundAt: capture.lastAt };

    expect(describeState(status, facts)).toBe('captured 5 s ago');
    expect(describeState({ ...status, health: { damage } }, facts)).toBe(
      'captured 5 s ago; damage was found in the vault',
    );
  });
});
