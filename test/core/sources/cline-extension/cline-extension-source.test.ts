import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createClineExtensionSource } from '../../../../src/core/sources/cline-extension/cline-extension-source.ts';
import { parseTaskHistory, readTask } from '../../../../src/core/sources/cline-extension/read-task.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost } from '../../../support/test-host.ts';

const ID = '1795205243000';
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** As the extension writes it: what was typed in elements, its own words beside it. */
const MESSAGES = [
  {
    role: 'user',
    content: [
      { type: 'text', text: '<task>\nmake the test green\n</task>' },
      { type: 'text', text: '<environment_details>\n# Visible Files\n</environment_details>' },
    ],
  },
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'I look first.' },
      { type: 'tool_use', id: 'c1', name: 'read_file', input: { path: 'a.ts' } },
    ],
  },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: 'let a' }] }] },
  { role: 'assistant', content: 'Done.' },
];

describe('readTask()', () => {
  it('reads what was typed, said and called', () => {
    const { messages, unreadableLines } = readTask(bytes(MESSAGES));
    expect(unreadableLines).toBe(0);
    expect(messages.filter(({ isMeta }) => !isMeta).map(({ role, text }) => [role, text])).toEqual([
      ['user', 'make the test green'],
      ['assistant', 'I look first.'],
      ['assistant', 'Done.'],
    ]);
    expect(messages.flatMap(({ toolCalls }) => toolCalls.map(({ name, result }) => [name, result]))).toEqual([
      ['read_file', 'let a'],
    ]);
  });

  it('takes any bytes and any values', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
        expect(readTask(any).messages).toEqual([]);
        expect(parseTaskHistory(any).size).toBe(0);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (any) => {
        readTask(bytes([any, { role: 'user', content: any }]));
        parseTaskHistory(bytes([any, { id: any, task: any }]));
      }),
    );
  });
});

describe("the source of Cline's extension", () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;
  let task: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    source = createClineExtensionSource();
    const store = join(host.homeDir, '.config/Code/User/globalStorage/saoudrizwan.claude-dev');
    task = join(store, 'tasks', ID);
    mkdirSync(task, { recursive: true });
    mkdirSync(join(store, 'state'));
    writeFileSync(join(task, 'api_conversation_history.json'), bytes(MESSAGES));
    writeFileSync(join(task, 'ui_messages.json'), '[]');
    const told = { id: ID, ts: Number(ID), task: 'make the test green', cwdOnTaskInitialization: '/home/dev/api' };
    writeFileSync(join(store, 'state/taskHistory.json'), bytes([told]));
  });
  afterEach(() => folder[Symbol.dispose]());

  it('captures a task with what its history says, and what lies beside it', async () => {
    expect(await source.detect(host)).toMatchObject({ isPresent: true });
    const { items, problems } = await source.capture(makeCaptureContext(host));
    expect(problems).toEqual([]);
    expect(items).toMatchObject([
      { key: `cline-extension:${ID}`, title: 'make the test green', attributes: { cwd: '/home/dev/api' } },
    ]);
    expect(items[0]?.streams.map(({ name }) => name)).toEqual(['transcript', 'ui_messages.json']);
  });

  it('writes a deleted task back into its place only, and says where it opens', async () => {
    const { items } = await source.capture(makeCaptureContext(host));
    rmSync(task, { recursive: true });
    const context = makeRestoreContext(host, folder.path, items);
    const plan = await source.planRestore(context.selected, context);
    expect(plan).toMatchObject([{ status: 'planned', detail: expect.stringContaining("Cline's view") as string }]);
    for await (const { status } of source.applyRestore(plan, context)) expect(status).toBe('done');
    expect(JSON.parse(readFileSync(join(task, 'api_conversation_history.json'), 'utf8'))).toEqual(MESSAGES);
    expect(existsSync(join(task, 'ui_messages.json'))).toBe(true);

    const hostile = items.map((item) => ({
      ...item,
      attributes: { ...item.attributes, userFolder: '/etc', file: 'tasks/x/api_conversation_history.json' },
    }));
    const other = makeRestoreContext(host, folder.path, hostile);
    expect(await source.planRestore(other.selected, other)).toMatchObject([{ status: 'skipped' }]);
    expect(existsSync('/etc/tasks')).toBe(false);
  });
});
