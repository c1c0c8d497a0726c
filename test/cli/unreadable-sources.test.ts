// Sources whose files cannot be read, through the real command line: the others are captured in time, one line says which source and
// why, and what was captured before stays, marked as old.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { openSpawnedCairn, type SpawnedCairn, type SpawnedResult } from './spawned-cli.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const PLACES = {
  profiles: '.mozilla/firefox/profiles.ini',
  firefox: '.mozilla/firefox/abc.default/sessionstore-backups/recovery.jsonlz4',
  chromium: '.config/chromium/Default/Sessions/Session_13370000000000000',
  projects: '.claude/projects',
  transcript: '.claude/projects/-api/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee.jsonl',
  registry: '.claude/sessions/4242.json',
  settings: '.claude/settings.json',
} as const;
type Place = keyof typeof PLACES;
const SOURCES = ['firefox', 'chromium', 'claude-code'] as const;
const ALL_NEW = { firefox: 'new', chromium: 'new', 'claude-code': 'new' };
/** The deadline of a source, and what a start and a save take on a busy machine. */
const IN_TIME_MS = 5_000 + 5_000;
/** Root may read what nobody may, unless it gives that up. */
const NO_OVERRIDE = '-dac_override,-dac_read_search';
const AS_ANYBODY =
  process.getuid?.() === 0 ? ['setpriv', `--bounding-set=${NO_OVERRIDE}`, `--inh-caps=${NO_OVERRIDE}`] : [];

interface Shown {
  readonly items: readonly { readonly source: string; readonly stale: boolean; readonly goodAt?: string }[];
  readonly gaps: readonly { readonly source: string; readonly reason: string; readonly message: string }[];
}

let cairn: SpawnedCairn;
let undoList: (() => void)[] = [];

beforeAll(async () => {
  cairn = openSpawnedCairn();
  put('firefox', 'browser/firefox-153.7esr-recovery.jsonlz4');
  put('chromium', 'browser/chromium-156-Session_2windows_group_pin.snss');
  put('transcript', 'claude-code/claude-code__multi-turn-tool-resumed-continue.jsonl');
  writeFileSync(pathOf('profiles'), '[Profile0]\nName=default\nIsRelative=1\nPath=abc.default\n');
  writeFileSync(join(pathOf('chromium'), '../../Preferences'), '{}');
  writeFileSync(pathOf('settings'), '{}');
  mkdirSync(dirname(pathOf('registry')));
  writeFileSync(pathOf('registry'), '{}');
  const recovery = join(cairn.folder, 'recovery.txt');
  await document(['init', '--sources', SOURCES.join(','), '--recovery-key-file', recovery]);
  cairn.unlockWith(recovery);
  expect(await capture()).toMatchObject({ gaps: [] });
});
afterEach(() => {
  // What the next test finds is whole again.
  for (const undo of undoList.toReversed()) undo();
  undoList = [];
});
afterAll(() => cairn[Symbol.dispose]());

function pathOf(place: Place): string {
  return join(cairn.folder, PLACES[place]);
}

function put(place: Place, fixture: string): void {
  mkdirSync(dirname(pathOf(place)), { recursive: true });
  copyFileSync(join(FIXTURES, fixture), pathOf(place));
}

/** Puts something else in the place of what is there. */
function replace(place: Place, by: (path: string) => unknown): void {
  const path = pathOf(place);
  const kept = join(cairn.folder, `kept-${place}`);
  renameSync(path, kept);
  by(path);
  undoList.push(() => {
    rmSync(path, { recursive: true, force: true });
    renameSync(kept, path);
  });
}

function forbid(place: Place): void {
  const path = pathOf(place);
  const { mode } = statSync(path);
  chmodSync(path, 0);
  undoList.push(() => chmodSync(path, mode));
}

const aPipe = (path: string): unknown => execFileSync('mkfifo', [path]);
const aFolder = (path: string): unknown => mkdirSync(path);
const aLoop = (path: string): void => symlinkSync(path, path);

function run(argv: readonly string[]): Promise<SpawnedResult> {
  return cairn.run(argv, { command: AS_ANYBODY });
}

async function document<Document>(argv: readonly string[]): Promise<Document> {
  const { exitCode, stdout, stderr } = await run([...argv, '--json']);
  expect([exitCode, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

async function capture(): Promise<Shown> {
  const startedMs = performance.now();
  const { snapshotId } = await document<{ snapshotId: string }>(['capture']);
  expect(performance.now() - startedMs).toBeLessThan(IN_TIME_MS);
  return document<Shown>(['show', snapshotId]);
}

/** The sources whose items are all new, and those whose items are all carried forward. */
function ages({ items }: Shown): Record<string, string> {
  return Object.fromEntries(
    [...Map.groupBy(items, ({ source }) => source)].map(([source, of]) => [
      source,
      of.every(({ stale }) => stale) ? 'old' : of.some(({ stale }) => stale) ? 'mixed' : 'new',
    ]),
  );
}

describe('cairn capture, where a source cannot be read', () => {
  it.each([
    { place: 'firefox', by: aPipe, source: 'firefox', words: /profile default .*a pipe stands in its place/ },
    { place: 'chromium', by: aPipe, source: 'chromium', words: /profile Default, .*a pipe stands in its place/ },
    { place: 'chromium', by: aFolder, source: 'chromium', words: /profile Default, .*a folder stands in its place/ },
    { place: 'transcript', by: aPipe, source: 'claude-code', words: /transcript in -api .*a pipe stands in its place/ },
    { place: 'projects', by: aLoop, source: 'claude-code', words: /Claude Code .*reading it failed \(ELOOP\)/ },
  ] as const)(
    '$by.name in place of $place: says so, carries the items forward',
    async ({ place, by, source, words }) => {
      replace(place, by);

      const shown = await capture();

      expect(ages(shown)).toEqual({ ...ALL_NEW, [source]: 'old' });
      expect(shown.gaps).toEqual([
        expect.objectContaining({ source, reason: 'unreadable', message: expect.stringMatching(words) }),
      ]);
      expect(shown.items.filter(({ stale }) => stale).every(({ goodAt }) => goodAt !== undefined)).toBe(true);
    },
  );

  it('waits for no pipe that stands in the place of a small file', async () => {
    for (const place of ['profiles', 'registry', 'settings'] as const) replace(place, aPipe);

    expect(ages(await capture())).toEqual({ ...ALL_NEW, firefox: 'old' });
  });

  it('tells people in one line each, of several sources at once, and again later', async () => {
    replace('firefox', aPipe);
    replace('chromium', aFolder);
    replace('transcript', aPipe);

    const { exitCode, stdout, stderr } = await run(['capture']);

    expect([exitCode, stderr]).toEqual([0, '']);
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^Captured \d+ items/);
    expect(lines).toEqual([
      expect.stringMatching(/^ {2}gap firefox could not be read: .*a pipe stands in its place. \(since /),
      expect.stringMatching(/^ {2}gap chromium could not be read: .*a folder stands in its place. \(since /),
      expect.stringMatching(/^ {2}gap claude-code:\S+ could not be read: .*a pipe stands in its place. \(since /),
    ]);
    for (const command of ['show', 'status']) {
      const told = (await run([command])).stdout.split('\n').filter((line) => line.includes('could not be read'));
      expect(told.map((line) => line.trim().split(/[ :]/)[0])).toEqual(['firefox', 'chromium', 'claude-code']);
    }
    expect((await run(['show'])).stdout).toMatch(/last read/);
  });

  it('says what may not be read, and carries it forward', async () => {
    for (const place of ['firefox', 'chromium', 'transcript'] as const) forbid(place);

    const shown = await capture();

    expect(ages(shown)).toEqual({ firefox: 'old', chromium: 'old', 'claude-code': 'old' });
    expect(shown.gaps.map(({ source }) => source)).toEqual(SOURCES);
    for (const { message } of shown.gaps) expect(message).toMatch(/: it may not be read \(EACCES\)\.$/);
  });

  it('reads all of it again once it is back', async () => {
    const shown = await capture();

    expect([ages(shown), shown.gaps]).toEqual([ALL_NEW, []]);
  });
});
