// kill -9 at random moments of commands that change more than the vault: a restore, its undo, an import of sessions. Nothing of the user's
// is destroyed, nothing half written stands in its place, and the same command does the rest afterwards.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { createVault, openVault } from '../../src/core/vault/vault-client.ts';
import { openSpawnedCairn, type SpawnedCairn, type SpawnedResult } from '../cli/spawned-cli.ts';
import { aCapture, aConversation } from '../support/captures.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';
import { optionsFor } from './ledger.ts';
import { randomFrom, SEED } from './random.ts';

const RUNS = Math.ceil(Number(process.env['CAIRN_FAULT_RUNS'] ?? 2) * 0.5);
const CONVERSATIONS = 12;
const results: string[] = [];

afterAll(() => {
  for (const line of results) process.stdout.write(`${line}\n`);
});

function idOf(at: number): string {
  return `${String(at).padStart(8, '0')}-2222-3333-4444-555555555555`;
}

function transcriptOf(at: number): string {
  return `{"type":"user","number":${at}}\n`.repeat(4_000 + at);
}

/** Kills it at a moment of the time that the same takes when it is left alone, its start aside. */
async function runKilled(cairn: SpawnedCairn, argv: readonly string[], wholeMs: number, at: number): Promise<boolean> {
  const delayMs = wholeMs * (0.35 + 0.65 * at);
  const { exitCode } = await cairn.run(argv, { onStart: (child) => setTimeout(() => child.kill('SIGKILL'), delayMs) });
  return exitCode === null;
}

async function timed(work: Promise<SpawnedResult>): Promise<{ readonly result: SpawnedResult; readonly ms: number }> {
  const startMs = performance.now();
  const result = await work;
  return { result, ms: performance.now() - startMs };
}

it(
  `kill -9 during a restore and its undo, ${RUNS} times: what stood there stands, and a second one does the rest`,
  async () => {
    using cairn = openSpawnedCairn();
    const recovery = join(cairn.folder, 'recovery.txt');
    expect((await cairn.run(['init', '--sources', 'none', '--recovery-key-file', recovery])).exitCode).toBe(0);
    cairn.unlockWith(recovery);
    const vault = await openVault(optionsFor(join(cairn.home, 'vault.db'), TEST_PASSWORD));
    const lost = Array.from({ length: CONVERSATIONS }, (_, at) =>
      aConversation(idOf(at), transcriptOf(at), {
        attributes: { id: idOf(at), cwd: '/', isLive: false, file: `projects/-x/${idOf(at)}.jsonl` },
      }),
    );
    const { summary } = await vault.save(aCapture(lost, { takenAtMs: Date.now() }));
    await vault.close();
    const folder = join(cairn.folder, '.claude/projects/-x');
    const mine = 'mine, and longer\n'.repeat(10_000);
    const beginning = transcriptOf(1).slice(0, 50_000);
    const begin = (): void => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, `${idOf(0)}.jsonl`), mine);
      writeFileSync(join(folder, `${idOf(1)}.jsonl`), beginning);
    };
    /** Each file is what stood there, or whole. */
    const expectNothingHalf = (): void => {
      for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.jsonl'))) {
        const at = Number(name.slice(0, 8));
        const text = readFileSync(join(folder, name), 'utf8');
        if (at === 0) expect(text === mine).toBe(true);
        else expect(text === transcriptOf(at) || (at === 1 && text === beginning), name).toBe(true);
      }
    };
    const restore = ['restore', summary.id, '--yes'];
    begin();
    const whole = await timed(cairn.run(restore));
    expect(existsSync(join(folder, `${idOf(5)}.jsonl`)), whole.result.stderr).toBe(true);
    const random = randomFrom(SEED);
    let killed = 0;
    let halfDone = 0;
    for (let run = 0; run < RUNS; run += 1) {
      begin();
      if (await runKilled(cairn, restore, whole.ms, random())) killed += 1;
      expectNothingHalf();
      const count = readdirSync(folder).length;
      if (count > 2 && count < CONVERSATIONS) halfDone += 1;
      if (run % 2 === 1) {
        // Killed too, and then done: it takes back what is known of, and never what was there before.
        if (await runKilled(cairn, ['restore', '--undo'], whole.ms, random())) killed += 1;
        expectNothingHalf();
        expect((await cairn.run(['restore', '--undo'])).exitCode).not.toBeNull();
        expectNothingHalf();
        expect(existsSync(join(folder, `${idOf(0)}.jsonl`)) && existsSync(join(folder, `${idOf(1)}.jsonl`))).toBe(true);
      }
      const { stderr } = await cairn.run(restore);
      for (let at = 1; at < CONVERSATIONS; at += 1)
        expect(readFileSync(join(folder, `${idOf(at)}.jsonl`), 'utf8') === transcriptOf(at), `${run}: ${stderr}`).toBe(
          true,
        );
      expect(readFileSync(join(folder, `${idOf(0)}.jsonl`), 'utf8') === mine).toBe(true);
      // What the killed one left beside them is gone, or goes by itself; it is no conversation.
      expect(readdirSync(folder).filter((name) => name.endsWith('.jsonl'))).toHaveLength(CONVERSATIONS);
    }
    expect((await cairn.run(['verify', '--deep'])).exitCode).toBe(0);
    results.push(`kill -9 during restore and undo: ${killed} kills, ${halfDone} half done, seed ${SEED}`);
  },
  60_000 + RUNS * 20_000,
);

it(
  `kill -9 during an import of sessions, ${RUNS} times: none is there twice, and a second one brings the rest`,
  async () => {
    using cairn = openSpawnedCairn();
    mkdirSync(cairn.home, { recursive: true, mode: 0o700 });
    const path = join(cairn.home, 'vault.db');
    const sample = join(
      import.meta.dirname,
      '../fixtures/agent-sessions/v2/agents/sessions/2026-02-19_connect-flow_enr0i6',
    );
    const project = join(cairn.folder, 'project');
    for (let at = 0; at < 40; at += 1)
      cpSync(sample, join(project, `agents/sessions/2026-02-19_copy-${at}_enr0i6`), { recursive: true });
    const random = randomFrom(SEED + 1);
    const start = async (): Promise<void> => {
      for (const name of existsSync(cairn.home) ? readdirSync(cairn.home) : [])
        if (name.startsWith('vault.db')) rmSync(join(cairn.home, name));
      const { vault } = await createVault({ ...optionsFor(path, TEST_PASSWORD), password: TEST_PASSWORD });
      await vault.close();
    };
    const argv = ['sessions', 'import', project];
    const stored = async (): Promise<string[]> => {
      await using vault = await openVault(optionsFor(path, TEST_PASSWORD));
      return (await vault.listSessions()).map(({ id }) => String(id));
    };
    await start();
    const whole = await timed(cairn.run(argv));
    expect(whole.result.exitCode, whole.result.stderr).toBe(0);
    const all = await stored();
    expect(all).toHaveLength(40);
    let killed = 0;
    let halfDone = 0;
    for (let run = 0; run < RUNS; run += 1) {
      await start();
      if (await runKilled(cairn, argv, whole.ms, random())) killed += 1;
      const there = await stored();
      if (there.length > 0 && there.length < 40) halfDone += 1;
      expect(new Set(there).size).toBe(there.length);
      expect((await cairn.run(argv)).exitCode).toBe(0);
      expect((await stored()).toSorted()).toEqual(all.toSorted());
    }
    results.push(`kill -9 during an import of sessions: ${killed} kills, ${halfDone} half done, seed ${SEED}`);
  },
  60_000 + RUNS * 20_000,
);

it(
  `kill -9 during a merge, ${RUNS} times: the vault is as it was or complete, and a second one does the rest`,
  async () => {
    using cairn = openSpawnedCairn();
    const recovery = join(cairn.folder, 'recovery.txt');
    expect((await cairn.run(['init', '--sources', 'none', '--recovery-key-file', recovery])).exitCode).toBe(0);
    cairn.unlockWith(recovery);
    const path = join(cairn.home, 'vault.db');
    const backups = join(cairn.folder, 'old');
    const startMs = Date.now() - 40 * 86_400_000;
    const content = (at: number) => aConversation(idOf(at), transcriptOf(at * 50));
    const vault = await openVault(optionsFor(path, TEST_PASSWORD));
    for (let at = 0; at < CONVERSATIONS; at += 1)
      await vault.save(aCapture([content(at)], { takenAtMs: startMs + at * 60_000 }));
    const { name } = await vault.backup({ folder: backups, keep: 1, nowMs: Date.now() });
    await vault.forget(startMs - 1, {});
    await vault.save(aCapture([content(99)], { takenAtMs: Date.now() }));
    await vault.close();
    const sample = join(cairn.folder, 'sample');
    const begin = (): void => {
      for (const entry of readdirSync(cairn.home)) rmSync(join(cairn.home, entry), { recursive: true, force: true });
      cpSync(sample, cairn.home, { recursive: true });
    };
    cpSync(cairn.home, sample, { recursive: true });
    const merge = ['merge', join(backups, name), '--yes', '--json'];
    const count = async (): Promise<number> => {
      const { stdout, stderr } = await cairn.run(['list', '--limit', '100', '--json']);
      const { snapshots } = JSON.parse(stdout || `{"error": ${JSON.stringify(stderr)}}`) as { snapshots: unknown[] };
      return snapshots.length;
    };
    const whole = await timed(cairn.run(merge));
    expect(await count(), whole.result.stderr).toBe(CONVERSATIONS + 1);
    const random = randomFrom(SEED);
    let killed = 0;
    let asBefore = 0;
    for (let run = 0; run < RUNS; run += 1) {
      begin();
      if (await runKilled(cairn, merge, whole.ms, random())) killed += 1;
      const there = await count();
      expect([1, CONVERSATIONS + 1]).toContain(there);
      if (there === 1) asBefore += 1;
      const { exitCode, stderr } = await cairn.run(merge);
      expect(exitCode, stderr).toBe(0);
      expect(await count()).toBe(CONVERSATIONS + 1);
      expect((await cairn.run(['verify', '--deep'])).exitCode).toBe(0);
      expect(readdirSync(cairn.home).filter((entry) => entry.includes('.new-'))).toEqual([]);
    }
    results.push(`kill -9 during a merge: ${killed} kills, ${asBefore} as before, seed ${SEED}`);
  },
  60_000 + RUNS * 20_000,
);
