import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { exportVault, type ExportReport, type ExportRequest } from '../../../src/core/export/export-vault.ts';
import { createSources } from '../../../src/core/sources/registry.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import { aCapture, aConversation, aStream, aTerminal, key } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;
const TRANSCRIPT = [
  { type: 'user', uuid: 'u1', message: { role: 'user', content: 'Why does it fail?' } },
  {
    type: 'assistant',
    uuid: 'u2',
    parentUuid: 'u1',
    message: { role: 'assistant', content: [{ type: 'text', text: 'The lock is held.' }] },
  },
]
  .map((line) => JSON.stringify(line))
  .join('\n');

function run(test: TestVault, name: string, request: Partial<ExportRequest> = {}): Promise<ExportReport> {
  const deps = {
    vault: test.vault,
    sources: createSources(),
    home: join(test.folder, 'home'),
    nowMs: () => TEST_NOW_MS,
  };
  return exportVault(deps, { folder: join(test.folder, name), snapshots: 'usual', ...request });
}

/** All files below a folder, from it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

function aTab(name: string, title: string, url: string): CapturedItem {
  return {
    ...aTerminal(name),
    key: key(`firefox:${name}`),
    kind: 'tab',
    source: parseSourceId('firefox'),
    group: 'work',
    title,
    attributes: { url },
  };
}

const document = (title: string, text: string): CapturedItem => ({
  ...aTerminal('doc'),
  key: key(`vscode:${title}`),
  kind: 'document',
  source: parseSourceId('vscode'),
  title,
  attributes: { name: title, editor: 'VS Code', unsaved: 'whole' },
  streams: [aStream({ name: 'text', kind: 'blob', text })],
});

function flip(path: string, sql: string): void {
  const db = new BetterSqlite3(path);
  for (const { id, box } of db.prepare(sql).all() as { id: number; box: Buffer }[]) {
    box[60] = (box[60] ?? 0) ^ 1;
    const [table, name] = sql.includes('chunks') ? ['chunks', 'record_id'] : ['snapshots', 'sequence'];
    db.prepare(`UPDATE ${table} SET box = ? WHERE ${name} = ?`).run(box, id);
  }
  db.close();
}

describe('exportVault()', () => {
  it('writes terminals, conversations, files, patches and tabs that need no Cairn', async () => {
    await using test = await openTestVault();
    await test.vault.save(
      aCapture([
        aTerminal('api', { streams: [aStream({ text: '\u001b[31m$ make\u001b[0m\nall good\n' })] }),
        aConversation('The lock', TRANSCRIPT),
        document('notes.md', '# not saved\n'),
        {
          ...aTerminal('repo'),
          key: key('git:/home/dev/api'),
          kind: 'repository',
          source: parseSourceId('git'),
          title: 'api (main)',
          attributes: { path: '/home/dev/api' },
          streams: [aStream({ name: 'unstaged.patch', kind: 'blob', text: 'diff --git a/x b/x\n' })],
        },
        aTab('1', 'Docs', 'https://example.org/a?b=1&c=2'),
      ]),
    );

    const report = await run(test, 'out');

    const folder = join(test.folder, 'out');
    const [snapshot] = readdirSync(folder).filter((name) => name.startsWith('2026-'));
    const read = (path: string): string => readFileSync(join(folder, snapshot ?? '', path), 'utf8');
    expect(report).toMatchObject({ snapshots: 1, items: 4, unreadable: [] });
    expect(filesIn(join(folder, snapshot ?? ''))).toEqual([
      'conversations/the-lock-transcript.log',
      'conversations/the-lock.md',
      'files/notes.md',
      'index.md',
      'items.json',
      'repositories/api-main-unstaged.patch',
      'tabs.html',
      'tabs.md',
      'terminals/api.txt',
    ]);
    expect(read('terminals/api.txt')).toBe('$ make\nall good\n');
    expect(read('conversations/the-lock.md')).toContain('The lock is held.');
    expect(read('conversations/the-lock-transcript.log')).toBe(TRANSCRIPT);
    expect(read('files/notes.md')).toBe('# not saved\n');
    expect(read('tabs.html')).toContain('<A HREF="https://example.org/a?b=1&amp;c=2">Docs</A>');
    expect(read('index.md')).toContain(`[api](../${snapshot}/terminals/api.txt)`);
    expect(readFileSync(join(folder, 'readme.md'), 'utf8')).toContain('Nothing here is encrypted');
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: { path: string }[] };
    expect(manifest.files.map(({ path }) => path).toSorted()).toEqual(
      filesIn(folder).filter((path) => path !== 'manifest.json'),
    );
    for (const path of filesIn(folder)) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, snapshot ?? '', 'terminals')).mode & 0o777).toBe(0o700);
  });

  it('takes the newest and every checkpoint, or what is asked for, and writes what several have once', async () => {
    await using test = await openTestVault();
    const save = (at: number, text: string) =>
      test.vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ text })] })], { takenAtMs: TEST_NOW_MS + at * HOUR_MS }),
      );
    const named = await save(0, 'first\n');
    await test.vault.createCheckpoint(
      named.summary.id,
      { name: 'Before', description: '', tags: [], priority: 'normal', pinned: false },
      TEST_NOW_MS,
    );
    await save(1, 'second\n');
    await save(2, 'first\n');

    const usual = await run(test, 'usual');
    const all = await run(test, 'all', { snapshots: 'all' });
    const one = await run(test, 'one', { snapshots: ['Before'] });

    expect([usual.snapshots, all.snapshots, one.snapshots]).toEqual([2, 3, 1]);
    expect([usual.items, all.items]).toEqual([1, 2]);
    expect(filesIn(join(test.folder, 'usual')).filter((path) => path.endsWith('a.txt'))).toHaveLength(1);
    await expect(run(test, 'none', { snapshots: ['feedface'] })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
    expect(existsSync(join(test.folder, 'none'))).toBe(false);
  });

  it('never writes outside its folder, whatever titles say, nor over anything', async () => {
    await using test = await openTestVault();
    const hostile = ['../../escape', '/etc/passwd', '..', 'a\u0000b/../c', 'con', '\u202egnp.exe', '<script>', ''];
    await test.vault.save(
      aCapture([
        ...hostile.map((title, at) =>
          aTerminal(`t${at}`, { title, streams: [aStream({ text: `\u001b]0;owned\u0007text ${at}\n` })] }),
        ),
        document('../../.bashrc', 'x'),
        document('same', 'one'),
        { ...document('same', 'two'), key: key('vscode:other') },
        aTab('1', '](javascript:alert(1)) <img src=x>', 'javascript:alert(1)'),
        aTab('2', '"><script>alert(1)</script>', 'https://example.org/"onload=x'),
      ]),
    );
    mkdirSync(join(test.folder, 'deep'));

    const report = await run(test, 'deep/out');

    expect(readdirSync(join(test.folder, 'deep'))).toEqual(['out']);
    const folder = join(test.folder, 'deep/out');
    const files = filesIn(folder);
    for (const path of files) expect(path).toMatch(/^[a-z0-9-]+(?:\/[a-z0-9-]+){0,2}\.[a-z]+$/);
    expect(files.some((path) => /(?:^|\/)con\./.test(path))).toBe(false);
    expect(new Set(files.filter((path) => path.includes('/terminals/'))).size).toBe(hostile.length);
    const texts = files.map((path) => readFileSync(join(folder, path), 'utf8'));
    expect(texts.filter((text) => text.includes('owned') || text.includes('\u001b'))).toEqual([]);
    const html = texts.find((text) => text.startsWith('<!DOCTYPE')) ?? '';
    expect(html).not.toMatch(/<script|javascript:|"onload/);
    expect(report.unreadable).toEqual([]);

    writeFileSync(join(test.folder, 'file'), 'mine');
    symlinkSync(folder, join(test.folder, 'link'));
    for (const taken of ['deep/out', 'file', 'link', 'home', 'home/below'])
      await expect(run(test, taken)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(readFileSync(join(test.folder, 'file'), 'utf8')).toBe('mine');
  });

  it('writes what is left of a damaged vault, and says what is not', async () => {
    await using test = await openTestVault();
    const long = Array.from({ length: 3_000 }, (_, line) => `line ${line} of a long build\n`).join('');
    await test.vault.save(
      aCapture([
        aTerminal('whole', { streams: [aStream({ text: 'nothing happened to me\n' })] }),
        aTerminal('cut', { streams: [aStream({ text: long })] }),
      ]),
    );
    await test.vault.save(
      aCapture(
        [
          aTerminal('whole', { streams: [aStream({ text: 'nothing happened to me\n' })] }),
          aTerminal('cut', { streams: [aStream({ text: `${long}the end\n` })] }),
        ],
        { takenAtMs: TEST_NOW_MS + HOUR_MS },
      ),
    );
    await test.vault.close();
    flip(test.path, 'SELECT record_id AS id, box FROM chunks ORDER BY length(box) DESC LIMIT 1');
    flip(test.path, 'SELECT sequence AS id, box FROM snapshots WHERE sequence = 1');
    await test.reopen();

    const report = await run(test, 'out', { snapshots: 'all' });

    const folder = join(test.folder, 'out');
    const texts = new Map(
      filesIn(folder).map((path) => [path.split('/').at(-1), readFileSync(join(folder, path), 'utf8')]),
    );
    expect(texts.get('whole.txt')).toBe('nothing happened to me\n');
    expect(texts.get('cut.txt')).toMatch(/\[Cairn: \d+ bytes could not be read here\]\n+the end\n/);
    expect(report.unreadable).toMatchObject([
      { key: 'tmux:cut', stream: 'scrollback', from: 0, length: Buffer.byteLength(long) },
    ]);
    expect(JSON.parse(texts.get('manifest.json') ?? '')).toMatchObject({ unreadable: [{ key: 'tmux:cut' }] });
    expect(texts.get('index.md')).toContain('not all of it could be read');
  });

  it('ends where it is cancelled, and says that it is not finished', async () => {
    await using test = await openTestVault();
    for (let at = 0; at < 3; at += 1)
      await test.vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ text: `text ${at}\n` })] })], { takenAtMs: TEST_NOW_MS + at }),
      );
    const end = new AbortController();

    const cancelled = run(test, 'out', { snapshots: 'all', signal: end.signal, onProgress: () => end.abort() });

    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(readFileSync(join(test.folder, 'out/unfinished.txt'), 'utf8')).toContain('not finished');
    expect(existsSync(join(test.folder, 'out/manifest.json'))).toBe(false);
  });

  it('writes conversations that the vault keeps itself', async () => {
    await using test = await openTestVault();
    const id = '00112233aabbccdd' as Parameters<typeof test.vault.findSession>[0];
    await test.vault.saveSession({
      id,
      nowMs: TEST_NOW_MS,
      create: { createdAtMs: TEST_NOW_MS },
      facts: { name: 'A chat', tool: 'chat', externalId: 'x' },
      messages: [{ id: 'm1', role: 'user', text: 'hello there', atMs: TEST_NOW_MS, model: null, isPartial: false }],
    });

    const report = await run(test, 'out');

    expect(report.sessions).toBe(1);
    const [markdown] = filesIn(join(test.folder, 'out')).filter(
      (path) => path.endsWith('.md') && path.includes('sessions/'),
    );
    expect(readFileSync(join(test.folder, 'out', markdown ?? ''), 'utf8')).toContain('hello there');
  });
});
