import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createCopilotSource } from '../../../../src/core/sources/copilot-cli/copilot-source.ts';
import { readEventLines } from '../../../../src/core/sources/copilot-cli/parse-events.ts';
import { readEvents } from '../../../../src/core/sources/copilot-cli/read-events.ts';
import { newConversationFacts } from '../../../../src/core/sources/conversation/conversation-facts.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeConversationSource } from '../../../contract/conversation-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost } from '../../../support/test-host.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/copilot-cli/', import.meta.url));
const ID = 'a05b70de-1c89-41e8-ac32-1f7e8a5cfaba';

function place(host: Host): string {
  const path = join(host.homeDir, '.copilot/session-state', ID, 'events.jsonl');
  mkdirSync(dirname(path), { recursive: true });
  for (const name of ['events.jsonl', 'workspace.yaml']) copyFileSync(join(FIXTURES, name), join(dirname(path), name));
  return path;
}

function line(type: string, data: object): string {
  return `${JSON.stringify({ type, data, id: `${type}-1`, timestamp: '2026-11-20T21:00:00.000Z' })}\n`;
}

describeConversationSource('Copilot CLI', {
  createSource: createCopilotSource,
  place,
  item: {
    key: `copilot-cli:${ID}`,
    title: 'copilot turn one: look',
    attributes: {
      id: ID,
      provider: 'github',
      model: 'fake-model',
      cwd: '/home/dev/projects/proj/demo',
      gitBranch: 'main',
      version: '1.0.102',
      file: `session-state/${ID}/events.jsonl`,
      firstMessage: 'copilot turn one: look',
      lastMessage: 'The tool ran; I saw its output. Done with that step.',
      createdAtMs: Date.parse('2026-11-20T20:39:32.845Z'),
    },
  },
  messages: [
    ['user', 'copilot turn one: look'],
    ['assistant', 'Fake answer to: copilot turn one: look'],
    ['user', 'copilot turn two [TOOL:echo copilot-tool >> notes.txt; cat notes.txt]'],
    ['assistant', ''],
    ['assistant', 'The tool ran; I saw its output. Done with that step.'],
  ],
  resumeArgv: ['copilot', `--resume=${ID}`],
  grow: (path) => appendFileSync(path, line('user.message', { content: 'one more' })),
  kind: 'append',
  stream: 'transcript',
  evilFiles: ['config.json', `session-state/../${ID}/events.jsonl`, `session-state/${ID}/../../events.jsonl`],
});

describe('the Copilot CLI source', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;
  let path: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    source = createCopilotSource();
    path = place(host);
  });

  afterEach(() => folder[Symbol.dispose]());

  async function captureOne(): Promise<CapturedItem> {
    const { items } = await source.capture(makeCaptureContext(host));
    if (items[0] === undefined) throw new Error('nothing captured');
    return items[0];
  }

  it('marks what the program said, leaves subagents out, and knows failed calls and thoughts', () => {
    const call = { toolCallId: 'c', name: 'bash', arguments: { command: 'x' } };
    const text = [
      line('system.message', { content: 'You are Copilot.' }),
      line('user.message', { content: 'a skill', source: 'skill-x' }),
      line('assistant.turn_start', {}),
      line('assistant.message', { content: 'Now.', reasoningText: 'Hm.', model: 'm', toolRequests: [call] }),
      line('assistant.message', { content: 'of a subagent', parentToolCallId: 'c' }),
      line('tool.execution_complete', { toolCallId: 'c', success: false, error: { message: 'denied' } }),
    ].join('');
    const facts = newConversationFacts();
    readEventLines(Buffer.from(text), facts);
    expect(facts.openToolCalls.size).toBe(1);
    readEventLines(Buffer.from(line('abort', {})), facts);
    expect(facts.openToolCalls.size).toBe(0);

    const { messages } = readEvents(Buffer.from(text));

    expect(messages).toMatchObject([
      { isMeta: true, text: 'You are Copilot.' },
      { isMeta: true, text: 'a skill' },
      {
        isMeta: false,
        model: 'm',
        parts: [
          { type: 'thinking', text: 'Hm.' },
          { type: 'text', text: 'Now.' },
          { type: 'tool-call', call: { id: 'c', result: 'denied', isError: true } },
        ],
      },
    ]);
  });

  it.each([
    ["'it''s quoted'", "it's quoted"],
    ['"two\\nlines"', 'two lines'],
    ['"broken', '"broken'],
    ['plain: text', 'plain: text'],
  ])('takes the name %s', async (written, title) => {
    writeFileSync(join(dirname(path), 'workspace.yaml'), `id: x\nname: ${written}\n`);

    expect((await captureOne()).title).toBe(title);
  });

  it('brings what lies beside the events back with them, and nothing else', async () => {
    const checkpoint = join(dirname(path), 'checkpoints/001-first.md');
    mkdirSync(dirname(checkpoint));
    writeFileSync(checkpoint, '# so far\n');
    writeFileSync(join(dirname(path), 'token.txt'), 'canary-token');
    const item = await captureOne();
    expect(item.streams.map(({ name }) => name)).toEqual(['transcript', 'checkpoints/001-first.md', 'workspace.yaml']);

    rmSync(dirname(path), { recursive: true });
    const context = makeRestoreContext(host, folder.path, [item]);
    const plan = await source.planRestore(context.selected, context);
    for await (const { status } of source.applyRestore(plan, context)) expect(status).toBe('done');

    expect(readFileSync(checkpoint, 'utf8')).toBe('# so far\n');
    expect(readFileSync(join(dirname(path), 'workspace.yaml'), 'utf8')).toContain(ID);
  });

  it('is open while the process that its file names holds it, and only then', async () => {
    const hold = join(dirname(path), `inuse.${process.pid}.hold`);
    writeFileSync(join(dirname(path), `inuse.${process.pid}.lock`), String(process.pid));
    writeFileSync(hold, '');
    expect((await captureOne()).attributes['isLive']).toBe(false);

    const file = openSync(hold, 'r');
    try {
      expect((await captureOne()).attributes).toMatchObject({ isLive: true, pid: process.pid });
    } finally {
      closeSync(file);
    }

    rmSync(hold);
    expect((await captureOne()).attributes).toMatchObject({ isLive: true, pid: process.pid });
    writeFileSync(join(dirname(path), 'inuse.1.lock'), '1');
    rmSync(join(dirname(path), `inuse.${process.pid}.lock`));
    writeFileSync(join(dirname(path), 'inuse.999999999.lock'), '999999999');
    rmSync(join(dirname(path), 'inuse.1.lock'));
    expect((await captureOne()).attributes['isLive']).toBe(false);
  });
});
