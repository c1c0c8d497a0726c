import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createGeminiSource } from '../../../../src/core/sources/gemini/gemini-source.ts';
import { newSessionFacts, readSessionLines } from '../../../../src/core/sources/gemini/parse-session.ts';
import { readSession } from '../../../../src/core/sources/gemini/read-session.ts';
import type { CaptureContext, Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeConversationSource } from '../../../contract/conversation-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';
import { PTS_0, writeProcess } from '../host/fake-proc.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/gemini/', import.meta.url));
const ID = 'd9657d2f-0e87-40d1-a479-9c1f2da38f67';
const NAME = 'session-2026-11-20T20-05-d9657d2f.jsonl';
const LATER = 'session-2026-11-20T20-06-d9657d2f.jsonl';
const CWD = '/home/dev/projects/proj/demo';

function chatsFolder(host: Host, project = 'demo'): string {
  return join(host.homeDir, '.gemini/tmp', project, 'chats');
}

function place(host: Host): string {
  const path = join(chatsFolder(host), NAME);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(join(dirname(path), '../.project_root'), CWD);
  copyFileSync(join(FIXTURES, NAME), path);
  return path;
}

function userLine(text: string, id = 'one-more'): string {
  return `${JSON.stringify({ id, timestamp: '2026-11-20T21:00:00.000Z', type: 'user', content: [{ text }] })}\n`;
}

const messages = [
  ['user', 'Gemini turn one: look around'],
  ['assistant', 'Fake answer to: Gemini turn one: look around'],
  ['user', 'Gemini turn two [TOOL:echo gemini-tool >> notes.txt; cat notes.txt]'],
  ['assistant', ''],
  ['assistant', 'The tool ran; I saw its output. Done with that step.'],
  ['user', 'Gemini turn three'],
  ['assistant', 'Fake answer to: Gemini turn three'],
] as const;
const evilFiles = [
  'oauth_creds.json',
  'tmp/demo/chats/oauth_creds.json',
  `tmp/../chats/${NAME}`,
  `tmp/demo/../../chats/${NAME}`,
  `tmp/demo/chats/sub/${NAME}`,
];
const item = {
  key: `gemini:${ID}`,
  title: 'Fake answer to: Summary (max 80 chars):',
  attributes: {
    id: ID,
    provider: 'google',
    model: 'gemini-2.5-flash',
    cwd: CWD,
    file: `tmp/demo/chats/${NAME}`,
    firstMessage: 'Gemini turn one: look around',
    lastMessage: 'Fake answer to: Gemini turn three',
    createdAtMs: Date.parse('2026-11-20T20:05:41.840Z'),
    updatedAtMs: Date.parse('2026-11-20T20:06:07.180Z'),
  },
};

describeConversationSource('Gemini CLI', {
  createSource: createGeminiSource,
  place,
  item,
  messages,
  resumeArgv: ['gemini', '--resume', ID],
  grow: (path) => appendFileSync(path, userLine('one more')),
  kind: 'append',
  stream: 'transcript',
  evilFiles,
});

describeConversationSource('Gemini CLI (of before 2026)', {
  createSource: createGeminiSource,
  place: (host) => {
    const project = createHash('sha256').update(CWD).digest('hex');
    const path = join(chatsFolder(host, project), NAME.replace('.jsonl', '.json'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(join(host.homeDir, '.gemini/projects.json'), JSON.stringify({ projects: { [CWD]: 'demo' } }));
    const lines = readFileSync(join(FIXTURES, NAME), 'utf8').trim().split('\n');
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const whole = records.findLast((record) => '$set' in record && 'messages' in (record['$set'] as object));
    const set = whole?.['$set'] as { messages: object[] };
    const rest = records.slice(records.indexOf(whole!) + 1).filter((record) => 'id' in record);
    const summary = 'Fake answer to: Summary (max 80 chars):';
    const all = { ...records[0], summary, messages: [...set.messages, ...rest] };
    writeFileSync(path, JSON.stringify(all, null, 2));
    return path;
  },
  item: {
    ...item,
    attributes: { ...item.attributes, file: expect.stringMatching(/^tmp\/[0-9a-f]{64}\/chats\/.*json$/) },
  },
  messages,
  resumeArgv: ['gemini', '--resume', ID],
  grow: (path) => {
    const record = JSON.parse(readFileSync(path, 'utf8')) as { messages: object[] };
    record.messages.push(JSON.parse(userLine('one more')) as object);
    writeFileSync(path, JSON.stringify(record));
  },
  kind: 'blob',
  stream: 'transcript',
  evilFiles,
});

describe('the Gemini CLI source', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    source = createGeminiSource();
  });

  afterEach(() => folder[Symbol.dispose]());

  async function captureAll(overrides: Partial<CaptureContext> = {}): Promise<readonly CapturedItem[]> {
    return (await source.capture(makeCaptureContext(host, overrides))).items;
  }

  it.each(readdirSync(FIXTURES).filter((name) => name.endsWith('.jsonl')))('reads %s', (name) => {
    const bytes = readFileSync(join(FIXTURES, name));
    const facts = newSessionFacts();
    readSessionLines(bytes, facts);
    const read = readSession(bytes, { isObject: false });

    expect(read.messages.filter(({ isMeta }) => !isMeta).length).toBe(facts.messages);
    expect(read.messages.some(({ isMeta, text }) => isMeta && text.startsWith('<session_context>'))).toBe(true);
    // The session that was killed while the model was speaking is there under its own name, too.
    expect(facts.openToolCalls.size > 0).toBe(name.includes('killed') || name.includes('610d3bf9'));
    expect(facts.log.startedAtMs.length).toBe(name === LATER ? 2 : 1);
  });

  it('follows the operations: a message again, all messages anew, and what was taken back', () => {
    const call = { id: 'c', name: 'run_shell_command', args: { command: 'x' }, status: 'executing' };
    const log = [
      `{"sessionId":"${ID}","projectHash":"h","startTime":"2026-11-20T20:05:41.839Z"}`,
      userLine('first', 'u1').trim(),
      JSON.stringify({ id: 'g1', type: 'gemini', content: '', model: 'm', toolCalls: [call] }),
      userLine('taken back', 'u2').trim(),
      JSON.stringify({ id: 'g2', type: 'gemini', content: 'gone' }),
      '{"$rewindTo":"u2"}',
      '{"id":"i","type":"info","content":"Update available"}',
      JSON.stringify({
        id: 'g1',
        type: 'gemini',
        content: [{ text: 'Done.' }, { text: 'hidden', thought: true }],
        thoughts: [{ subject: 'Plan', description: 'Look.' }],
        toolCalls: [
          { ...call, status: 'error', result: [{ functionResponse: { response: { error: 'no such file' } } }] },
        ],
      }),
      'torn {',
    ].join('\n');
    const read = (text: string) => readSession(Buffer.from(text), { isObject: false });
    const facts = newSessionFacts();
    readSessionLines(Buffer.from(log.split('\n').slice(0, 3).join('\n') + '\n'), facts);
    expect(facts.openToolCalls.size).toBe(1);

    const { messages, unreadableLines } = read(log);

    expect(unreadableLines).toBe(1);
    expect(messages.map(({ id, text, isMeta }) => [id, text, isMeta])).toEqual([
      ['u1', 'first', false],
      ['g1', 'Done.', false],
      ['i', 'Update available', true],
    ]);
    expect(messages[1]?.parts).toEqual([
      { type: 'thinking', text: 'Plan\nLook.' },
      { type: 'text', text: 'Done.' },
      {
        type: 'tool-call',
        call: { id: 'c', name: call.name, input: call.args, result: 'no such file', isError: true, images: [] },
      },
    ]);
    expect(read(`${log}\n{"$set":{"messages":[{"id":"n","type":"user","content":"anew"}]}}`).messages).toMatchObject([
      { id: 'n', text: 'anew' },
    ]);
    expect(read(`${log}\n{"$rewindTo":"unknown"}`).messages).toEqual([]);
  });

  it('finds calls and what they gave back where a resume left them in the content only', () => {
    const response = { functionResponse: { id: 'c', response: { output: 'from the tool' } } };
    const functionCall = { id: 'c', name: 'run_shell_command', args: {} };
    const log = [
      JSON.stringify({ id: 'g', type: 'gemini', content: [{ functionCall }] }),
      JSON.stringify({ id: 'r', type: 'user', content: [response] }),
    ].join('\n');

    expect(readSession(Buffer.from(log), { isObject: false }).messages).toMatchObject([
      { id: 'g', toolCalls: [{ id: 'c', name: 'run_shell_command', result: 'from the tool', isError: false }] },
    ]);
  });

  it('takes all files with the same id together, in whatever order they vanish, and hides what says nothing', async () => {
    const path = place(host);
    copyFileSync(join(FIXTURES, LATER), join(dirname(path), LATER));
    const agent = join(dirname(path), ID, 'agent-1.jsonl');
    mkdirSync(dirname(agent));
    writeFileSync(agent, '{}\n');
    const empty = readFileSync(join(FIXTURES, LATER), 'utf8').replaceAll(ID, ID.replace('d9', 'e9'));
    writeFileSync(join(dirname(path), LATER.replace('d9', 'e9')), empty);

    const items = await captureAll();

    expect(items).toHaveLength(1);
    expect(items[0]?.streams.map(({ name }) => name)).toEqual([
      'transcript',
      `parts/${LATER}`,
      'subagents/agent-1.jsonl',
    ]);
    expect(items[0]?.attributes).toMatchObject({ messageCount: 7, subagents: 1 });

    rmSync(path);
    const [rest] = await captureAll({
      previous: toSnapshotItems(items).items,
      known: (_key, stream) => (stream === 'transcript' ? { version: 'v', sizeBytes: 9 } : undefined),
    });
    expect(rest?.attributes['file']).toBe(`tmp/demo/chats/${NAME}`);
    expect(rest?.streams.map(({ name, content }) => [name, content.type])).toEqual([
      [`parts/${LATER}`, 'whole'],
      ['subagents/agent-1.jsonl', 'whole'],
      ['transcript', 'unchanged'],
    ]);

    rmSync(chatsFolder(host), { recursive: true });
    const context = makeRestoreContext(host, folder.path, items);
    const plan = await source.planRestore(context.selected, context);
    for await (const { status } of source.applyRestore(plan, context)) expect(status).toBe('done');
    expect(readdirSync(chatsFolder(host)).toSorted()).toEqual([ID, NAME, LATER].toSorted());
    expect(readFileSync(agent, 'utf8')).toBe('{}\n');
  });

  it('does not resume one whose folder is not known or gone, and says why', async () => {
    const path = place(host);
    rmSync(join(dirname(path), '../.project_root'));
    const [homeless] = await captureAll();
    expect(homeless?.attributes['cwd']).toBeNull();
    expect(source.resumeCommand?.(toSnapshotItems([homeless!]).items[0]!)).toBeUndefined();

    const live = { ...homeless!, attributes: { ...homeless!.attributes, cwd: '/gone/for/ever', isLive: true } };
    const context = makeRestoreContext(host, folder.path, [live]);
    expect(await source.planRestore(context.selected, context)).toMatchObject([
      { status: 'skipped', detail: expect.stringContaining('in its own folder only') },
    ]);
  });

  describe('while it runs', () => {
    const STARTED_MS = Date.parse('2026-11-20T20:05:00.000Z');

    beforeEach(() => {
      host = { ...host, procDir: join(folder.path, 'proc') };
      mkdirSync(host.procDir);
      writeFileSync(join(host.procDir, 'uptime'), `${(Date.now() - STARTED_MS) / 1000} 1\n`);
      place(host);
      copyFileSync(join(FIXTURES, LATER), join(chatsFolder(host), LATER));
    });

    /** A Gemini CLI in a terminal, so many seconds after the start of the system, and what started it. */
    function run(pid: number, atSeconds: number, words: readonly string[] = [], tty = PTS_0 + pid): void {
      const argv = ['node', '--max-old-space-size=12052', '/usr/bin/gemini', ...words];
      const startTime = atSeconds * 100;
      writeProcess(host.procDir, { pid: pid + 1000, argv: ['node', '/usr/bin/gemini'], startTime, cwd: CWD, tty });
      writeProcess(host.procDir, { pid, parentPid: pid + 1000, argv, startTime, cwd: CWD, tty });
    }

    function putOther(startTime: string, typed: readonly string[]): void {
      const id = ID.replace('d9', 'e9');
      const text = readFileSync(join(FIXTURES, NAME), 'utf8')
        .replaceAll(ID, id)
        .replace(/2026-11-20T20:05:41.839Z/, startTime);
      writeFileSync(join(chatsFolder(host), NAME.replace('d9', 'e9')), text);
      const lines = typed.map((sessionId) => ({ sessionId, type: 'user', message: 'x' }));
      writeFileSync(join(chatsFolder(host), '../logs.json'), JSON.stringify(lines));
    }

    it('joins it to the session that was begun after it', async () => {
      run(7, 1);

      expect((await captureAll())[0]?.attributes).toMatchObject({ isLive: true, pid: 7, tty: '/dev/pts/7' });
    });

    it('joins it to no session of before, of another folder, or for a command that is no session', async () => {
      run(7, 600);
      run(8, 1, ['mcp', 'list']);
      writeProcess(host.procDir, { pid: 9, argv: ['node', '/usr/bin/gemini'], startTime: 100, cwd: '/elsewhere' });

      expect((await captureAll())[0]?.attributes).toMatchObject({ isLive: false });
      expect((await captureAll())[0]?.attributes['terminalNote']).toBeUndefined();
    });

    it('knows a resumed one, whose session began long ago', async () => {
      run(7, 26, ['--resume', ID]);

      expect((await captureAll())[0]?.attributes).toMatchObject({ isLive: true, pid: 7 });
    });

    it('passes over a session of a run without a window', async () => {
      run(7, 1);
      putOther('2026-11-20T20:05:50.000Z', [ID]);

      expect((await captureAll()).filter(({ attributes }) => attributes['isLive'] === true)).toHaveLength(1);
    });

    it('names none where two are possible, says so, and does not resume either', async () => {
      run(7, 1);
      putOther('2026-11-20T20:05:50.000Z', [ID, ID.replace('d9', 'e9')]);

      const items = await captureAll();

      expect(items.map(({ attributes }) => attributes)).toMatchObject(
        items.map(() => ({ isLive: false, terminalNote: expect.stringContaining('cannot be told') })),
      );
      rmSync(join(chatsFolder(host), LATER));
      const context = makeRestoreContext(host, folder.path, items);
      expect(await source.planRestore(context.selected, context)).toMatchObject([
        { status: 'skipped', detail: expect.stringContaining('may be open in process 7') },
        { status: 'skipped' },
      ]);
    });
  });
});

describe('readSessionLines()', () => {
  const line = (number: number): string => userLine(`said ${number}`, `m${number}`);
  const lines = Array.from({ length: 3_000 }, (_, number) => line(number)).join('');

  it('counts the messages of a long session that it does not remember one by one', () => {
    const facts = newSessionFacts();
    readSessionLines(Buffer.from(lines), facts);
    expect(facts).toMatchObject({ messages: 3_000, firstText: 'said 0', lastText: 'said 2999' });

    readSessionLines(Buffer.from(`${JSON.stringify({ $rewindTo: 'm2990' })}\n`), facts);
    expect(facts).toMatchObject({ messages: 2_990, firstText: 'said 0', lastText: 'said 2989' });

    readSessionLines(Buffer.from(`${line(2_989)}${line(3_001)}`), facts);
    expect(facts).toMatchObject({ messages: 2_991, lastText: 'said 3001' });
  });

  it('begins anew where all of it is taken back', () => {
    const facts = newSessionFacts();
    readSessionLines(Buffer.from(`${lines}${JSON.stringify({ $rewindTo: 'none of them' })}\n${line(7)}`), facts);
    expect(facts).toMatchObject({ messages: 1, firstText: 'said 7', lastText: 'said 7' });
  });
});
