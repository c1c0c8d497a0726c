import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CaptureContext, Host, Source, SourceCapture } from '../../../../src/core/sources/source.ts';
import { VS_CODE_PRODUCTS } from '../../../../src/core/sources/vscode/vscode-products.ts';
import { codeCalls, createVsCodeSource } from '../../../../src/core/sources/vscode/vscode-source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';
import { unsavedText } from '../documents/editor-workshop.ts';
import { makeFakeProgram, type FakeProgram } from '../documents/fake-program.ts';
import { CodeData, cursorsState, editorsState, fileEditor, untitledEditor } from './code-data.ts';

const EDITORS = 'memento/workbench.parts.editor';
const CURSORS = 'memento/workbench.editors.files.textFileEditor';
const [CODE] = VS_CODE_PRODUCTS;

let folder: TemporaryFolder;
let program: FakeProgram;
let host: Host;
let source: Source;
let data: CodeData;
let api: string;
let a: string;
let b: string;

beforeEach(() => {
  folder = makeTemporaryFolder();
  program = makeFakeProgram(folder.path, 'code');
  host = makeTestHost(folder.path, { PATH: `${program.folder}:${process.env['PATH'] ?? ''}`, DISPLAY: ':7' });
  source = createVsCodeSource(CODE!);
  data = new CodeData(join(host.homeDir, '.config/Code'));
  api = join(folder.path, 'api');
  mkdirSync(api);
  [a, b] = [join(api, 'a.ts'), join(api, 'b c.ts')];
  writeFileSync(a, 'const a = 1;\n');
  writeFileSync(b, 'const b = 1;\n');
  data.writeWindows({ lastActiveWindow: { folder: `file://${api}`, backupPath: `${data.folder}/Backups/w1` } });
  data.writeWorkspace(
    '0a1b',
    { folder: `file://${api}` },
    {
      [EDITORS]: editorsState(
        [{ id: 0, editors: [fileEditor(a), fileEditor(b), untitledEditor('Untitled-1')], mru: [1, 0, 2], sticky: 0 }],
        0,
      ),
      [CURSORS]: cursorsState([[b, 0, 12, 3]]),
    },
  );
  data.writeBackup(
    'w1',
    'file',
    '-1a2b',
    `file://${api}/b%20c.ts {"mtime":1,"size":13,"etag":"x","typeId":""}`,
    'const b = 2;\n',
  );
  data.writeBackup('w1', 'untitled', '7c', 'untitled:Untitled-1 {"typeId":""}', '# a note\n');
});
afterEach(() => folder[Symbol.dispose]());

/** A process in a /proc of the test's own, and the lock that names it. */
function startCode(...words: readonly string[]): void {
  const procDir = join(folder.path, 'proc');
  mkdirSync(join(procDir, '7'), { recursive: true });
  writeFileSync(join(procDir, '7/stat'), '7 (code) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0');
  writeFileSync(
    join(procDir, '7/cmdline'),
    [...(words.length === 0 ? ['/usr/share/code/code'] : words), ''].join('\0'),
  );
  host = { ...host, procDir };
  data.write('code.lock', '7');
}

function capture(overrides: Partial<CaptureContext> = {}): Promise<SourceCapture> {
  return source.capture(makeCaptureContext(host, overrides));
}

function after({ items }: SourceCapture): Partial<CaptureContext> {
  return { previous: items.map((item) => ({ ...item, stale: false })) };
}

function named({ items }: SourceCapture, title: string): CapturedItem | undefined {
  return items.find((item) => item.title === title);
}

async function restore(items: readonly CapturedItem[], present: readonly CapturedItem[] = [], on = host) {
  const context = makeRestoreContext(on, folder.path, items, { present: toSnapshotItems(present).items });
  const plan = await source.planRestore(context.selected, context);
  const results = [];
  for await (const result of source.applyRestore(plan, context)) results.push(result);
  return { plan, results };
}

describe('the VS Code source', () => {
  it('reads editors, cursors, pins, windows and texts that were not saved', async () => {
    const captured = await capture();

    expect(captured.problems).toEqual([]);
    expect(captured.items.map(({ key }) => key)).toEqual([
      `vscode:${a}`,
      `vscode:${b}`,
      expect.stringContaining('untitled:Untitled-1'),
    ]);
    expect(named(captured, 'a.ts')?.attributes).toMatchObject({
      path: a,
      cwd: api,
      isPinned: true,
      isShown: false,
      isModified: false,
      isRunning: false,
    });
    expect(named(captured, 'b c.ts')?.attributes).toMatchObject({
      path: b,
      line: 12,
      column: 3,
      isActive: true,
      isShown: true,
      isModified: true,
      unsaved: 'whole',
      editorGroup: 1,
    });
    expect(unsavedText(named(captured, 'b c.ts'))).toBe('const b = 2;\n');
    expect(unsavedText(named(captured, 'Untitled-1'))).toBe('# a note\n');
    expect(named(captured, 'Untitled-1')?.attributes).not.toHaveProperty('path');
    expect((await source.detect(host)).summary).toBe('1 window');
  });

  it('leaves no trace, not even while VS Code has its database open', async () => {
    const path = join(data.folder, 'User/workspaceStorage/0a1b/state.vscdb');
    const live = new BetterSqlite3(path);
    live.pragma('journal_mode = WAL');
    live
      .prepare('INSERT INTO ItemTable VALUES (?, ?)')
      .run(EDITORS, editorsState([{ id: 0, editors: [fileEditor(a)] }], 0));
    const before = readdirSync(join(data.folder, 'User/workspaceStorage/0a1b'));

    const captured = await capture();

    expect(named(captured, 'a.ts')?.attributes).toMatchObject({ isActive: true });
    // Open no more, but its text is kept.
    expect(named(captured, 'b c.ts')?.attributes).toMatchObject({ isShown: false, isModified: true });
    expect(readdirSync(join(data.folder, 'User/workspaceStorage/0a1b'))).toEqual(before);
    live.close();
  });

  it('knows by its lock that it runs, after a kill that it does not, and another program with its number', async () => {
    const isRunning = async () => named(await capture(), 'a.ts')?.attributes['isRunning'];
    expect(await isRunning()).toBe(false);
    startCode();
    expect(await isRunning()).toBe(true);
    startCode('electron32', '/usr/lib/code/out/cli.js');
    expect(await isRunning()).toBe(true);
    startCode('/usr/bin/sleep', '100');
    expect(await isRunning()).toBe(false);
    data.write('code.lock', '8');
    expect(await isRunning()).toBe(false);
  });

  it('says which window cannot be read, and keeps what was in it', async () => {
    const before = await capture();
    writeFileSync(join(data.folder, 'User/workspaceStorage/0a1b/state.vscdb'), 'x'.repeat(5000));

    const captured = await capture(after(before));

    expect(captured.problems).toEqual([
      expect.objectContaining({ reason: 'unreadable', group: before.items[0]?.group }),
    ]);
    expect(captured.problems[0]?.message).toBe('The files open in VS Code, api, cannot be read: it is no database.');
    expect(captured.closed).toEqual([]);
    expect(named(captured, 'b c.ts')?.streams).toHaveLength(1);
  });

  it('knows what was closed, and does not take a folder that is gone for that', async () => {
    const before = await capture();
    data.writeWorkspace('0a1b', null, { [EDITORS]: editorsState([{ id: 0, editors: [fileEditor(b)] }], 0) });
    expect((await capture(after(before))).closed).toEqual([`vscode:${a}`]);

    data.writeWindows({ lastActiveWindow: { folder: 'file:///elsewhere' } });
    rmSync(join(data.folder, 'Backups'), { recursive: true });
    expect((await capture(after(before))).closed).toHaveLength(3);

    rmSync(data.folder, { recursive: true });
    expect(await capture(after(before))).toEqual({ items: [], problems: [], closed: [] });
  });

  it('keeps texts of windows that are not open any more', async () => {
    data.writeBackup('w9', 'file', '1', 'file:///gone/x.ts {}', 'kept\n');
    data.writeBackup('w9', 'file', '2', 'file:///gone/y.ipynb {"typeId":"notebook/jupyter"}', '{}');
    data.writeBackup('w9', 'file', '3', 'no address', 'x');

    const captured = await capture();

    expect(unsavedText(named(captured, 'x.ts'))).toBe('kept\n');
    expect(named(captured, 'y.ipynb')?.attributes).toMatchObject({ isModified: true, unsaved: 'unreadable' });
    expect(captured.items).toHaveLength(5);
  });

  it('reads nothing that is excluded', async () => {
    const hidden = await capture({ excludes: { path: (path) => path === b, url: () => false, command: () => false } });
    expect(hidden.items.map(({ title }) => title)).toEqual(['a.ts', 'Untitled-1']);

    const none = await capture({
      excludes: { path: (path) => path.startsWith(api), url: () => false, command: () => false },
    });
    expect(none.items).toEqual([]);
  });

  it('hands over a text once', async () => {
    const first = await capture();
    const known: CaptureContext['known'] = (key, stream) => {
      const found = first.items.find((item) => item.key === key)?.streams.find(({ name }) => name === stream);
      return found === undefined ? undefined : { version: found.version, sizeBytes: 1 };
    };

    const second = await capture({ ...after(first), known });

    expect(named(second, 'b c.ts')?.streams[0]?.content).toEqual({ type: 'unchanged' });
  });

  it('cuts a text that is too long, and says so', async () => {
    data.writeBackup('w1', 'file', '-1a2b', `file://${api}/b%20c.ts {}`, 'x'.repeat(9 * 1024 * 1024));

    const item = named(await capture(), 'b c.ts');

    expect(item?.attributes['unsaved']).toBe('cut');
    expect(unsavedText(item)).toHaveLength(8 * 1024 * 1024);
  });

  it('opens files at their lines in the window of their folder, and writes unsaved texts', async () => {
    const { items } = await capture();

    const { plan, results } = await restore(items);

    const copy = join(api, 'b c.cairn-recovered-20261120-140200.ts');
    const note = join(host.homeDir, 'cairn-recovered/Untitled-1.cairn-recovered-20261120-140200');
    expect(plan[1]?.detail).toBe(
      `${b} at line 12, column 3, opened in VS Code, in the window of ${api}. Its unsaved text is written to ${copy}.`,
    );
    expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    await waitFor('the calls', () => program.calls().length === 1);
    expect(program.calls()).toEqual([['--goto', api, a, note, `${b}:12:3`]]);
    expect(readFileSync(copy, 'utf8')).toBe('const b = 2;\n');
    expect(readFileSync(note, 'utf8')).toBe('# a note\n');
    expect(readFileSync(b, 'utf8')).toBe('const b = 1;\n');
  });

  it('writes no copy of a text that VS Code keeps itself, only of an older one', async () => {
    const older = await capture();
    data.writeBackup('w1', 'file', '-1a2b', `file://${api}/b%20c.ts {}`, 'const b = 3;\n');
    const { items } = await capture();

    const latest = await restore(items, items);
    const earlier = await restore(older.items, items);

    const kept = 'VS Code keeps its unsaved text and shows it when it starts.';
    expect(latest.plan.map(({ status, detail }) => [status, detail.includes(kept)])).toEqual([
      ['planned', false],
      ['planned', true],
      ['skipped', true],
    ]);
    expect(earlier.plan[1]?.detail).toContain('is written to');
    expect(readdirSync(api)).toHaveLength(3);
  });

  it('leaves alone what is open, and opens nothing without the program or a screen', async () => {
    startCode();
    const { items } = await capture();
    expect((await restore(items, items)).plan.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
    expect(program.calls()).toEqual([]);

    const [item] = items;
    const bare = makeTestHost(folder.path, { PATH: '/nowhere', DISPLAY: ':7' });
    expect((await restore([item!], [], bare)).plan[0]).toMatchObject({
      status: 'skipped',
      detail: 'VS Code is not installed here.',
    });
    const blind = makeTestHost(folder.path, { PATH: program.folder });
    expect((await restore([item!], [], blind)).plan[0]?.detail).toBe('There is no screen to open it on.');
  });

  it('says of files of another machine that they lie there', async () => {
    const remote = {
      id: 'x',
      value: JSON.stringify({
        resourceJSON: { scheme: 'vscode-remote', authority: 'ssh-remote+box', path: '/srv/r.ts' },
      }),
    };
    data.writeWorkspace('0a1b', null, { [EDITORS]: editorsState([{ id: 0, editors: [remote] }], 0) });
    const item = named(await capture(), 'r.ts');

    expect(item?.attributes).toMatchObject({ isRemote: true, url: expect.stringMatching(/^vscode-remote:/) as string });
    expect((await restore([item!])).plan[0]).toMatchObject({
      status: 'skipped',
      detail: 'It lies on another machine; open it there.',
    });
  });
});

describe('codeCalls()', () => {
  const target = (path: string, more: object = {}) => ({ path, isActive: false, ...more });

  it('opens files without a folder in the window that is there', () => {
    expect(codeCalls([target('/w/a', { line: 3 })])).toEqual([['--reuse-window', '--goto', '/w/a:3:1']]);
  });

  it('gives no line to a name that holds a colon, since it would be read as one', () => {
    expect(codeCalls([target('/w/a:7', { line: 3 }), target('/w/b')])).toEqual([
      ['--reuse-window', '/w/a:7'],
      ['--reuse-window', '--goto', '/w/b'],
    ]);
  });

  it('parts many files into calls, what was in front last', () => {
    const targets = [
      target('/w/front', { isActive: true }),
      ...Array.from({ length: 50 }, (_, at) => target(`/w/${at}`)),
    ];
    const calls = codeCalls(targets);
    expect(calls.map((call) => call.length)).toEqual([42, 13]);
    expect(calls.at(-1)?.at(-1)).toBe('/w/front');
  });
});
