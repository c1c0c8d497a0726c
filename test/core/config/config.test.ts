import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  enableSourcesSync,
  getConfigValueSync,
  listConfigSync,
  readConfigSync,
  setConfigValueSync,
  type ConfigPlace,
} from '../../../src/core/config/config.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

const TMUX = parseSourceId('tmux');
const FIREFOX = parseSourceId('firefox');

let folder: TemporaryFolder;
let place: ConfigPlace;

beforeEach(() => {
  folder = makeTemporaryFolder();
  place = { path: join(folder.path, 'config.json'), sourceIds: [TMUX, FIREFOX] };
});
afterEach(() => folder[Symbol.dispose]());

function write(text: string): void {
  writeFileSync(place.path, text);
}

describe('readConfigSync()', () => {
  it('gives the defaults where there is no file, with every source off', () => {
    expect(readConfigSync(place)).toEqual({
      verifyEveryMs: 30 * 86_400_000,
      sessions: { maxSessions: 100, retentionDays: 90, isCleanupAutomatic: true },
      lock: { doesCaptureGoOn: true, afterIdleMs: 0, onScreenLock: false, onSleep: false },
      desktop: { startsAtLogin: false, checkpointShortcut: 'CommandOrControl+Shift+K', updateChannel: 'stable' },
      asksToRestore: true,
      theme: 'system',
      captureIntervalMs: 30_000,
      scrollbackLines: 10_000,
      isRedactionOn: true,
      enabledSources: [],
      retention: DEFAULT_RETENTION,
      maxSnapshotBytes: 50 * 1024 * 1024,
      backup: { folder: null, keep: 3, everyMs: 86_400_000 },
    });
  });

  it('reads what was set', () => {
    write(
      '{"captureIntervalSeconds": 60, "sources": {"firefox": true}, "retention": {"dailyDays": 90}, "backup": {"folder": "/mnt/b"}}',
    );

    expect(readConfigSync(place)).toMatchObject({
      captureIntervalMs: 60_000,
      enabledSources: ['firefox'],
      retention: { ...DEFAULT_RETENTION, dailyDays: 90 },
      backup: { folder: '/mnt/b' },
    });
  });

  it.each([
    {
      name: 'an unknown key',
      text: '{"captureIntervallSeconds": 5}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'captureIntervallSeconds',
      hint: 'captureIntervalSeconds?',
    },
    {
      name: 'an unknown nested key',
      text: '{"retention": {"dayly": 5}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'retention.dayly',
      hint: 'retention.dailyDays?',
    },
    {
      name: 'a source that there is not',
      text: '{"sources": {"firefix": true}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'sources.firefix',
      hint: 'sources.firefox?',
    },
    {
      name: 'a key like nothing',
      text: '{"zzzzzzzzzzzzzzzz": 1}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'zzzz',
      hint: 'config list',
    },
    {
      name: 'an unknown area, empty',
      text: '{"retension": {}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: '"retension"',
      hint: 'retention?',
    },
    {
      name: 'an unknown area in an area, empty',
      text: '{"retention": {"dayly": {}}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: '"retention.dayly"',
      hint: 'retention.dailyDays?',
    },
    {
      name: 'an unknown area like nothing, empty',
      text: '{"zzzzzzzzzzzzzzzz": {}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: '"zzzz',
      hint: 'config list',
    },
    { name: 'a key without a name', text: '{"": {}}', code: 'CONFIG_UNKNOWN_KEY', message: '""', hint: 'config list' },
    {
      name: 'a key below a key',
      text: '{"redaction": {"on": {}}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: '"redaction.on"',
      hint: '',
    },
    {
      name: 'an area far too deep',
      text: '{"a":'.repeat(2_000) + '{}' + '}'.repeat(2_000),
      code: 'CONFIG_UNKNOWN_KEY',
      message: '"a.a.a',
      hint: '',
    },
    {
      name: 'an area for a value',
      text: '{"redaction": {}}',
      code: 'CONFIG_INVALID',
      message: 'redaction must be on or off',
      hint: '',
    },
    {
      name: 'an area for sealed rules, empty',
      text: '{"exclude": {}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'sealed in the vault',
      hint: 'config set',
    },
    {
      name: 'sealed rules',
      text: '{"exclude": {"urls": ["a"]}}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'sealed in the vault',
      hint: 'config set',
    },
    {
      name: 'a member of a prototype',
      text: '{"__proto__": 1}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: '__proto__',
      hint: '',
    },
    {
      name: 'a value below its limit',
      text: '{"captureIntervalSeconds": 1}',
      code: 'CONFIG_INVALID',
      message: 'captureIntervalSeconds must be a whole number from 5 to 3600',
      hint: '',
    },
    {
      name: 'a fraction',
      text: '{"retention": {"dailyDays": 1.5}}',
      code: 'CONFIG_INVALID',
      message: 'retention.dailyDays',
      hint: '',
    },
    {
      name: 'a text for a switch',
      text: '{"sources": {"tmux": "yes"}}',
      code: 'CONFIG_INVALID',
      message: 'sources.tmux must be on or off',
      hint: '',
    },
    {
      name: 'a relative folder',
      text: '{"backup": {"folder": "b"}}',
      code: 'CONFIG_INVALID',
      message: 'backup.folder',
      hint: '',
    },
    {
      name: 'a value for an area',
      text: '{"retention": 5}',
      code: 'CONFIG_UNKNOWN_KEY',
      message: '"retention"',
      hint: 'such as retention.allHours',
    },
    {
      name: 'garbage',
      text: '{not json',
      code: 'CONFIG_UNREADABLE',
      message: 'no JSON',
      hint: 'does not write over it',
    },
    { name: 'an empty file', text: '', code: 'CONFIG_UNREADABLE', message: 'no JSON', hint: '' },
    { name: 'a list', text: '[1]', code: 'CONFIG_UNREADABLE', message: 'no JSON object', hint: '' },
    {
      name: 'a huge file',
      text: ' '.repeat(1024 * 1024 + 1),
      code: 'CONFIG_UNREADABLE',
      message: 'too large',
      hint: '',
    },
  ])('refuses $name by name, and never writes over it', ({ text, code, message, hint }) => {
    write(text);

    const expected = expect.objectContaining({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(() => readConfigSync(place)).toThrow(expected);
    expect(() => setConfigValueSync(place, 'redaction', 'off')).toThrow(expected);
    expect(readFileSync(place.path, 'utf8')).toBe(text);
  });

  it('takes areas that are known and empty for what they say: nothing', () => {
    write('{"retention": {}, "sources": {}, "backup": {}}');

    expect(readConfigSync(place)).toMatchObject({ enabledSources: [], retention: DEFAULT_RETENTION });
  });

  it('refuses a pipe in the place of the file, and does not wait for it', () => {
    execFileSync('mkfifo', [place.path]);

    expect(() => readConfigSync(place)).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }));
  });

  it('refuses a folder in the place of the file', () => {
    mkdirSync(place.path);

    expect(() => readConfigSync(place)).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }));
  });

  it('gives a configuration or one of its errors for any file', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object().map((value) => JSON.stringify({ retention: value, sources: value })),
    );
    fc.assert(
      fc.property(texts, (text) => {
        write(text);
        try {
          readConfigSync(place);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).code).toMatch(/^CONFIG_/);
        }
      }),
    );
  });
});

describe('setConfigValueSync()', () => {
  it.each([
    { key: 'captureIntervalSeconds', text: ' 45 ', value: 45 },
    { key: 'sources.tmux', text: 'on', value: true },
    { key: 'redaction', text: 'OFF', value: false },
    { key: 'backup.folder', text: '/mnt/backups', value: '/mnt/backups' },
    { key: 'backup.folder', text: 'none', value: null },
  ])('sets $key to $text', ({ key, text, value }) => {
    expect(setConfigValueSync(place, key, text)).toBe(value);
    expect(getConfigValueSync(place, key)).toBe(value);
  });

  it('keeps the others, writes privately and leaves no other file', () => {
    setConfigValueSync(place, 'retention.dailyDays', '60');
    setConfigValueSync(place, 'retention.hourlyDays', '3');
    setConfigValueSync(place, 'redaction', 'off');

    expect(JSON.parse(readFileSync(place.path, 'utf8'))).toEqual({
      retention: { dailyDays: 60, hourlyDays: 3 },
      redaction: false,
    });
    expect(statSync(place.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(['config.json']);
  });

  it.each([
    { key: 'captureIntervalSeconds', text: 'often', code: 'CONFIG_INVALID' },
    { key: 'captureIntervalSeconds', text: '-5', code: 'CONFIG_INVALID' },
    { key: 'captureIntervalSeconds', text: '', code: 'CONFIG_INVALID' },
    { key: 'sources.tmux', text: 'maybe', code: 'CONFIG_INVALID' },
    { key: 'backup.folder', text: 'relative', code: 'CONFIG_INVALID' },
    { key: 'sources', text: 'on', code: 'CONFIG_UNKNOWN_KEY', hint: 'such as sources.tmux' },
    { key: 'exclude', text: 'x', code: 'CONFIG_UNKNOWN_KEY', hint: 'such as exclude.sources' },
    { key: 'source.tmux', text: 'on', code: 'CONFIG_UNKNOWN_KEY' },
  ])('refuses $key = "$text" and writes nothing', ({ key, text, code, hint = '' }) => {
    expect(() => setConfigValueSync(place, key, text)).toThrow(
      expect.objectContaining({ code, hint: expect.stringContaining(hint) }),
    );
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('says so where the folder cannot be written', () => {
    const missing = { ...place, path: join(folder.path, 'no', 'config.json') };

    expect(() => setConfigValueSync(missing, 'redaction', 'off')).toThrow(
      expect.objectContaining({ code: 'VAULT_READ_ONLY' }),
    );
  });

  it('mends the mode of a file that others could read', () => {
    write('{}');
    chmodSync(place.path, 0o644);

    setConfigValueSync(place, 'redaction', 'off');

    expect(statSync(place.path).mode & 0o777).toBe(0o600);
  });
});

describe('enableSourcesSync()', () => {
  it('turns these on and the others off', () => {
    setConfigValueSync(place, 'sources.tmux', 'on');

    enableSourcesSync(place, [FIREFOX]);

    expect(readConfigSync(place).enabledSources).toEqual(['firefox']);
    expect(JSON.parse(readFileSync(place.path, 'utf8'))).toEqual({ sources: { tmux: false, firefox: true } });
  });
});

describe('listConfigSync()', () => {
  it('lists every key once, with a sentence, its value and its default', () => {
    setConfigValueSync(place, 'backup.keep', '5');

    const entries = listConfigSync(place);

    expect(entries.find(({ key }) => key === 'backup.keep')).toMatchObject({ value: 5, defaultValue: 3 });
    expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length);
    for (const { description } of entries) expect(description).toMatch(/^[A-Z].*\.$/);
    for (const { key, defaultValue } of entries.filter(({ defaultValue: value }) => value !== null)) {
      expect(setConfigValueSync(place, key, String(defaultValue))).toBe(defaultValue);
    }
  });
});
