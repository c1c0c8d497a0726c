// The local server as `cairn serve` runs it, over an open vault in which something was captured, for targets that speak to it as callers on
// this machine do. What was done to it is left behind after a while: a new one takes its place.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startServeShell, type ServeShell } from '../../../src/cli/serve/serve-shell.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';
import { aStream } from '../../support/captures.ts';
import type { AnswerRules } from './check-answer.ts';
import type { Names } from './exchange.ts';

/** What was captured, and nobody may be told without the token. */
const CANARY = 'heron4711lagoon';
const MAX_INPUTS = 4_000;
/** The limit of calls in a second would answer all the rest. */
const MS_PER_LOOK = 20;

export interface LocalWorld {
  readonly port: number;
  readonly names: Names;
  readonly rules: AnswerRules;
  readonly test: TestSession;
  readonly shell: ServeShell;
}

export class LocalWorlds {
  #world: LocalWorld | null = null;
  #inputs = 0;

  /** The one that runs, unlocked. */
  async current(): Promise<LocalWorld> {
    this.#inputs += 1;
    // Wrong passwords make whoever has the right one wait, too.
    if (this.#inputs % MAX_INPUTS === 0 || !(await this.#isUnlocked())) await this.close();
    this.#world ??= await openWorld();
    return this.#world;
  }

  async #isUnlocked(): Promise<boolean> {
    const session = this.#world?.test.session;
    if (session === undefined || session.status().vault !== 'locked') return true;
    const secret = { type: 'password', text: TEST_PASSWORD } as const;
    return session.unlock(secret).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    const world = this.#world;
    this.#world = null;
    await world?.shell.close();
    await world?.test[Symbol.asyncDispose]();
  }
}

async function openWorld(): Promise<LocalWorld> {
  let looks = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + (looks += MS_PER_LOOK) };
  const test = makeTestSession({ clock });
  test.tmux.answer(async () => {
    const streams = [aStream({ text: `$ echo ${CANARY}\n` })];
    return { items: [{ ...test.tmux.item('a'), title: CANARY, streams }] };
  });
  await test.session.createVault(TEST_PASSWORD);
  const rendererFolder = join(test.home, '..', 'renderer');
  mkdirSync(rendererFolder);
  writeFileSync(join(rendererFolder, 'index.html'), '<!doctype html><title>Cairn</title>');
  const { session, router } = test;
  const shell = await startServeShell({ session, router, version: '0.0.0', pid: 1_000_001, port: 0, rendererFolder });
  const token = readFileSync(test.app.folder.apiToken, 'utf8').trim();
  const { app } = session.unlocked();
  const { summary } = await app.captureNow({ kind: 'manual', signal: new AbortController().signal });
  const checkpoint = await app.vault.createCheckpoint(
    summary.id,
    { name: 'one', description: '', tags: [], priority: 'normal', pinned: false },
    clock.nowMs(),
  );
  const cookie = await logIn(shell);
  return {
    port: shell.port,
    test,
    shell,
    names: { port: String(shell.port), token, cookie, snapshot: summary.id, checkpoint: checkpoint.id },
    rules: {
      secrets: { 'the token': token, 'the password': TEST_PASSWORD, 'the cookie': cookie.split('=')[1] ?? '' },
      guarded: { 'what was captured': CANARY, 'the data folder': test.home },
    },
  };
}

async function logIn(shell: ServeShell): Promise<string> {
  const code = new URLSearchParams(new URL(shell.newAddress()).hash.slice(1)).get('code');
  const response = await fetch(`http://127.0.0.1:${shell.port}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}
