import { copyFileSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createContinueSource } from '../../../../src/core/sources/continue/continue-source.ts';
import { parseSessionFacts, readSession } from '../../../../src/core/sources/continue/read-session.ts';
import type { Host } from '../../../../src/core/sources/source.ts';
import { describeConversationSource } from '../../../contract/conversation-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost } from '../../../support/test-host.ts';
import { writeProcess } from '../host/fake-proc.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/continue/', import.meta.url));
const ID = '806d1e21-7208-4efa-ad70-b9aae2260424';
const CWD = '/home/dev/projects/proj/demo';

function place(host: Host): string {
  const path = join(host.homeDir, '.continue/sessions', `${ID}.json`);
  mkdirSync(dirname(path), { recursive: true });
  for (const name of [`${ID}.json`, 'sessions.json']) copyFileSync(join(FIXTURES, name), join(dirname(path), name));
  return path;
}

function toBytes(session: object): Buffer {
  return Buffer.from(JSON.stringify(session));
}

describeConversationSource('Continue', {
  createSource: createContinueSource,
  place,
  item: {
    key: `continue:${ID}`,
    title: 'continue turn one: look',
    attributes: {
      id: ID,
      provider: null,
      model: 'fake-model',
      cwd: CWD,
      file: `sessions/${ID}.json`,
      firstMessage: 'continue turn one: look',
      lastMessage: 'The tool ran; I saw its output. Done with that step.',
      createdAtMs: 1795207175249,
    },
  },
  messages: [
    ['user', 'continue turn one: look'],
    ['assistant', 'Fake answer to: continue turn one: look'],
    ['user', 'continue turn two [TOOL:echo cn-tool >> notes.txt; cat notes.txt]'],
    ['assistant', 'No tools'],
    ['user', 'continue turn three [TOOL:echo cn-tool >> notes.txt; cat notes.txt]'],
    ['assistant', ''],
    ['assistant', 'The tool ran; I saw its output. Done with that step.'],
  ],
  resumeArgv: ['cn', '--fork', ID],
  grow: (path) => {
    const session = JSON.parse(readFileSync(path, 'utf8')) as { history: object[] };
    session.history.push({ message: { role: 'user', content: 'one more' } });
    writeFileSync(path, JSON.stringify(session));
  },
  kind: 'blob',
  stream: 'transcript',
  evilFiles: ['config.yaml', 'sessions/sessions.json', 'sessions/../config.json', 'sessions/a/b.json'],
});

describe('readSession()', () => {
  it('reads what the extensions write: thoughts, tools in messages of their own, parts, images and URLs', () => {
    const call = { id: 'c1', function: { name: 'read_file', arguments: '{"path":"a"}' } };
    const image = { type: 'imageUrl', imageUrl: { url: 'data:image/png;base64,AAAA' } };
    const session = {
      title: 'Mend the tests',
      workspaceDirectory: 'file:///home/dev/my%20project',
      history: [
        { message: { role: 'system', content: 'You are a coder.' } },
        { message: { role: 'user', content: [{ type: 'text', text: 'look' }, image] } },
        { message: { role: 'thinking', content: 'Hm.' } },
        {
          message: { role: 'assistant', content: 'Reading.', toolCalls: [call] },
          promptLogs: [{ modelProvider: 'ollama' }],
        },
        { message: { role: 'tool', toolCallId: 'c1', content: 'the file' } },
        {
          message: { role: 'assistant', content: '', toolCalls: [{ id: 'c2', function: { name: 'run' } }] },
          toolCallStates: [{ toolCallId: 'c2', status: 'errored', output: [{ content: 'no' }] }],
        },
        {
          message: { role: 'assistant', content: '', toolCalls: [{ id: 'c3', function: { name: 'run' } }] },
          toolCallStates: [{ toolCallId: 'c3', status: 'calling' }],
        },
      ],
    };

    const { messages } = readSession(toBytes(session));
    const facts = parseSessionFacts(toBytes(session));

    expect(messages).toMatchObject([
      { isMeta: true, text: 'You are a coder.' },
      { role: 'user', parts: [{ type: 'text' }, { type: 'image', mediaType: 'image/png', sizeBytes: 3 }] },
      {
        parts: [
          { type: 'thinking', text: 'Hm.' },
          { type: 'text', text: 'Reading.' },
          { type: 'tool-call', call: { input: { path: 'a' }, result: 'the file' } },
        ],
      },
      { toolCalls: [{ result: 'no', isError: true }] },
      { toolCalls: [{ result: null }] },
    ]);
    expect(facts).toMatchObject({
      title: 'Mend the tests',
      cwd: '/home/dev/my project',
      provider: 'ollama',
      messages: 4,
    });
    expect(facts.openToolCalls.size).toBe(1);
  });
});

describe('the Continue source while it runs', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let path: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = { ...makeTestHost(folder.path), procDir: join(folder.path, 'proc') };
    mkdirSync(host.procDir);
    path = place(host);
    writeFileSync(join(host.procDir, 'uptime'), `${(Date.now() - 1_000_000_000) / 1000} 1\n`);
  });

  afterEach(() => folder[Symbol.dispose]());

  it('names no terminal, says that one may have it open, and then brings nothing back', async () => {
    const source = createContinueSource();
    writeProcess(host.procDir, { pid: 7, argv: ['node', '/usr/bin/cn', '--auto'], cwd: CWD, startTime: 100 });
    const [item] = (await source.capture(makeCaptureContext(host))).items;
    expect(item?.attributes).toMatchObject({ isLive: false, terminalNote: expect.stringContaining('cannot be told') });

    const context = makeRestoreContext(host, folder.path, [item!]);
    expect(await source.planRestore(context.selected, context)).toMatchObject([
      { status: 'skipped', detail: expect.stringContaining('may be open in process 7') },
    ]);

    utimesSync(path, 1_000_000, 1_000_000);
    expect((await source.capture(makeCaptureContext(host))).items[0]?.attributes['terminalNote']).toBeUndefined();
    rmSync(path);
    expect(await source.planRestore(context.selected, context)).toMatchObject([{ status: 'planned' }]);
  });
});
