// The hook as tools start it: a process of its own with the event on stdin, against a real server with a real vault.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startLocalServer, type LocalServer } from '../../../../src/core/api/local/local-server.ts';
import { writeExclusionRules } from '../../../../src/core/config/exclusion-settings.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { parseNote, takeNotes } from '../../../../src/core/sessions/hooks/hook-notes.ts';
import { fakeHost } from '../../../support/fake-source.ts';
import { makeTestSession, type TestSession } from '../../../support/test-session.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { TEST_PASSWORD } from '../../../support/test-vault.ts';

const SCRIPT = fileURLToPath(new URL('../../../../resources/hooks/cairn-hook.mjs', import.meta.url));
const EVENT = {
  session_id: 'e1bb760b-2d03-4257-bf61-684ceeecadef',
  cwd: '/home/dev/projects/demo',
  prompt_id: '98097095-c393-4fab-8a90-e1fd84641710',
  hook_event_name: 'Stop',
  last_assistant_message: 'Fake answer to: Turn one',
};
/** Numbers of tmpfs and ramfs. */
const IN_MEMORY = [0x01021994, 0x858458f6];
const hasMemoryFolder = existsSync('/dev/shm') && IN_MEMORY.includes(statfsSync('/dev/shm').type);

let test: TestSession;
let server: LocalServer | null;
let runtime: string;
let folder: ReturnType<typeof makeTemporaryFolder>;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  test = makeTestSession({ clock: systemClock });
  await test.session.createVault(TEST_PASSWORD);
  const { session, router } = test;
  server = await startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port: 0 });
  // The hook asks the system whether the app lives: this process is it.
  writeFileSync(
    test.app.folder.running,
    readFileSync(test.app.folder.running, 'utf8').replace('1000001', String(process.pid)),
  );
  runtime = hasMemoryFolder ? `/dev/shm/cairn-test-${process.pid}-${Date.now()}` : join(folder.path, 'run');
  mkdirSync(runtime, { mode: 0o700 });
});
afterEach(async () => {
  rmSync(runtime, { recursive: true, force: true });
  await server?.close();
  await test[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** The process that tells, as the hook starts it; `first` is the one that a tool starts. */
async function runHook(
  tool: string,
  event: unknown,
  home = test.home,
  first: readonly string[] = ['--tell'],
): Promise<{ code: number | null; said: string }> {
  const env = { PATH: process.env['PATH'], XDG_RUNTIME_DIR: runtime, CLAUDE_CODE_MESSAGING_TOKEN: 'secret-token' };
  const child = spawn(process.execPath, [SCRIPT, ...first, tool, home], { env });
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  child.stdin.on('error', () => undefined); // it may have ended already
  child.stdin.end(typeof event === 'string' ? event : JSON.stringify(event));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
}

const SILENT = { code: 0, said: '' };

async function texts(): Promise<readonly string[]> {
  const { store } = test.session.unlocked().sessions;
  const [session] = await store.list();
  return session === undefined ? [] : (await store.allMessages(session.id)).map(({ role, text }) => `${role}: ${text}`);
}

function notes(): readonly string[] {
  const base = join(runtime, 'cairn');
  return existsSync(base)
    ? readdirSync(base).flatMap((name) => readdirSync(join(base, name)).map((file) => join(base, name, file)))
    : [];
}

describe('cairn-hook.mjs', () => {
  it('tells a running app of the turn, with its question from the transcript, once', async () => {
    const transcript = join(folder.path, 'transcript.jsonl');
    const lines = [
      { type: 'user', message: { role: 'user', content: 'Turn one' } },
      { type: 'assistant', message: { role: 'assistant', content: [{ type: 'text', text: 'x' }] } },
      { type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content: 'y' }] } },
      { type: 'user', isMeta: true, message: { role: 'user', content: 'a reminder' } },
    ];
    writeFileSync(transcript, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"type":"user","mess`);

    for (let time = 0; time < 2; time += 1)
      expect(await runHook('claude-code', { ...EVENT, transcript_path: transcript })).toEqual(SILENT);

    expect(await texts()).toEqual(['user: Turn one', 'assistant: Fake answer to: Turn one']);
    const [session] = await test.session.unlocked().sessions.store.list();
    expect(session).toMatchObject({
      tool: 'claude-code',
      externalId: EVENT.session_id,
      project: 'demo',
      folder: EVENT.cwd,
    });
    expect(JSON.stringify(await test.session.unlocked().app.vault.listSessions())).not.toContain('secret-token');
    expect(notes()).toEqual([]);
  });

  it('hands over to a process of its own, so that no tool waits for it', async () => {
    expect(await runHook('claude-code', EVENT, test.home, [])).toEqual(SILENT);

    await expect.poll(texts, { timeout: 10_000 }).toEqual(['assistant: Fake answer to: Turn one']);
  });

  it("reads Codex's transcript, and its turn", async () => {
    const rollout = join(folder.path, 'rollout.jsonl');
    const user = (text: string) => ({
      type: 'response_item',
      payload: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
    });
    writeFileSync(
      rollout,
      [user('Do it'), user('<environment_context>x')].map((line) => JSON.stringify(line)).join('\n'),
    );
    const { prompt_id: _, ...rest } = EVENT;

    await runHook('codex', { ...rest, turn_id: 't1', model: 'gpt-x', transcript_path: rollout });

    expect(await texts()).toEqual(['user: Do it', 'assistant: Fake answer to: Turn one']);
    expect((await test.session.unlocked().sessions.store.list())[0]).toMatchObject({ tool: 'codex', model: 'gpt-x' });
  });

  it('does nothing, silently, where no app runs, and for whatever it is given', async () => {
    await runHook('claude-code', EVENT, join(folder.path, 'nowhere'));
    for (const event of ['', '{', 'null', '[]', '{"session_id":7}', { session_id: 'x', cwd: 3, transcript_path: {} }])
      expect(await runHook('claude-code', event)).toEqual(SILENT);
    expect(await runHook('../odd tool', EVENT)).toEqual(SILENT);
    await server?.close();
    server = null;
    expect(await runHook('claude-code', EVENT)).toEqual(SILENT);

    expect((await test.session.unlocked().sessions.store.list()).map(({ externalId }) => externalId)).toEqual(['x']);
    expect(notes()).toEqual([]);
  });

  it('says the token to nobody who does not know it', async () => {
    const { createServer } = await import('node:http');
    const heard: string[] = [];
    const stranger = createServer((request, response) => {
      heard.push(JSON.stringify([request.url, request.headers]));
      response.end('{"answer":"00"}');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const address = stranger.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { running, apiToken } = test.app.folder;
    writeFileSync(running, readFileSync(running, 'utf8').replace(/"port":\d+/, `"port":${String(port)}`));

    expect(await runHook('claude-code', EVENT)).toEqual(SILENT);

    stranger.close();
    expect(heard).toHaveLength(1);
    expect(heard.join()).not.toContain(readFileSync(apiToken, 'utf8').trim());
  });

  it.skipIf(!hasMemoryFolder)(
    'leaves a note in memory while the vault is locked, which the next unlock takes in',
    async () => {
      await test.session.lock();

      expect(await runHook('claude-code', EVENT)).toEqual(SILENT);

      const [name = ''] = notes();
      expect(statSync(name).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(name)).mode & 0o777).toBe(0o700);
      await test.session.unlock({ type: 'password', text: TEST_PASSWORD });
      const { store } = test.session.unlocked().sessions;
      const host = fakeHost({ platform: 'linux', uid: process.getuid?.() ?? 0, env: { XDG_RUNTIME_DIR: runtime } });
      expect(await takeNotes(store, { host, home: test.home }, () => false)).toBe(1);
      expect(await texts()).toEqual(['assistant: Fake answer to: Turn one']);
      expect(notes()).toEqual([]);
    },
  );

  it("keeps nothing of what the user's rules exclude", async () => {
    const { app, sessions } = test.session.unlocked();
    const context = { environment: test.app.exclusionEnvironment, sourceIds: test.app.configPlace.sourceIds };
    await writeExclusionRules(app.vault, { kind: 'paths', rules: ['/home/dev/projects'] }, context);

    expect(await runHook('claude-code', EVENT)).toEqual(SILENT);

    expect(await sessions.store.list()).toEqual([]);
  });
});

describe('parseNote()', () => {
  it('takes any bytes and any values', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseNote(bytes)));
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (session, messages) => {
        parseNote(Buffer.from(JSON.stringify({ session, messages })));
      }),
    );
    const note = { session: { tool: 'codex', externalId: 'a' }, messages: [{ role: 'user', content: 'x' }] };
    expect(parseNote(Buffer.from(JSON.stringify(note)))).toMatchObject(note);
  });
});
