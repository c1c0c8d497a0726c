// kill -9 while everything that a vault can hold is written: no word of it may stand in any byte that is left, in the data folder with
// its write-ahead log, among temporary files, or in what a crash leaves where the process stood.

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { describe, expect, it } from 'vitest';

import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { openTestVault, TEST_PASSWORD } from '../support/test-vault.ts';
import { bundledPath } from '../support/worker-path.ts';

const CANARY = 'canary-5d1e77';
const SAVES = 12;

/** Every file below the folder in which the word stands, as it is or in two bytes a letter. */
function filesWith(folder: string, word: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return bytes.includes(word) || bytes.includes(Buffer.from(word, 'utf16le'));
    })
    .map((entry) => entry.name);
}

/** Runs the workload until it has saved so often, and kills it then; gives all that it wrote. */
function killAfterSaves(path: string, surroundings: string, signal: 'SIGKILL' | 'SIGABRT'): Promise<string> {
  const env = { PATH: process.env['PATH'], TMPDIR: surroundings, CANARY };
  const child = spawn(
    process.execPath,
    ['--report-on-signal', '--no-memory-protection-keys', bundledPath('workload'), 'canaries', path, TEST_PASSWORD],
    { cwd: surroundings, env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  let saves = 0;
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  createInterface({ input: child.stdout }).on('line', (line) => {
    said += `${line}\n`;
    if (line.startsWith('saved ')) saves += 1;
    if (saves === SAVES) child.kill(signal);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(said));
  });
}

describe.each(['SIGKILL', 'SIGABRT'] as const)('what %s leaves', (signal) => {
  it('[V8] holds no word that was captured, with the write-ahead log as it stood', { timeout: 60_000 }, async () => {
    await using test = await openTestVault();
    await test.vault.close();
    using outside = makeTemporaryFolder();
    const surroundings = join(outside.path, 'work');
    mkdirSync(surroundings);

    const said = await killAfterSaves(test.path, surroundings, signal);

    expect(said.match(/^saved /gm)?.length).toBeGreaterThanOrEqual(SAVES);
    // What was committed last is in the log only.
    expect(statSync(`${test.path}-wal`).size).toBeGreaterThan(0);
    expect(filesWith(test.folder, CANARY)).toEqual([]);
    expect(filesWith(test.folder, TEST_PASSWORD)).toEqual([]);
    expect(filesWith(surroundings, 'content')).toEqual([]);
    expect(said).not.toContain(CANARY);

    // The same search finds what is there: the words do come back.
    await test.reopen();
    const [newest] = await test.vault.listSnapshots({ limit: 1 });
    if (newest === undefined) throw new Error('nothing was saved');
    const snapshot = await test.vault.readSnapshot(newest.id);
    expect(JSON.stringify(snapshot)).toContain(`${CANARY}-title`);
    expect(new Set(snapshot.itemList.map((item) => item.kind)).size).toBe(snapshot.itemList.length);
    expect(filesWith(test.folder, CANARY)).toEqual([]);
  });
});
