// kill -9 at random moments of capture, prune, rotation and password change. Afterwards the vault must open, verify must pass, and
// nothing that was acknowledged may be missing. CAIRN_FAULT_RUNS sets how often (12; `npm run faults` takes 50), CAIRN_FAULT_SEED repeats a run.

import { spawn } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { parseSessionId, type SnapshotId } from '../../src/shared/model/ids.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import { openVault } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD } from '../support/test-vault.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { bundledPath } from '../support/worker-path.ts';

const RUNS = Number(process.env['CAIRN_FAULT_RUNS'] ?? 12);
/** Messages and the search index are written in the same way as captures: fewer kills do. */
const SOME_RUNS = Math.ceil(RUNS * 0.4);
const SEED = Number(process.env['CAIRN_FAULT_SEED'] ?? Date.now() % 1_000_000);
const WORKLOAD = bundledPath('workload');
const results: string[] = [];

afterAll(() => {
  for (const line of results) process.stdout.write(`${line}\n`);
});

/** A small generator of repeatable numbers from 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Starts the workload, kills it `delayMs` after it is ready, and gives what it said until then. */
function workUntilKilled(
  operation: string,
  path: string,
  password: string,
  seed: number,
  delayMs: number,
): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv.filter((argument) => argument.startsWith('--no-')),
      WORKLOAD,
      operation,
      path,
      password,
      String(seed),
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(said);
      else reject(new Error(`the workload ended by itself with ${code}: ${said.join(', ')}`));
    });
  });
}

async function openWithAny(path: string, passwords: readonly string[]): Promise<{ vault: Vault; password: string }> {
  for (const password of passwords) {
    try {
      return {
        vault: await openVault({
          path,
          secret: { type: 'password', text: password },
          nowMs: TEST_NOW_MS,
          argon2: ARGON2_FLOOR,
        }),
        password,
      };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'VAULT_WRONG_PASSWORD') throw error;
    }
  }
  throw new Error('no password that was ever set opens the vault');
}

/** Those of the passwords that open the vault as the kill left it, each tried on a copy: an opening mends what it finds. */
async function whichOpen(path: string, passwords: readonly string[]): Promise<string[]> {
  const holding: string[] = [];
  for (const text of passwords) {
    using folder = makeTemporaryFolder();
    const copy = join(folder.path, 'vault.db');
    for (const suffix of ['', '-wal', '.keys'])
      if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
    try {
      const options = { path: copy, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR };
      await (await openVault({ ...options, secret: { type: 'password', text } })).close();
      holding.push(text);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'VAULT_WRONG_PASSWORD') throw error;
    }
  }
  return holding;
}

/** What must still be there: everything saved, or, where pruning ran, what was saved since the last one began and the newest. */
function owed(operation: string, said: readonly string[]): string[] {
  const saved = said.filter((line) => line.startsWith('saved '));
  if (operation !== 'prune') return saved.map((line) => line.slice(6));
  const since = said.slice(said.lastIndexOf('pruning') + 1).filter((line) => line.startsWith('saved '));
  return [...since, ...saved.slice(-1)].map((line) => line.slice(6));
}

describe.each(['capture', 'prune', 'rotation', 'password'])('kill -9 during %s', (operation) => {
  it(
    `${RUNS} times: opens, verifies, lacks nothing acknowledged`,
    async () => {
      await using test = await openTestVault();
      await test.vault.close();
      const random = randomFrom(SEED + operation.length);
      let password = TEST_PASSWORD;
      const acknowledged = new Set<string>();
      const formerPasswords: string[] = [];
      let acts = 0;
      for (let run = 0; run < RUNS; run += 1) {
        const said = await workUntilKilled(operation, test.path, password, run, Math.floor(random() ** 2 * 250));
        const tried = said
          .filter((line) => line.startsWith('changing '))
          .map((line) => line.slice(9))
          .toReversed();
        const done = said.filter((line) => line.startsWith('changed ')).map((line) => line.slice(8));
        const acknowledgedPassword = done.at(-1) ?? password;
        if (operation === 'password') {
          // One password opens, whatever is tried first: the last acknowledged, or the next where the kill fell between its commit and
          // its word. No other that was ever set does.
          const ever = [...new Set([...formerPasswords.slice(-3), password, ...done.slice(-3), ...tried.slice(0, 1)])];
          const holding = await whichOpen(test.path, ever);
          expect(holding, `seed ${SEED}, run ${run}`).toHaveLength(1);
          expect([acknowledgedPassword, tried[0]], `seed ${SEED}, run ${run}`).toContain(holding[0]);
          formerPasswords.push(password, ...done);
        }
        const opened = await openWithAny(test.path, [acknowledgedPassword, ...tried.slice(0, 1)]);
        password = opened.password;
        acts += said.length;
        if (operation === 'prune') acknowledged.clear();
        for (const id of owed(operation, said)) acknowledged.add(id);
        const { vault } = opened;
        for (const id of acknowledged) await vault.readSnapshot(id as SnapshotId); // throws where it is gone
        const report = await vault.verify({ isDeep: run % 10 === 9, nowMs: TEST_NOW_MS });
        expect(report.damaged, `seed ${SEED}, run ${run}`).toEqual([]);
        expect(
          vault.notices.filter((notice) => notice.code === 'rolled-back'),
          `seed ${SEED}, run ${run}`,
        ).toEqual([]);
        await vault.close();
        if (operation === 'rotation') await finishRotation(test.path, password);
      }
      expect(acknowledged.size).toBeGreaterThan(0);
      results.push(
        `kill -9 during ${operation}: ${RUNS} kills, ${acts} things said, ${acknowledged.size} snapshots owed and there, seed ${SEED}`,
      );
    },
    RUNS * 6_000,
  );
});

it(
  `kill -9 while messages are added, ${SOME_RUNS} times: every acknowledged one is there, once`,
  async () => {
    await using test = await openTestVault();
    await test.vault.close();
    const random = randomFrom(SEED);
    const owedMessages = new Map<string, string[]>();
    for (let run = 0; run < SOME_RUNS; run += 1) {
      const said = await workUntilKilled('sessions', test.path, TEST_PASSWORD, run, Math.floor(random() ** 2 * 250));
      for (const line of said.filter((text) => text.startsWith('message '))) {
        const [, session = '', message = ''] = line.split(' ');
        owedMessages.set(session, [...(owedMessages.get(session) ?? []), message]);
      }
      const { vault } = await openWithAny(test.path, [TEST_PASSWORD]);
      for (const [session, messages] of owedMessages) {
        const there = (await vault.readMessages(parseSessionId(session), { limit: 100_000 })).messages.map(
          ({ id }) => id,
        );
        expect(
          there.filter((id) => messages.includes(id)),
          `seed ${SEED}, run ${run}`,
        ).toEqual(messages);
        // One more may have been committed just before it could be said.
        expect(there.length - messages.length, `seed ${SEED}, run ${run}`).toBeLessThanOrEqual(run + 1);
      }
      expect((await vault.verify({ isDeep: false, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
      await vault.close();
    }
    const count = [...owedMessages.values()].reduce((sum, messages) => sum + messages.length, 0);
    expect(count).toBeGreaterThan(0);
    results.push(
      `kill -9 while messages are added: ${SOME_RUNS} kills, ${count} messages owed and there, seed ${SEED}`,
    );
  },
  SOME_RUNS * 6_000,
);

it(
  `kill -9 while the search index is written, ${SOME_RUNS} times: every acknowledged word is found`,
  async () => {
    await using test = await openTestVault();
    await test.vault.close();
    const random = randomFrom(SEED);
    const words: string[] = [];
    for (let run = 0; run < SOME_RUNS; run += 1) {
      const said = await workUntilKilled('index', test.path, TEST_PASSWORD, run, Math.floor(random() ** 2 * 600));
      const fresh = said.filter((line) => line.startsWith('word ')).map((line) => line.slice(5));
      words.push(...fresh);
      const { vault } = await openWithAny(test.path, [TEST_PASSWORD]);
      for (const word of [...fresh, ...words.slice(0, 3)]) {
        const { matches } = await vault.search({ text: word, limit: 5, budgetMs: 20_000 });
        expect(
          matches.map(({ item }) => item.key),
          `seed ${SEED}, run ${run}, ${word}`,
        ).toEqual(['tmux:pane']);
      }
      expect((await vault.verify({ isDeep: false, nowMs: TEST_NOW_MS })).damaged, `seed ${SEED}, run ${run}`).toEqual(
        [],
      );
      await vault.close();
    }
    expect(words.length).toBeGreaterThan(0);
    results.push(
      `kill -9 while the search index is written: ${SOME_RUNS} kills, ${words.length} words owed and found, seed ${SEED}`,
    );
  },
  SOME_RUNS * 8_000,
);

/** A rotation that a kill interrupted goes on from where it was. */
async function finishRotation(path: string, password: string): Promise<void> {
  const { vault } = await openWithAny(path, [password]);
  const { rotation } = await vault.keys(TEST_NOW_MS);
  if (rotation !== null && Math.floor(rotation.total) % 2 === 0) await vault.rotate({ nowMs: TEST_NOW_MS });
  await vault.close();
}
