// aider could not be had here: the sample is written after its own splitter of the file (aider's utils).

import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createAiderSource } from '../../../../src/core/sources/aider/aider-source.ts';
import { newHistoryFacts, readHistoryLines } from '../../../../src/core/sources/aider/parse-history.ts';
import { readHistory } from '../../../../src/core/sources/aider/read-history.ts';
import type { CaptureContext, Host, Source } from '../../../../src/core/sources/source.ts';
import { describeConversationSource } from '../../../contract/conversation-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';
import { PTS_0, writeProcess } from '../host/fake-proc.ts';

const SAMPLE = fileURLToPath(new URL('../../../fixtures/aider/history.md', import.meta.url));
const FILE = '.aider.chat.history.md';
const EDIT = 'notes.txt\n```\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n```';

describeConversationSource('aider', {
  createSource: createAiderSource,
  place: (host) => {
    const path = join(host.homeDir, FILE);
    copyFileSync(SAMPLE, path);
    return path;
  },
  item: {
    key: expect.stringMatching(/^aider:[0-9a-f]{16}$/),
    title: 'mend the notes',
    attributes: {
      provider: 'openai',
      model: 'openai/fake-model',
      version: '0.86.1',
      file: FILE,
      firstMessage: 'look around\nand tell me what you see',
      lastMessage: EDIT,
      createdAtMs: Date.parse('2026-11-20T20:05:41'),
    },
  },
  messages: [
    ['user', 'look around\nand tell me what you see'],
    ['assistant', 'I see three files.\n\n# What they are\n\n- notes.txt holds notes.'],
    ['user', '/add notes.txt'],
    ['user', 'mend the notes'],
    ['assistant', EDIT],
  ],
  resumeArgv: ['aider', '--restore-chat-history'],
  grow: (path) => appendFileSync(path, '\n#### one more  \n'),
  kind: 'append',
  stream: 'transcript',
  evilFiles: ['.bashrc', `sub/${FILE}`, `../${FILE}`],
  isWithoutCalls: true,
});

describe('the aider source', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;
  let project: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = { ...makeTestHost(folder.path), procDir: join(folder.path, 'proc') };
    mkdirSync(host.procDir);
    writeFileSync(join(host.procDir, 'uptime'), '1000.0 1.0\n');
    source = createAiderSource();
    project = join(folder.path, 'api');
    mkdirSync(join(project, '.git'), { recursive: true });
    mkdirSync(join(project, 'src'));
    copyFileSync(SAMPLE, join(project, FILE));
  });

  afterEach(() => folder[Symbol.dispose]());

  async function capture(overrides: Partial<CaptureContext> = {}) {
    return source.capture(makeCaptureContext(host, overrides));
  }

  it('finds it where other items point into its project, where aider runs, and where it was found before', async () => {
    expect((await capture()).items).toEqual([]);
    const { items } = await capture({ pointedPaths: [join(project, 'src')] });
    expect(items).toMatchObject([{ attributes: { cwd: project, isLive: false } }]);

    expect((await capture({ previous: toSnapshotItems(items).items })).items).toMatchObject([{ key: items[0]?.key }]);
    const argv = ['/usr/bin/python3', '-m', 'aider', '--model', 'x'];
    writeProcess(host.procDir, { pid: 7, argv, cwd: join(project, 'src'), tty: PTS_0 + 7 });
    expect((await capture()).items).toMatchObject([{ attributes: { isLive: true, pid: 7, tty: '/dev/pts/7' } }]);
  });

  it('does not look into what the user excludes, nor above the root of a project', async () => {
    const inner = join(project, 'vendor/inner');
    mkdirSync(join(inner, '.git'), { recursive: true });

    expect((await capture({ pointedPaths: [inner] })).items).toEqual([]);
    const excludes = { path: () => true, url: () => false, command: () => false };
    expect((await capture({ pointedPaths: [project], excludes })).items).toEqual([]);
  });

  it('names no terminal where two write to one file, and none for another file', async () => {
    const argv = ['/usr/bin/python3', '/usr/bin/aider'];
    const other = [...argv, '--chat-history-file', 'x.md'];
    writeProcess(host.procDir, { pid: 7, argv: other, cwd: project, tty: PTS_0 + 7 });
    expect((await capture({ pointedPaths: [project] })).items[0]?.attributes['isLive']).toBe(false);

    for (const pid of [8, 9]) writeProcess(host.procDir, { pid, argv, cwd: project, tty: PTS_0 + pid });
    const [item] = (await capture()).items;
    expect(item?.attributes).toMatchObject({ isLive: true, terminalNote: expect.stringContaining('Several') });
    expect(item?.attributes['tty']).toBeUndefined();
  });

  it('writes into its own folder only: never into one that is gone, or that a link leads to', async () => {
    const { items } = await capture({ pointedPaths: [project] });
    const kept = { ...items[0]!, attributes: { ...items[0]!.attributes, isOriginGone: true } };
    rmSync(project, { recursive: true });
    const context = makeRestoreContext(host, folder.path, [kept]);
    const skipped = [{ status: 'skipped', detail: expect.stringContaining('cannot be written back') }];
    expect(await source.planRestore(context.selected, context)).toMatchObject(skipped);

    mkdirSync(join(folder.path, 'other'));
    symlinkSync(join(folder.path, 'other'), project);
    expect(await source.planRestore(context.selected, context)).toMatchObject(skipped);
  });

  it('says that it was used here where its projects are not known yet', async () => {
    mkdirSync(join(host.homeDir, '.aider'));

    expect(await source.detect(host)).toMatchObject({
      isPresent: true,
      summary: expect.stringContaining('was used here'),
    });
  });

  it('tells the same whether the bytes come at once or in pieces, and what waits for an answer', () => {
    const bytes = readFileSync(SAMPLE);
    const whole = newHistoryFacts();
    readHistoryLines(bytes, whole);
    const pieces = newHistoryFacts();
    for (let at = 0, end = 7; at < bytes.length && end < bytes.length + 7; end += 7) {
      at += readHistoryLines(bytes.subarray(at, end), pieces);
    }

    expect(pieces).toEqual(whole);
    expect(whole.openToolCalls.size).toBe(0);
    readHistoryLines(Buffer.from('#### and now?  \n\n'), whole);
    expect(whole.openToolCalls.size).toBe(1);
    expect(readHistory(bytes).messages.filter(({ isMeta }) => isMeta)).toHaveLength(5);
  });
});
