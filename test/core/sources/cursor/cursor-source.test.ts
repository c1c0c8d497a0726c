import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createCursorSource } from '../../../../src/core/sources/cursor/cursor-source.ts';
import { readChat } from '../../../../src/core/sources/cursor/read-chat.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';

const ID = '33333333-3333-4333-8333-333333333333';
const bytes = (text: string): Uint8Array => Buffer.from(text);

let folder: TemporaryFolder;
let host: Host;
let source: Source;
let userFolder: string;
let db: BetterSqlite3.Database;

function openDatabase(path: string): BetterSqlite3.Database {
  const opened = new BetterSqlite3(path);
  opened.pragma('journal_mode = WAL');
  opened.exec('CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)');
  opened.exec('CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)');
  return opened;
}

function put(key: string, value: unknown): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  db.prepare('INSERT INTO cursorDiskKV (key, value) VALUES (?, ?)').run(key, text);
}

function bubble(id: string, value: object): void {
  put(`bubbleId:${ID}:${id}`, { _v: 3, bubbleId: id, ...value });
}

const CHAT = {
  _v: 10,
  composerId: ID,
  name: 'Rate limits',
  createdAt: 1_795_205_240_000,
  lastUpdatedAt: 1_795_205_300_000,
  modelConfig: { modelName: 'claude-4.5-sonnet', maxMode: false },
  workspaceIdentifier: { id: 'abc', uri: { scheme: 'file', fsPath: '/home/dev/api' } },
  blobEncryptionKey: 'c2VjcmV0LWtleS1vZi10aGUtYmxvYnM=',
  fullConversationHeadersOnly: [
    { bubbleId: 'u1', type: 1 },
    { bubbleId: 'a0', type: 2 },
    { bubbleId: 'a1', type: 2 },
    { bubbleId: 'a2', type: 2 },
    { bubbleId: 'gone', type: 2 },
  ],
};

beforeEach(() => {
  folder = makeTemporaryFolder();
  host = makeTestHost(folder.path);
  source = createCursorSource();
  userFolder = join(host.homeDir, '.config', 'Cursor', 'User');
  mkdirSync(join(userFolder, 'globalStorage'), { recursive: true });
  db = openDatabase(join(userFolder, 'globalStorage', 'state.vscdb'));
  db.prepare('INSERT INTO ItemTable VALUES (?, ?)').run('cursorAuth/accessToken', 'the-token-of-the-account');
  put(`composerData:${ID}`, CHAT);
  bubble('u1', { type: 1, text: 'limit the requests', createdAt: '2026-11-20T10:00:00.000Z' });
  bubble('a0', { type: 2, text: '', thinking: { text: 'A bucket of tokens would do.' } });
  bubble('a1', { type: 2, text: 'I look at the router first.', createdAt: '2026-11-20T10:00:05.000Z' });
  bubble('a2', {
    type: 2,
    text: '',
    toolFormerData: {
      toolCallId: 'c1',
      name: 'read_file',
      rawArgs: '{"path":"router.ts"}',
      result: '{"contents":"export {}"}',
      status: 'completed',
    },
  });
  bubble('dropped', { type: 1, text: 'taken back' });
  put('bubbleId:other:x', { type: 1, text: 'of another chat' });
});
afterEach(() => {
  db.close();
  folder[Symbol.dispose]();
});

async function captureOne() {
  const { items, problems } = await source.capture(makeCaptureContext(host));
  expect(problems).toEqual([]);
  expect(items).toHaveLength(1);
  return items[0]!;
}

function contentOf(item: Awaited<ReturnType<typeof captureOne>>): Uint8Array {
  const content = item.streams[0]?.content;
  if (content?.type !== 'whole') throw new Error('no content');
  return content.bytes;
}

describe('the Cursor source', () => {
  it('captures a chat in its own order, without what was taken back', async () => {
    expect(await source.detect(host)).toEqual({ isPresent: true, summary: '1 conversation found' });
    const item = await captureOne();
    expect(item).toMatchObject({ key: `cursor:${ID}`, kind: 'conversation', title: 'Rate limits' });
    expect(item.attributes).toMatchObject({
      cwd: '/home/dev/api',
      model: 'claude-4.5-sonnet',
      messageCount: 4,
      createdAtMs: CHAT.createdAt,
      updatedAtMs: CHAT.lastUpdatedAt,
    });
    expect(readChat(contentOf(item))).toMatchObject({
      unreadableLines: 0,
      messages: [
        { role: 'user', text: 'limit the requests', timeMs: Date.parse('2026-11-20T10:00:00.000Z') },
        { role: 'assistant', text: '' },
        { role: 'assistant', text: 'I look at the router first.', model: 'claude-4.5-sonnet' },
        {
          toolCalls: [{ name: 'read_file', input: { path: 'router.ts' }, result: '{"contents":"export {}"}' }],
        },
      ],
    });
  });

  it("keeps no key and no token, and leaves the program's folder as it was", async () => {
    const before = readdirSync(join(userFolder, 'globalStorage'));
    const kept = Buffer.from(contentOf(await captureOne())).toString();
    expect(kept).toContain('limit the requests');
    expect(kept).not.toContain(CHAT.blobEncryptionKey);
    expect(kept).not.toContain('the-token-of-the-account');
    expect(readdirSync(join(userFolder, 'globalStorage'))).toEqual(before);
  });

  it('reads a chat again when a message streams on, and not otherwise', async () => {
    const context = makeCaptureContext(host);
    const first = (await source.capture(context)).items;
    const later = makeCaptureContext(host, {
      known: (_key, name) => {
        const stream = first[0]?.streams.find((one) => one.name === name);
        return stream === undefined ? undefined : { version: stream.version, sizeBytes: 1 };
      },
      previous: toSnapshotItems(first).items,
    });
    expect((await source.capture(later)).items[0]?.streams[0]?.content).toEqual({ type: 'unchanged' });
    // As long as it was.
    bubble('a1', { type: 2, text: 'I look at the server first.', createdAt: '2026-11-20T10:00:05.000Z' });
    const changed = (await source.capture(later)).items[0]?.streams[0]?.content;
    expect(Buffer.from(changed?.type === 'whole' ? changed.bytes : []).toString()).toContain('the server first');
  });

  it('finds the folder of an older chat in the workspace that lists it, and reads messages inside the chat', async () => {
    const older = 'composer-of-2024';
    put(`composerData:${older}`, {
      composerId: older,
      createdAt: 1_700_000_000_000,
      conversation: [
        { bubbleId: 'x', type: 1, text: 'hello from 2024' },
        { bubbleId: 'y', type: 2, text: 'Hello.' },
      ],
    });
    const workspace = join(userFolder, 'workspaceStorage', 'f00');
    mkdirSync(workspace, { recursive: true });
    writeFileSync(join(workspace, 'workspace.json'), JSON.stringify({ folder: 'file:///home/dev/web' }));
    const own = openDatabase(join(workspace, 'state.vscdb'));
    own
      .prepare('INSERT INTO ItemTable VALUES (?, ?)')
      .run('composer.composerData', JSON.stringify({ allComposers: [{ composerId: older }] }));
    const { items } = await source.capture(makeCaptureContext(host));
    own.close();
    expect(items.find(({ key }) => key === `cursor:${older}`)).toMatchObject({
      title: 'hello from 2024',
      attributes: { cwd: '/home/dev/web', messageCount: 2, createdAtMs: 1_700_000_000_000 },
    });
  });

  it('passes over what is no chat: null, torn, empty, a hostile id', async () => {
    put('composerData:null-one', 'null');
    put('composerData:torn', '{"name":"torn');
    put('composerData:empty', { composerId: 'empty', fullConversationHeadersOnly: [] });
    put('composerData:../../x', CHAT);
    await captureOne();
  });

  it('goes on with the other chats where one has values of the wrong kind', async () => {
    put('composerData:odd', {
      name: ['x'],
      createdAt: { a: 1 },
      workspaceIdentifier: 'C:\\x',
      fullConversationHeadersOnly: [null, 3, { bubbleId: 5 }, { bubbleId: 'b' }],
    });
    put('bubbleId:odd:b', { type: 1, text: 'still there', toolFormerData: 'x', thinking: 7 });
    const { items, problems } = await source.capture(makeCaptureContext(host));
    expect(problems).toEqual([]);
    expect(items.find(({ key }) => key === 'cursor:odd')).toMatchObject({ title: 'still there' });
  });

  it('says where it opens, and writes nothing for one that was deleted', async () => {
    const captured = await captureOne();
    db.exec('DELETE FROM cursorDiskKV');
    const context = makeRestoreContext(host, folder.path, [captured]);
    expect(await source.planRestore(context.selected, context)).toMatchObject([
      { status: 'skipped', detail: expect.stringContaining("Cursor's own chat history") as string },
    ]);
  });

  it('says why a database of another format is not read', async () => {
    db.exec('DROP TABLE cursorDiskKV');
    await expect(source.capture(makeCaptureContext(host))).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });
});

describe('readChat()', () => {
  it('takes any bytes, and any values', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
        expect(readChat(any).messages).toEqual([]);
      }),
    );
    const message = fc.record(
      {
        type: fc.oneof(fc.nat({ max: 3 }), fc.jsonValue()),
        text: fc.jsonValue(),
        thinking: fc.jsonValue(),
        toolFormerData: fc.oneof(fc.jsonValue(), fc.record({ name: fc.string(), rawArgs: fc.jsonValue() })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(message, fc.jsonValue())), (messages) => {
        const read = readChat(bytes(JSON.stringify({ messages })));
        expect(read.messages.length + read.unreadableLines).toBeLessThanOrEqual(messages.length);
      }),
    );
  });

  it('has no result for a call that still runs, and an error for one that failed', () => {
    const call = (status: string, rest: object): object => ({
      type: 2,
      bubbleId: status,
      toolFormerData: { name: 'run_terminal_cmd', params: '{"command":"npm te', status, ...rest },
    });
    const { messages } = readChat(
      bytes(JSON.stringify({ messages: [call('loading', {}), call('error', { error: 'no shell' })] })),
    );
    expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { input: '{"command":"npm te', result: null },
      { result: 'no shell', isError: true },
    ]);
  });
});
