// What a dry run says and what it leaves alone, seen from outside: the data folder to the byte.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openSpawnedCairn, type SpawnedCairn } from './spawned-cli.ts';

const TRANSCRIPT = fileURLToPath(
  new URL('../fixtures/claude-code/claude-code__multi-turn-tool-resumed-continue.jsonl', import.meta.url),
);

let cairn: SpawnedCairn;
let transcript: string;

beforeAll(async () => {
  cairn = openSpawnedCairn();
  transcript = join(cairn.folder, '.claude/projects/-api/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee.jsonl');
  mkdirSync(dirname(transcript), { recursive: true });
  copyFileSync(TRANSCRIPT, transcript);
  const key = join(cairn.folder, 'recovery.txt');
  await document(['init', '--sources', 'claude-code', '--recovery-key-file', key]);
  cairn.unlockWith(key);
  await document(['checkpoint', 'before']);
  rmSync(transcript);
});
afterAll(() => cairn[Symbol.dispose]());

async function document(argv: readonly string[]): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await cairn.run([...argv, '--json']);
  expect([exitCode, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

/** Every file of the data folder, by name. */
function readFiles(): Record<string, string> {
  const names = readdirSync(cairn.home, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(cairn.home, name)).toString('base64')]));
}

describe('--dry-run', () => {
  it.each([
    { argv: ['restore', 'latest'], plan: { steps: [{ status: 'planned' }], undo: null } },
    { argv: ['restore', 'before', '--only', 'conversation'], plan: { steps: [{ status: 'planned' }], undo: null } },
    { argv: ['prune'], plan: { dryRun: true, removed: [] } },
    { argv: ['checkpoints', 'delete', 'before'], plan: { dryRun: true, deleted: [{ name: 'before' }] } },
  ])('of $argv says what would be done and writes nothing', async ({ argv, plan }) => {
    const before = readFiles();

    expect(await document([...argv, '--dry-run'])).toMatchObject(plan);
    expect(readFiles()).toEqual(before);
    expect(existsSync(transcript)).toBe(false);
  });
});

describe('restore', () => {
  it('captures the present first, and then does what the dry run said', async () => {
    const planned = await document(['restore', 'latest', '--dry-run']);
    const done = await document(['restore', 'latest']);

    expect(done).toMatchObject({ snapshotId: planned['snapshotId'], steps: [{ status: 'done' }] });
    expect(readFileSync(transcript)).toEqual(readFileSync(TRANSCRIPT));
    expect(await document(['list'])).toMatchObject({
      snapshots: [{ id: done['undo'], kind: 'before-restore' }, { kind: 'checkpoint' }],
    });
    // As it was before: without the transcript.
    expect(await document(['show', String(done['undo'])])).toMatchObject({
      items: [{ attributes: { isOriginGone: true } }],
    });
  });
});
