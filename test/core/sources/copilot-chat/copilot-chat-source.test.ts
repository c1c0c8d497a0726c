import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readChatSession } from '../../../../src/core/sources/copilot-chat/chat-log.ts';
import { createCopilotChatSource } from '../../../../src/core/sources/copilot-chat/copilot-chat-source.ts';
import { parseChatFacts, readChat } from '../../../../src/core/sources/copilot-chat/read-chat.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost } from '../../../support/test-host.ts';

const ID = '0d3f2b1a-5a69-4788-9a0b-1c2d3e4f5a6b';
const line = (change: object): string => `${JSON.stringify(change)}\n`;
const bytes = (text: string): Uint8Array => Buffer.from(text);

const REQUEST = {
  requestId: 'r1',
  timestamp: 1_795_205_243_000,
  message: { text: 'why is it red?' },
  modelId: 'copilot/gpt-5',
};
const LOG =
  line({ kind: 0, v: { version: 3, sessionId: ID, creationDate: 1_795_205_240_000, requests: [] } }) +
  line({ kind: 2, k: ['requests'], v: [{ ...REQUEST, response: [] }] }) +
  line({ kind: 2, k: ['requests', 0, 'response'], v: [{ value: 'Let me ' }, { value: 'look.' }] }) +
  line({
    kind: 2,
    k: ['requests', 0, 'response'],
    v: [
      {
        kind: 'toolInvocationSerialized',
        toolCallId: 'c1',
        toolId: 'run_in_terminal',
        isComplete: true,
        toolSpecificData: { command: 'npm test' },
        pastTenseMessage: { value: 'Ran npm test' },
      },
      { kind: 'progressMessage', content: { value: 'thinking' } },
    ],
  }) +
  line({ kind: 1, k: ['customTitle'], v: 'Red tests' });

describe('readChatSession()', () => {
  it('replays sets, pushes, splices and deletes, and counts what fits nowhere', () => {
    const { session, unreadableLines } = readChatSession(
      bytes(
        LOG +
          'torn {\n' +
          line({ kind: 1, k: ['requests', 9, 'x'], v: 1 }) +
          line({ kind: 7, k: ['x'] }) +
          line({ kind: 1, k: ['__proto__', 'polluted'], v: true }) +
          line({ kind: 2, k: ['requests', 0, 'response'], v: [{ value: 'Only this.' }], i: 1 }) +
          line({ kind: 3, k: ['customTitle'] }),
      ),
    );
    expect(unreadableLines).toBe(4);
    expect(session).not.toHaveProperty('customTitle');
    expect(session).toMatchObject({ requests: [{ response: [{ value: 'Let me ' }, { value: 'Only this.' }] }] });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('takes any bytes, and any changes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
        expect(readChat(any).messages).toEqual([]);
      }),
    );
    const change = fc.record({
      kind: fc.nat({ max: 4 }),
      k: fc.array(fc.oneof(fc.string(), fc.nat())),
      v: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const text = line({ kind: 0, v: { requests: [] } }) + changes.map(line).join('');
        expect(readChat(bytes(text)).unreadableLines).toBeLessThanOrEqual(changes.length);
      }),
    );
  });
});

describe('readChat()', () => {
  it('gives the request and the answer with its call', () => {
    const { messages, unreadableLines } = readChat(bytes(LOG));
    expect(unreadableLines).toBe(0);
    expect(messages).toMatchObject([
      { role: 'user', text: 'why is it red?', timeMs: 1_795_205_243_000 },
      {
        role: 'assistant',
        text: 'Let me look.',
        model: 'copilot/gpt-5',
        toolCalls: [{ name: 'run_in_terminal', input: { command: 'npm test' }, result: 'Ran npm test' }],
      },
    ]);
    expect(parseChatFacts(bytes(LOG))).toMatchObject({
      title: 'Red tests',
      messages: 2,
      createdAtMs: 1_795_205_240_000,
    });
  });

  it('reads the older form, one object', () => {
    const old = JSON.stringify({ version: 3, requests: [{ ...REQUEST, response: [{ value: 'Because.' }] }] }, null, 2);
    expect(readChat(bytes(old)).messages.map(({ text }) => text)).toEqual(['why is it red?', 'Because.']);
  });
});

describe('the Copilot Chat source', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;
  let path: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    source = createCopilotChatSource();
    const workspace = join(host.homeDir, '.config/Code/User/workspaceStorage/abc123');
    path = join(workspace, 'chatSessions', `${ID}.jsonl`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(join(workspace, 'workspace.json'), JSON.stringify({ folder: 'file:///home/dev/my%20api' }));
    writeFileSync(path, LOG);
  });
  afterEach(() => folder[Symbol.dispose]());

  it('captures chats of a workspace and of an empty window, and leaves out those in which nothing was said', async () => {
    const empty = join(host.homeDir, '.config/Code/User/globalStorage/emptyWindowChatSessions');
    mkdirSync(empty, { recursive: true });
    writeFileSync(join(empty, 'a.json'), JSON.stringify({ requests: [{ ...REQUEST, response: [] }] }));
    writeFileSync(join(empty, 'b.jsonl'), line({ kind: 0, v: { requests: [] } }));
    expect(await source.detect(host)).toMatchObject({ isPresent: true });
    const { items, problems } = await source.capture(makeCaptureContext(host));
    expect(problems).toEqual([]);
    expect(new Set(items.map(({ key }) => key))).toEqual(new Set([`copilot-chat:${ID}`, 'copilot-chat:a']));
    const chat = items.find(({ key }) => key.endsWith(ID));
    expect(chat).toMatchObject({ title: 'Red tests', attributes: { cwd: '/home/dev/my api', provider: 'github' } });
  });

  it('writes a deleted chat back into its place only, and says where it opens', async () => {
    const { items } = await source.capture(makeCaptureContext(host));
    rmSync(path);
    const context = makeRestoreContext(host, folder.path, items);
    const plan = await source.planRestore(context.selected, context);
    expect(plan).toMatchObject([{ status: 'planned', detail: expect.stringContaining('chat history') as string }]);
    for await (const { status } of source.applyRestore(plan, context)) expect(status).toBe('done');
    expect(readFileSync(path, 'utf8')).toBe(LOG);

    const hostile = items.map((item) => ({
      ...item,
      attributes: { ...item.attributes, userFolder: '/etc', file: '../x.jsonl' },
    }));
    const other = makeRestoreContext(host, folder.path, hostile);
    expect(await source.planRestore(other.selected, other)).toMatchObject([{ status: 'skipped' }]);
    expect(existsSync('/etc/x.jsonl')).toBe(false);
  });

  it('takes in what is added', async () => {
    const first = await source.capture(makeCaptureContext(host));
    appendFileSync(path, line({ kind: 1, k: ['customTitle'], v: 'Green again' }));
    const known = () => ({ version: first.items[0]?.streams[0]?.version ?? '', sizeBytes: Buffer.byteLength(LOG) });
    const { items } = await source.capture(makeCaptureContext(host, { known }));
    expect(items[0]).toMatchObject({ title: 'Green again', streams: [{ content: { type: 'appended' } }] });
  });
});
