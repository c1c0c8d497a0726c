// Importing `agents/sessions`, again and again, and writing back into it.

import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { importAgentSessions } from '../../../../src/core/sessions/agents/import-folder.ts';
import { AgentSessionKeeper } from '../../../../src/core/sessions/agents/keep-in-step.ts';
import { listProjectsWithSessions } from '../../../../src/core/sessions/agents/known-projects.ts';
import { projectOfPath } from '../../../../src/core/sessions/agents/read-folder.ts';
import { SessionStore } from '../../../../src/core/sessions/session-store.ts';
import { aCapture, aTerminal } from '../../../support/captures.ts';
import { FakeVault } from '../../../support/fake-vault.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/agent-sessions/', import.meta.url));
const CONNECT = '2026-02-19_connect-flow_enr0i6';
const TORN = '2026-02-21_session_ie6tea-torn';
const TIME = new Date('2026-02-22T10:00:00Z');

let folder: ReturnType<typeof makeTemporaryFolder>;
let project: string;
let vault: FakeVault;
let store: SessionStore;

beforeEach(() => {
  folder = makeTemporaryFolder();
  project = join(folder.path, 'api');
  cpSync(join(FIXTURES, 'v2'), project, { recursive: true });
  for (const slug of [CONNECT, TORN]) utimesSync(stateOf(slug), TIME, TIME);
  vault = new FakeVault();
  store = new SessionStore({ vault, sources: [], nowMs: () => TIME.getTime() + 60_000 });
});
afterEach(() => folder[Symbol.dispose]());

function stateOf(slug: string): string {
  return join(project, 'agents', 'sessions', slug, 'state.json');
}

async function run(options: Partial<Parameters<typeof importAgentSessions>[2]> = {}): Promise<Record<string, string>> {
  const results = await importAgentSessions(store, project, { isDryRun: false, isExcluded: () => false, ...options });
  return Object.fromEntries(results.map(({ slug, action }) => [slug, action]));
}

function rewrite(slug: string, change: (text: string) => string): void {
  writeFileSync(stateOf(slug), change(readFileSync(stateOf(slug), 'utf8')));
}

describe('importAgentSessions()', () => {
  it('takes each folder in as a session, with its state, spec and plan', async () => {
    expect(await run()).toEqual({ [CONNECT]: 'new', [TORN]: 'unreadable' });

    const session = await store.get('Connect flow');
    expect(session).toMatchObject({
      tool: 'agents',
      project: 'api',
      folder: project,
      status: 'active',
      updatedAtMs: TIME.getTime(),
      createdAtMs: Date.UTC(2026, 1, 19, 13, 41, 49),
      preview: '# Spec',
      isOriginGone: false,
      details: { phase: 'build', type: 'full', progress: { done: 3, total: 5, current: 4 }, isUnreadable: false },
    });
    expect((await store.allMessages(session.id)).map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(await store.get(CONNECT)).toMatchObject({ id: session.id });
    expect(await store.get(TORN)).toMatchObject({ name: TORN, details: { isUnreadable: true } });
  });

  it('does nothing in a dry run, and nothing again where nothing changed', async () => {
    expect(await run({ isDryRun: true })).toEqual({ [CONNECT]: 'new', [TORN]: 'unreadable' });
    expect(await vault.listSessions()).toEqual([]);

    await run();
    const before = await vault.listSessions();
    expect(await run()).toEqual({ [CONNECT]: 'unchanged', [TORN]: 'unreadable' });
    expect(await vault.listSessions()).toEqual(before);
  });

  it('keeps the last good state of a file that is torn later, until it is whole again', async () => {
    await run();
    const whole = readFileSync(stateOf(CONNECT), 'utf8');
    rewrite(CONNECT, (text) => text.slice(0, 300));

    expect(await run()).toMatchObject({ [CONNECT]: 'unreadable' });
    expect(await store.get('Connect flow')).toMatchObject({
      status: 'active',
      details: { isUnreadable: true, phase: 'build', progress: { done: 3, total: 5 } },
    });

    writeFileSync(stateOf(CONNECT), whole.replace('"build"', '"docs"'));
    expect(await run()).toMatchObject({ [CONNECT]: 'changed' });
    expect(await store.get('Connect flow')).toMatchObject({ details: { isUnreadable: false, phase: 'docs' } });
  });

  it('takes changes of title, spec and plan', async () => {
    await run();
    rewrite(CONNECT, (text) => text.replace('Connect flow', 'Connect all'));
    writeFileSync(join(stateOf(CONNECT), '..', 'spec.md'), '# Another spec\n');

    expect(await run()).toMatchObject({ [CONNECT]: 'changed' });
    const session = await store.get('Connect all');
    expect(session).toMatchObject({ preview: '# Another spec', messageCount: 2 });
  });

  it('says of what is gone there that it is the only copy, and takes it back when it returns', async () => {
    await run();
    const away = join(folder.path, 'away');
    renameSync(join(stateOf(CONNECT), '..'), away);

    expect(await run()).toMatchObject({ [CONNECT]: 'gone' });
    expect(await store.get('Connect flow')).toMatchObject({ isOriginGone: true });
    const cleanup = await store.cleanup({ maxSessions: 0, retentionDays: 1, includesGone: false }, { isDryRun: true });
    expect(cleanup.sessions.map(({ name }) => name)).not.toContain('Connect flow');

    renameSync(away, join(stateOf(CONNECT), '..'));
    expect(await run()).toMatchObject({ [CONNECT]: 'changed' });
    expect(await store.get('Connect flow')).toMatchObject({ isOriginGone: false });
  });

  it('does not bring back what was deleted, unless it has changed since', async () => {
    await run();
    const { id } = await store.get('Connect flow');
    await store.delete([id]);

    expect(await run()).toMatchObject({ [CONNECT]: 'deleted' });
    rewrite(CONNECT, (text) => text.replace('2026-02-20T00:00:00', '2026-03-01T11:00:00'));
    expect(await run()).toMatchObject({ [CONNECT]: 'new' });
    expect(await store.get('Connect flow')).toMatchObject({ id });
  });

  it('leaves out what the rules exclude, and what is no folder right there', async () => {
    symlinkSync(join(project, 'agents', 'sessions', CONNECT), join(project, 'agents', 'sessions', 'link'));
    mkdirSync(join(project, 'agents', 'sessions', CONNECT, 'research', 'deep'), { recursive: true });

    const result = await run({ isExcluded: (path) => path.endsWith('torn') });

    expect(result).toEqual({ [CONNECT]: 'new', [TORN]: 'excluded' });
    expect(await store.list()).toHaveLength(1);
  });

  it('is one with what was pushed for the same folder and slug', async () => {
    const pushed = await store.create({
      tool: 'agents',
      externalId: `${project}\0${CONNECT}`,
      name: 'pushed',
      slug: CONNECT,
    });
    await run();

    expect((await store.list()).filter(({ tool }) => tool === 'agents')).toHaveLength(2);
    expect(await store.get(pushed.session.id)).toMatchObject({ name: 'Connect flow' });
  });
});

describe('writing back', () => {
  it('puts title and status into the file, and leaves all the rest of it to the byte', async () => {
    await run();
    chmodSync(stateOf(CONNECT), 0o640);
    const before = readFileSync(stateOf(CONNECT), 'utf8');
    const { id } = await store.get('Connect flow');

    await store.edit(id, { name: 'Flow of "connects"', status: 'paused' });

    const after = readFileSync(stateOf(CONNECT), 'utf8');
    expect(after).toBe(
      before.replace('"Connect flow"', '"Flow of \\"connects\\""').replace('"status": "active"', '"status": "paused"'),
    );
    expect(statSync(stateOf(CONNECT)).mode & 0o777).toBe(0o640);
    expect(await store.get(id)).toMatchObject({ name: 'Flow of "connects"', status: 'paused' });
    await store.edit(id, { name: 'Again' });
    await run();
    expect(await store.get(id)).toMatchObject({ name: 'Again', status: 'paused' });
  });

  it('never writes over a file that is newer than what was read', async () => {
    await run();
    const { id } = await store.get('Connect flow');
    rewrite(CONNECT, (text) => text.replace('Connect flow', 'Somebody else was faster'));
    const theirs = readFileSync(stateOf(CONNECT), 'utf8');

    await expect(store.edit(id, { name: 'Mine' })).rejects.toMatchObject({ code: 'SESSION_FILE_CHANGED' });
    expect(readFileSync(stateOf(CONNECT), 'utf8')).toBe(theirs);
    expect(await store.get(id)).toMatchObject({ name: 'Connect flow' });

    await run();
    await store.edit(id, { name: 'Mine' });
    expect(readFileSync(stateOf(CONNECT), 'utf8')).toBe(theirs.replace('Somebody else was faster', 'Mine'));
  });

  it('never writes through a link, nor into what is no text', async () => {
    await run();
    const { id } = await store.get('Connect flow');
    const elsewhere = join(folder.path, 'elsewhere.json');
    renameSync(stateOf(CONNECT), elsewhere);
    symlinkSync(elsewhere, stateOf(CONNECT));

    await expect(store.edit(id, { name: 'Mine' })).rejects.toMatchObject({ code: 'SESSION_FILE_CHANGED' });
    expect(readFileSync(elsewhere, 'utf8')).toContain('Connect flow');
  });

  it('keeps the name in the vault alone where the folder is gone', async () => {
    await run();
    rmSync(join(stateOf(CONNECT), '..'), { recursive: true });
    await run();
    const { id } = await store.get('Connect flow');

    expect(await store.edit(id, { name: 'Kept' })).toMatchObject({ name: 'Kept', isOriginGone: true });
  });
});

describe('AgentSessionKeeper', () => {
  it('keeps imported projects in step, and looks at no others', async () => {
    await run();
    const other = join(folder.path, 'other');
    cpSync(join(FIXTURES, 'v1'), other, { recursive: true });
    const clock = new ManualClock();
    const failures: unknown[] = [];
    const keeper = new AgentSessionKeeper({
      vault,
      store,
      setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
      loadExclusion: async () => ({ path: () => false }),
      takeNotes: async () => undefined,
      onFailed: (error) => failures.push(error),
    });
    const look = async (): Promise<void> => {
      keeper.consider();
      await clock.advance(1_000);
      await expect.poll(async () => (await store.list()).map(({ name }) => name)).toContain('Connect more');
    };
    rewrite(CONNECT, (text) => text.replace('Connect flow', 'Connect more'));

    await look();
    await keeper.stop();

    expect(failures).toEqual([]);
    expect((await store.list()).map(({ folder: place }) => place)).not.toContain(other);
  });
});

describe('known projects', () => {
  it('are repositories and folders of the newest snapshot that have such sessions', async () => {
    const plain = join(folder.path, 'plain');
    mkdirSync(plain);
    const items = [project, plain, '/nowhere'].map((cwd, at) => aTerminal(`t${at}`, { attributes: { cwd } }));
    await vault.save(aCapture(items));

    expect(await listProjectsWithSessions(vault)).toEqual([project]);
  });

  it.each(['', '/agents/sessions', `/agents/sessions/${CONNECT}`])('are named by any folder of theirs: %s', (below) => {
    expect(projectOfPath(`/home/dev/api${below}`)).toBe('/home/dev/api');
  });
});
