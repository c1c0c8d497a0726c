import { copyFileSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createClineSource } from '../../../../src/core/sources/cline/cline-source.ts';
import { readMessages } from '../../../../src/core/sources/cline/read-messages.ts';
import { parseSessionFile } from '../../../../src/core/sources/cline/session-file.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeConversationSource } from '../../../contract/conversation-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost } from '../../../support/test-host.ts';
import { PTS_0, writeProcess } from '../host/fake-proc.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/cline/', import.meta.url));
const ID = '1795207231435_s2lvz';
const CWD = '/home/dev/projects/proj/demo';
const STARTED_MS = 1_790_000_000_000;

function place(host: Host): string {
  const path = join(host.homeDir, '.cline/data/sessions', ID, `${ID}.messages.json`);
  mkdirSync(dirname(path), { recursive: true });
  for (const name of [`${ID}.messages.json`, `${ID}.json`])
    copyFileSync(join(FIXTURES, name), join(dirname(path), name));
  return path;
}

describeConversationSource('Cline', {
  createSource: createClineSource,
  place,
  item: {
    key: `cline:${ID}`,
    title: 'cline turn one: look',
    attributes: {
      id: ID,
      provider: 'openai-compatible',
      model: 'fake-model',
      cwd: CWD,
      gitBranch: 'main',
      version: '3.0.65',
      file: `sessions/${ID}/${ID}.messages.json`,
      firstMessage: 'cline turn one: look',
      lastMessage: 'The tool ran; I saw its output. Done with that step.',
      createdAtMs: 1795207231825,
      updatedAtMs: 1795207284085,
    },
  },
  messages: [
    ['user', 'cline turn one: look'],
    ['assistant', 'Fake answer to: cline turn one: look'],
    ['user', 'cline turn two [TOOL:echo cline-tool >> notes.txt; cat notes.txt]'],
    ['assistant', ''],
    ['assistant', 'The tool ran; I saw its output. Done with that step.'],
  ],
  resumeArgv: ['cline', '--id', ID],
  grow: (path) => {
    const session = JSON.parse(readFileSync(path, 'utf8')) as { messages: object[] };
    session.messages.push({ id: 'x', role: 'user', content: '<user_input mode="act">one more</user_input>' });
    writeFileSync(path, JSON.stringify(session));
  },
  kind: 'blob',
  stream: 'transcript',
  evilFiles: [
    'settings/providers.json',
    `sessions/${ID}/other.messages.json`,
    `sessions/../${ID}.messages.json`,
    `sessions/${ID}/../../${ID}.messages.json`,
  ],
});

describe('readMessages()', () => {
  it('takes what was typed out of what Cline put around it, and knows failed calls, thoughts and images', () => {
    const image = { type: 'image', source: { media_type: 'image/png', data: 'AAAA' } };
    const session = {
      messages: [
        {
          id: 'e',
          role: 'user',
          content: [{ type: 'text', text: '<environment_details>files</environment_details>' }],
        },
        {
          id: 'u',
          role: 'user',
          content: [
            { type: 'text', text: '<user_input mode="plan">look\nhere</user_input>' },
            { type: 'text', text: 'added by Cline' },
            image,
          ],
        },
        {
          id: 'a',
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.' },
            { type: 'tool_use', id: 'c', name: 'run_commands', input: {} },
          ],
        },
        {
          id: 'r',
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c', content: [{ query: 'x', error: 'denied', success: false }] },
          ],
        },
      ],
    };

    expect(readMessages(Buffer.from(JSON.stringify(session))).messages).toMatchObject([
      { id: 'e', isMeta: true },
      { id: 'u', isMeta: false, text: 'look\nhere', parts: [{ type: 'text' }, { type: 'image', sizeBytes: 3 }] },
      { id: 'a', parts: [{ type: 'thinking', text: 'Hm.' }, { call: { id: 'c', result: 'denied', isError: true } }] },
    ]);
  });
});

describe('parseSessionFile()', () => {
  it('takes any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(Object.keys(parseSessionFile(bytes))).toHaveLength(9);
        },
      ),
    );
  });
});

describe('the Cline source', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let source: Source;
  let path: string;
  let about: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = { ...makeTestHost(folder.path), procDir: join(folder.path, 'proc') };
    source = createClineSource();
    path = place(host);
    about = join(dirname(path), `${ID}.json`);
    mkdirSync(host.procDir);
    writeFileSync(join(host.procDir, 'uptime'), `${(Date.now() - STARTED_MS) / 1000} 1\n`);
  });

  afterEach(() => folder[Symbol.dispose]());

  async function captureOne(): Promise<CapturedItem> {
    const { items } = await source.capture(makeCaptureContext(host));
    if (items[0] === undefined) throw new Error('nothing captured');
    return items[0];
  }

  /** The session says that this process works on it, so many seconds after the start of the system. */
  function putAtWork(pid: number, atSeconds = 60): void {
    const session = JSON.parse(readFileSync(about, 'utf8')) as object;
    writeFileSync(about, JSON.stringify({ ...session, pid, status: 'running' }));
    utimesSync(about, STARTED_MS / 1000 + atSeconds, STARTED_MS / 1000 + atSeconds);
  }

  const hub = ['/x/bin/cline', '--cline-hub-daemon', '--cwd', CWD];
  const note = expect.stringContaining('cannot be told');

  it('brings both files back together', async () => {
    const item = await captureOne();
    rmSync(dirname(path), { recursive: true });

    const context = makeRestoreContext(host, folder.path, [item]);
    const plan = await source.planRestore(context.selected, context);
    for await (const { status } of source.applyRestore(plan, context)) expect(status).toBe('done');

    expect(readFileSync(about).equals(readFileSync(join(FIXTURES, `${ID}.json`)))).toBe(true);
  });

  it('joins a session to the process that it names, where that is Cline and was there', async () => {
    writeProcess(host.procDir, { pid: 7, argv: ['cline', 'look'], startTime: 1000, tty: PTS_0 + 7 });
    putAtWork(7);
    expect((await captureOne()).attributes).toMatchObject({
      isLive: true,
      pid: 7,
      tty: '/dev/pts/7',
      status: 'running',
    });

    putAtWork(7, 5); // a process of this number that came later
    expect((await captureOne()).attributes['isLive']).toBe(false);
    writeProcess(host.procDir, { pid: 8, argv: ['bash'], startTime: 1000 });
    putAtWork(8);
    expect((await captureOne()).attributes['isLive']).toBe(false);
  });

  it.each([
    ['that was told its id', ['--id', ID], '/elsewhere'],
    ['that was started with its prompt', ['-P', 'x', 'cline turn one: look'], CWD],
  ])('joins a session of the background process to the window %s', async (_name, words, cwd) => {
    writeProcess(host.procDir, { pid: 5, argv: hub, startTime: 900, tty: 0 });
    writeProcess(host.procDir, { pid: 7, argv: ['cline', ...words], startTime: 1000, tty: PTS_0 + 7, cwd });
    putAtWork(5);

    expect((await captureOne()).attributes).toMatchObject({ isLive: true, pid: 7, tty: '/dev/pts/7' });
  });

  it('names no terminal where two windows are possible or none is, and says so', async () => {
    writeProcess(host.procDir, { pid: 5, argv: hub, startTime: 900, tty: 0 });
    writeProcess(host.procDir, { pid: 7, argv: ['cline', '-i'], startTime: 1000, tty: PTS_0 + 7, cwd: CWD });
    putAtWork(5);
    expect((await captureOne()).attributes).toMatchObject({ isLive: true, pid: 5, terminalNote: note });

    for (const pid of [8, 9]) {
      const argv = ['cline', 'cline turn one: look'];
      writeProcess(host.procDir, { pid, argv, startTime: 1000, tty: PTS_0 + pid, cwd: CWD });
    }
    expect((await captureOne()).attributes).toMatchObject({ pid: 5, terminalNote: note });
  });
});
