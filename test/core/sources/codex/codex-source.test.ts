import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync } from 'node:zlib';

import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createCodexSource } from '../../../../src/core/sources/codex/codex-source.ts';
import { newRolloutFacts, readRolloutLines } from '../../../../src/core/sources/codex/parse-rollout.ts';
import { readRollout } from '../../../../src/core/sources/codex/read-rollout.ts';
import type { CaptureContext, Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeConversationSource } from '../../../contract/conversation-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/codex/', import.meta.url));
const ID = '01a1fa8d-f554-7fa0-9f4d-fdb94ceae639';
const DAY = 'sessions/2026/11/20';
const NAME = `rollout-2026-11-20T20-02-49-${ID}.jsonl`;
const GENUINE = join(FIXTURES, 'multi-turn-tool-resumed-othercwd.jsonl');

function place(host: Host, folder = DAY, name = NAME): string {
  const path = join(host.homeDir, '.codex', folder, name);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(GENUINE, path);
  return path;
}

function line(payload: object, type = 'response_item'): string {
  return `${JSON.stringify({ timestamp: '2026-11-20T21:00:00.000Z', type, payload })}\n`;
}

function userLine(text: string): string {
  return line({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
}

describeConversationSource('Codex', {
  createSource: createCodexSource,
  place,
  item: {
    key: `codex:${ID}`,
    title: 'Codex turn one: look around',
    attributes: {
      id: ID,
      provider: 'openai',
      model: 'fake-model',
      cwd: '/home/dev/projects/proj/other',
      gitBranch: 'main',
      version: '0.169.0',
      file: `${DAY}/${NAME}`,
      originator: 'codex_exec',
      firstMessage: 'Codex turn one: look around',
      lastMessage: 'Fake answer to: from other cwd',
      createdAtMs: Date.parse('2026-11-20T20:02:49.920Z'),
      updatedAtMs: Date.parse('2026-11-20T20:05:18.598Z'),
    },
  },
  messages: [
    ['user', 'Codex turn one: look around'],
    ['assistant', 'Fake answer to: Codex turn one: look around'],
    ['user', 'Codex turn two [TOOL:echo codex-tool >> notes.txt; cat notes.txt]'],
    ['assistant', ''],
    ['assistant', 'The tool ran; I saw its output. Done with that step.'],
    ['user', 'Codex turn three'],
    ['assistant', 'Fake answer to: Codex turn three'],
    ['user', 'from other cwd'],
    ['assistant', 'Fake answer to: from other cwd'],
  ],
  resumeArgv: ['codex', 'resume', ID],
  grow: (path) => appendFileSync(path, userLine('one more')),
  kind: 'append',
  stream: 'transcript',
  evilFiles: [
    'auth.json',
    `sessions/${NAME}`,
    `sessions/2026/11/../${NAME}`,
    `${DAY}/../../../../${NAME}`,
    `${DAY}/auth.json`,
    `other/2026/11/20/${NAME}`,
  ],
});

describe('the Codex source', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;
  const started: ChildProcess[] = [];

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    source = createCodexSource();
  });

  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    folder[Symbol.dispose]();
  });

  async function captureOne(overrides: Partial<CaptureContext> = {}): Promise<CapturedItem> {
    const { items } = await source.capture(makeCaptureContext(host, overrides));
    if (items[0] === undefined) throw new Error('nothing captured');
    return items[0];
  }

  it.each(readdirSync(FIXTURES))('reads %s', (name) => {
    const bytes = readFileSync(join(FIXTURES, name));
    const facts = newRolloutFacts();
    readRolloutLines(bytes, facts);
    const { messages, unreadableLines } = readRollout(bytes);

    expect(facts.unreadableLines > 0).toBe(name.includes('torn'));
    expect(unreadableLines).toBe(facts.unreadableLines);
    expect(facts.openToolCalls.size > 0).toBe(name.includes('killed'));
    expect(messages.filter(({ isMeta }) => !isMeta).length).toBe(facts.messages);
    expect(messages.filter(({ isMeta }) => isMeta).length).toBeGreaterThan(1);
  });

  it('shows a call that was never answered, and what calls gave back', () => {
    const killed = readRollout(readFileSync(join(FIXTURES, 'codex-killed-mid-tool.jsonl')));
    const whole = readRollout(readFileSync(GENUINE));

    expect(killed.messages.at(-1)?.toolCalls).toEqual([
      {
        id: 'call_fake000033',
        name: 'exec_command',
        input: { cmd: 'sleep 33' },
        result: null,
        isError: false,
        images: [],
      },
    ]);
    expect(whole.messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { name: 'exec_command', result: expect.stringContaining('hello-from-tool'), isError: false },
    ]);
    expect(whole.messages.find(({ role }) => role === 'assistant')).toMatchObject({
      model: 'fake-model',
      timeMs: expect.any(Number),
    });
  });

  it('takes back turns that were rolled back, knows failed calls, thoughts, patches and images', () => {
    const text = [
      userLine('# AGENTS.md instructions for /x'),
      userLine('first'),
      line({ type: 'reasoning', summary: [{ type: 'summary_text', text: 'Thinking.' }] }),
      line({ type: 'custom_tool_call', call_id: 'c1', name: 'apply_patch', input: '*** Begin Patch' }),
      line({ type: 'custom_tool_call_output', call_id: 'c1', output: '{"output":"no","metadata":{"exit_code":1}}' }),
      line({ type: 'function_call', call_id: 'c2', name: 'exec_command', arguments: '{"cmd":"false"}' }),
      line({ type: 'function_call_output', call_id: 'c2', output: 'Process exited with code 1\nOutput:\n' }),
      line({ type: 'web_search_call', id: 'w1', action: { query: 'x' } }),
      line({ type: 'function_call', call_id: 'c3', name: 'view_image', arguments: '{}' }),
      line({
        type: 'function_call_output',
        call_id: 'c3',
        output: [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' }],
      }),
      userLine('taken back'),
      line({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'So it was.' }] }),
      line({ type: 'thread_rolled_back', num_turns: 1 }, 'event_msg'),
      line({ message: 'A summary.' }, 'compacted'),
      userLine('last'),
    ].join('');
    const facts = newRolloutFacts();
    readRolloutLines(Buffer.from(text), facts);

    const { messages } = readRollout(Buffer.from(text));

    expect(messages.map(({ role, text, isMeta }) => [isMeta ? 'meta' : role, text])).toEqual([
      ['meta', '# AGENTS.md instructions for /x'],
      ['user', 'first'],
      ['assistant', ''],
      ['assistant', ''],
      ['assistant', ''],
      ['meta', 'A summary.'],
      ['user', 'last'],
    ]);
    expect(messages.flatMap(({ toolCalls }) => toolCalls)).toMatchObject([
      { name: 'apply_patch', input: '*** Begin Patch', result: 'no', isError: true },
      { name: 'exec_command', isError: true },
      { name: 'web_search', result: '' },
      { name: 'view_image', isError: false, images: [{ mediaType: 'image/png', sizeBytes: 3 }] },
    ]);
    expect(messages[2]?.parts[0]).toEqual({ type: 'thinking', text: 'Thinking.' });
    expect(facts.messages).toBe(5);
  });

  it('says of a fork where what was said before it stands, where it does not hold that itself', () => {
    const fork = (more: object): string =>
      line({ id: 'x', forked_from_id: ID, ...more }, 'session_meta') + userLine('after it');
    const read = (text: string) => readRollout(Buffer.from(text)).messages;

    expect(read(fork({ forked_from_ordinal_exclusive: 14 }))).toMatchObject([
      { isMeta: true, text: expect.stringContaining(ID) },
      { isMeta: false, text: 'after it' },
    ]);
    expect(read(fork({}))).toMatchObject([{ text: 'after it' }]);
  });

  it('reads rollouts of before 2026, whose items had no envelope', () => {
    const text = [
      `{"id":"${ID}","timestamp":"2025-05-01T10:00:00.000Z","instructions":null,"git":{"branch":"old"}}\n`,
      '{"record_type":"state"}\n',
      '{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}\n',
      '{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hi"}]}\n',
    ].join('');
    const facts = newRolloutFacts();
    readRolloutLines(Buffer.from(text), facts);

    expect(readRollout(Buffer.from(text)).messages.map(({ text }) => text)).toEqual(['hello', 'hi']);
    expect(facts).toMatchObject({ gitBranch: 'old', messages: 2, unreadableLines: 0 });
  });

  it('takes archived, packed and forked conversations, and one that was packed later', async () => {
    const path = place(host, 'archived_sessions');
    const fork = join(dirname(path), NAME.replace(ID, ID.replace('01a1', '01a2')));
    writeFileSync(
      fork,
      line({ id: 'x', cwd: '/fork', forked_from_id: ID }, 'session_meta') + readFileSync(path, 'utf8'),
    );
    const { items } = await source.capture(makeCaptureContext(host));
    expect(items.map(({ attributes }) => attributes['isArchived'])).toEqual([true, true]);
    expect(items.find(({ key }) => key.includes('01a2'))?.attributes).toMatchObject({ forkedFrom: ID });

    rmSync(fork);
    writeFileSync(`${path}.zst`, zstdCompressSync(readFileSync(path)));
    rmSync(path);
    const before = items.filter(({ key }) => key === `codex:${ID}`);
    const packed = await captureOne({
      previous: toSnapshotItems(before).items,
      known: (_key, stream) => (stream === 'transcript' ? { version: 'v', sizeBytes: 1 } : undefined),
    });

    expect(packed.attributes).toMatchObject({ messageCount: 9, file: `archived_sessions/${NAME}.zst` });
    expect(packed.streams).toMatchObject([
      { name: 'transcript.zst', kind: 'blob', content: { type: 'whole' } },
      { name: 'transcript', content: { type: 'unchanged' } },
    ]);
    const { items: stored, contents } = toSnapshotItems([packed]);
    const read = await source.readConversation?.(stored[0]!, {
      readStream: async (stream) => contents.get(`${packed.key}\n${stream}`) ?? new Uint8Array(),
    });
    expect(read?.messages.filter(({ isMeta }) => !isMeta)).toHaveLength(9);

    writeFileSync(`${path}.zst`, 'no archive');
    expect((await captureOne()).attributes).toMatchObject({ messageCount: 0, unreadableLines: 1 });
  });

  it('takes names from the newest index, also of an older format, and does without it', async () => {
    place(host);
    const index = (number: number, names: string, values: string): void => {
      const db = new BetterSqlite3(join(host.homeDir, `.codex/state_${number}.sqlite`));
      db.exec(`CREATE TABLE threads (${names}); INSERT INTO threads VALUES (${values})`);
      db.close();
    };
    index(4, 'id TEXT, title TEXT, cwd TEXT', `'${ID}', 'The title', '/a'`);
    expect((await captureOne()).title).toBe('The title');

    index(10, 'id TEXT, name TEXT, title TEXT, cwd TEXT', `'${ID}', 'The name', 'The title', '/a'`);
    expect((await captureOne()).title).toBe('The name');

    writeFileSync(join(host.homeDir, '.codex/state_11.sqlite'), 'broken');
    expect((await captureOne()).title).toBe('The name');
    source = createCodexSource();
    expect((await captureOne()).title).toBe('Codex turn one: look around');
  });

  it('never opens the file with the keys', async () => {
    place(host);
    writeFileSync(join(host.homeDir, '.codex/auth.json'), 'canary-token');
    const opened: string[] = [];
    const before = statSync(join(host.homeDir, '.codex/auth.json'), { bigint: true }).atimeNs;

    opened.push(JSON.stringify(await captureOne()));

    expect(opened.join()).not.toContain('canary-token');
    expect(statSync(join(host.homeDir, '.codex/auth.json'), { bigint: true }).atimeNs).toBe(before);
  });

  it('is live while a process holds its lock, and refuses then to resume it', async () => {
    const rollout = place(host);
    const lock = join(host.homeDir, '.codex/thread-writer-locks', `${ID}.lock`);
    mkdirSync(dirname(lock));
    writeFileSync(lock, '');
    expect((await captureOne()).attributes['isLive']).toBe(false);

    const holder = spawn('flock', ['--no-fork', lock, 'sleep', '30'], { stdio: 'ignore' });
    started.push(holder);
    await waitFor('the lock', async () => (await captureOne()).attributes['isLive'] === true);
    const item = await captureOne();
    expect(item.attributes).toMatchObject({ pid: holder.pid });

    rmSync(rollout);
    const context = makeRestoreContext(host, folder.path, [item]);
    const plan = await source.planRestore(context.selected, context);
    expect(plan).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('running already') }]);
  });
});
