import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { SessionStore } from '../../../src/core/sessions/session-store.ts';
import { createClaudeCodeSource } from '../../../src/core/sources/claude-code/claude-source.ts';
import { aCapture, aConversation } from '../../support/captures.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const HOSTILE = 'Evil \u001b]0;title\u0007 \u202ename';

async function coreWithSessions(): Promise<FakeCore> {
  const core = new FakeCore();
  core.sources = [createClaudeCodeSource()];
  let nowMs = TEST_NOW_MS - 3_600_000;
  const store = new SessionStore({ vault: core.vault, sources: core.sources, nowMs: () => (nowMs += 1_000) });
  const chat = await store.create({
    name: 'Plan the trip',
    provider: 'openai',
    model: 'gpt-x',
    externalId: 'chat-one',
  });
  await store.addMessages(chat.session.id, [
    { id: 'q', role: 'user', text: 'Where to?' },
    { id: 'a', role: 'assistant', text: 'To the\n```\nsea', model: 'gpt-x' },
  ]);
  await store.create({ name: HOSTILE, tool: 'codex', externalId: 'abc', project: 'api', folder: '/home/dev/api' });
  return core;
}

/** A command closes the vault at its end. */
async function stored(core: FakeCore): Promise<readonly unknown[]> {
  core.vault.isClosed = false;
  return core.vault.listSessions();
}

interface ListDocument {
  readonly sessions: readonly { readonly id: string; readonly name: string }[];
}

describe('cairn sessions', () => {
  it('lists them newest first, as documented', async () => {
    const core = await coreWithSessions();

    const result = await runCairn(['sessions', 'list', '--json'], { core });

    const { sessions } = result.json() as ListDocument;
    expect(sessions.map(({ name }) => name)).toEqual([HOSTILE, 'Plan the trip']);
    expect(sessions[1]).toMatchObject({
      provider: 'openai',
      model: 'gpt-x',
      project: null,
      createdAt: '2026-11-20T11:00:02.000Z',
      updatedAt: '2026-11-20T11:00:03.000Z',
      messageCount: 2,
      preview: 'Where to?',
      pinned: false,
    });
  });

  it('prints names and messages as plain lines, whatever they hold', async () => {
    const core = await coreWithSessions();

    const list = await runCairn(['sessions', 'list'], { core });
    const show = await runCairn(['sessions', 'show', 'Plan the trip'], { core });

    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(list.stdout + show.stdout).not.toMatch(/[\u001b\u0007\u202e]/);
    expect(list.stdout).toMatch(/codex +api +0 +Evil/);
    expect(show.stdout).toContain('Where to?');
    expect(show.stdout).toContain('assistant');
  });

  it('filters and limits', async () => {
    const core = await coreWithSessions();
    const names = async (...options: string[]) =>
      ((await runCairn(['sessions', 'list', '--json', ...options], { core })).json() as ListDocument).sessions.length;

    expect(await names('--project', 'api')).toBe(1);
    expect(await names('--provider', 'openai')).toBe(1);
    expect(await names('--provider', 'none')).toBe(0);
    expect(await names('--limit', '1')).toBe(1);
  });

  it('shows as many messages as wanted', async () => {
    const core = await coreWithSessions();

    const result = await runCairn(['sessions', 'show', 'Plan the trip', '--messages', '1', '--json'], { core });

    expect(result.json()).toMatchObject({
      firstIndex: 1,
      messageCount: 2,
      messages: [{ id: 'a', role: 'assistant', content: 'To the\n```\nsea', model: 'gpt-x' }],
    });
  });

  it('ends with 4 where there is none, with 2 where several are meant', async () => {
    const core = await coreWithSessions();
    const store = new SessionStore({ vault: core.vault, sources: [], nowMs: () => TEST_NOW_MS });
    await store.create({ name: 'Plan the trip' });

    expect((await runCairn(['sessions', 'show', 'nothing'], { core })).exitCode).toBe(4);
    const several = await runCairn(['sessions', 'show', 'Plan the trip'], { core });
    expect(several.exitCode).toBe(2);
    expect(several.stderr).toMatch(/Give one of the ids: [0-9a-f]{16}, [0-9a-f]{16}/);
  });

  it('renames, pins and deletes; a dry run changes nothing', async () => {
    const core = await coreWithSessions();

    expect((await runCairn(['sessions', 'rename', 'Plan the trip', 'The sea'], { core })).stdout).toBe(
      'It is called The sea now.\n',
    );
    expect((await runCairn(['sessions', 'pin', 'The sea', '--json'], { core })).json()).toMatchObject({
      session: { name: 'The sea', pinned: true },
    });
    await runCairn(['sessions', 'pin', 'The sea', '--off'], { core });
    expect((await runCairn(['sessions', 'delete', 'The sea', '--dry-run'], { core })).stdout).toMatch(
      /^Would delete 1 session/,
    );
    expect(await stored(core)).toHaveLength(2);
    expect((await runCairn(['sessions', 'delete', 'The sea', 'abc', '--json'], { core })).json()).toMatchObject({
      dryRun: false,
      deleted: [{ name: 'The sea', pinned: false }, { tool: 'codex' }],
    });
    expect(await stored(core)).toEqual([]);
    expect((await runCairn(['sessions', 'rename', 'x', ' '], { core })).exitCode).toBe(2);
  });

  it('exports as Markdown whose fences hold, and as JSON; never over a file', async () => {
    const core = await coreWithSessions();
    using folder = makeTemporaryFolder();
    const output = join(folder.path, 'trip.md');

    const plain = await runCairn(['sessions', 'export', 'chat-one'], { core });
    const file = await runCairn(['sessions', 'export', 'chat-one', '--output', output], { core });
    const again = await runCairn(['sessions', 'export', 'chat-one', '--output', output], { core });
    const json = await runCairn(['sessions', 'export', 'chat-one', '--format', 'json'], { core });

    expect(plain.stdout).toMatch(/^# Plan the trip\n\n- Tool: chat\n- Model: gpt-x\n/);
    expect(plain.stdout).toMatch(/## User · 2026-11-20T11:00:03.000Z\n\nWhere to\?\n\n## Assistant/);
    expect(file.exitCode).toBe(0);
    expect(readFileSync(output, 'utf8')).toBe(plain.stdout);
    expect(again.exitCode).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'Plan the trip',
      messages: [{ role: 'user', content: 'Where to?' }, { role: 'assistant' }],
    });
  });

  it('imports a project, and all known ones; a dry run imports nothing', async () => {
    const core = new FakeCore();
    using folder = makeTemporaryFolder();
    const fixtures = fileURLToPath(new URL('../../fixtures/agent-sessions/v2', import.meta.url));
    cpSync(fixtures, folder.path, { recursive: true });

    const dry = await runCairn(['sessions', 'import', folder.path, '--dry-run', '--json'], { core });
    expect(dry.json()).toMatchObject({
      dryRun: true,
      sessions: [{ action: 'new', title: 'Connect flow' }, { action: 'unreadable' }],
    });
    expect(await stored(core)).toEqual([]);

    const real = await runCairn(['sessions', 'import', join(folder.path, 'agents', 'sessions')], { core });
    expect(real.stdout).toMatch(/^Imported 2 sessions: 1 new, 0 changed, 0 unchanged\.\n {2}Connect flow: new\n/);
    const shown = await runCairn(['sessions', 'show', 'Connect flow'], { core });
    expect(shown.stdout).toContain('build, 3 of 5 checkpoints, 1 commit');
    const changed = await runCairn(['sessions', 'status', 'Connect flow', 'paused'], { core });
    expect(changed.stdout).toBe('Connect flow is paused now.\n');
    const state = join(folder.path, 'agents', 'sessions', '2026-02-19_connect-flow_enr0i6', 'state.json');
    expect(readFileSync(state, 'utf8')).toContain('"status": "paused"');
    await runCairn(['sessions', 'import', folder.path], { core });
    const all = await runCairn(['sessions', 'import', '--all', '--json'], { core });
    expect(all.json()).toMatchObject({ sessions: [{ action: 'unchanged' }, { action: 'unreadable' }] });
    expect((await runCairn(['sessions', 'import'], { core })).exitCode).toBe(2);
    expect((await runCairn(['sessions', 'import', '/nowhere/at/all'], { core })).exitCode).toBe(4);
    expect(existsSync(join(folder.path, 'agents', 'sessions'))).toBe(true);
  });

  it('says how many would go by the limits', async () => {
    const core = await coreWithSessions();
    core.nowMs = TEST_NOW_MS + 200 * 86_400_000;

    const dry = await runCairn(['sessions', 'cleanup', '--dry-run', '--json'], { core });
    expect(dry.json()).toMatchObject({ dryRun: true, deleted: 2, deletedByAge: 2, deletedByLimit: 0 });
    expect((await runCairn(['sessions', 'cleanup'], { core })).stdout).toBe(
      'Deleted 2 sessions: 2 for age, 0 for number.\n',
    );
    expect(await stored(core)).toEqual([]);
  });

  it("prints the tool's own command in the session's folder, and never for one that is open", async () => {
    const core = new FakeCore();
    core.sources = [createClaudeCodeSource()];
    const id = 'e1bb760b-2d03-4257-bf61-684ceeecadef';
    const attributes = { id, cwd: '/', messageCount: 1, updatedAtMs: TEST_NOW_MS };
    await core.vault.save(aCapture([aConversation(id, '', { title: 'Talk', attributes })]));

    const printed = await runCairn(['sessions', 'resume', 'Talk', '--print', '--json'], { core });
    expect(printed.json()).toMatchObject({ argv: ['claude', '--resume', id], cwd: '/', openedIn: null });
    expect((await runCairn(['sessions', 'resume', id.slice(0, 8)], { core })).stdout).toBe(
      `cd /\nclaude --resume ${id}\n`,
    );

    core.vault.isClosed = false;
    const open = aConversation(id, '', { title: 'Talk', attributes: { ...attributes, isLive: true } });
    await core.vault.save(aCapture([open]));
    const refused = await runCairn(['sessions', 'resume', 'Talk'], { core });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('open in a terminal just now');
  });
});
