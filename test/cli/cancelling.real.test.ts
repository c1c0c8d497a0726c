// Ctrl-C on a real terminal in the middle of long work: one clear line, the exit code of docs/cli.md, and a vault that opens, is whole
// and goes on where it stood.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault } from '../../src/core/vault/vault-client.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { describeWith } from '../support/programs.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';
import { openSpawnedCairn, type SpawnedCairn } from './spawned-cli.ts';

/** So many records take a good part of a second to go through. */
const PANES = 12_000;
const CTRL_C = '\x03';
/** What each progress line begins with. */
const PROGRESS = '\x1b[K';

describeWith(['script'], 'Ctrl-C', () => {
  let cairn: SpawnedCairn;

  beforeAll(async () => {
    cairn = openSpawnedCairn();
    mkdirSync(cairn.home, { mode: 0o700 });
    const nowMs = Date.now();
    const path = join(cairn.home, 'vault.db');
    const { vault, recoveryKey } = await createVault({ path, password: TEST_PASSWORD, nowMs, argon2: ARGON2_FLOOR });
    const panes = Array.from({ length: PANES }, (_, at) => {
      const bytes = Uint8Array.from(randomBytes(1_000));
      return aTerminal(`p${at}`, { streams: [aStream({ kind: 'blob', content: { type: 'whole', bytes } })] });
    });
    await vault.save(aCapture(panes, { takenAtMs: nowMs }));
    await vault.close();
    const recovery = join(cairn.folder, 'recovery.txt');
    writeFileSync(recovery, recoveryKey, { mode: 0o600 });
    cairn.unlockWith(recovery);
  });
  afterAll(() => cairn[Symbol.dispose]());

  /** Runs it on a terminal of its own, and presses keys when its progress is shown for the first time. */
  async function interrupt(argv: readonly string[], keys = CTRL_C): Promise<{ exitCode: number | null; said: string }> {
    let output = '';
    let isPressed = false;
    const { exitCode } = await cairn.run(argv, {
      command: ['sh', '-c', 'exec script -qec "exec $*" /dev/null', 'sh'],
      env: { TERM: 'dumb' },
      hasInput: true,
      onStart: (child) => {
        child.stdout.on('data', (bytes: Buffer) => {
          output += bytes.toString('utf8');
          if (isPressed || !output.includes(PROGRESS)) return;
          isPressed = true;
          child.stdin.write(keys);
        });
        child.on('exit', () => child.stdin.end());
      },
    });
    expect(isPressed).toBe(true);
    // What follows the last progress line, without what the terminal itself shows of the key.
    return { exitCode, said: output.slice(output.lastIndexOf(PROGRESS) + PROGRESS.length).replaceAll('\r\n', '\n') };
  }

  async function document(argv: readonly string[]): Promise<unknown> {
    const { exitCode, stdout, stderr } = await cairn.run([...argv, '--json']);
    expect([exitCode, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  }

  it('in a rotation: it says how to go on, all can be read, and the next one goes on', async () => {
    expect(await interrupt(['keys', 'rotate'])).toEqual({
      exitCode: 1,
      said: 'cairn: The rotation was cancelled; what was sealed anew stays so. `cairn keys rotate` goes on where it stands; until then everything can be read as before.\n',
    });

    const keys = await document(['keys', 'list']);
    expect(keys).toMatchObject({ epoch: 2, rotation: { done: expect.any(Number), total: expect.any(Number) } });
    const { rotation } = keys as { rotation: { done: number; total: number } }; // matched above
    expect([rotation.done > 0, rotation.done < rotation.total]).toEqual([true, true]);
    expect(await document(['status'])).toMatchObject({ keys: { epoch: 2, rotation } });
    expect(await document(['verify', '--deep'])).toMatchObject({ ok: true, damaged: [] });

    expect(await document(['keys', 'rotate'])).toMatchObject({ epoch: 2 });
    expect(await document(['keys', 'list'])).toMatchObject({ epoch: 2, rotation: null });
    expect(await document(['verify', '--deep'])).toMatchObject({ ok: true, damaged: [] });
  });

  it('again and again in a rotation: it comes to its end all the same', async () => {
    const done: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      expect((await interrupt(['keys', 'rotate'])).exitCode).toBe(1);
      done.push(((await document(['keys', 'list'])) as { rotation: { done: number } }).rotation.done); // it was interrupted
    }

    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(await document(['keys', 'rotate'])).toMatchObject({ epoch: 3 });
    expect(await document(['keys', 'list'])).toMatchObject({ epoch: 3, rotation: null });
  });

  it.each([{ argv: ['verify'] }, { argv: ['verify', '--deep'] }, { argv: ['backup'] }])(
    'in $argv: it says so, changes nothing, and the next one comes to its end',
    async ({ argv }) => {
      expect(await interrupt(argv)).toEqual({
        exitCode: 1,
        said: 'cairn: The work was cancelled; what was done so far stays done.\n',
      });

      expect(
        readdirSync(cairn.home)
          .filter((name) => name === 'backups')
          .flatMap((name) => readdirSync(join(cairn.home, name))),
      ).toEqual([]);
      expect(await document(['verify', '--deep'])).toMatchObject({ ok: true });
      expect(await document(argv)).toBeTruthy();
    },
  );

  it('with --json: its error is the document', async () => {
    const { exitCode, said } = await interrupt(['verify', '--deep', '--json']);

    expect(exitCode).toBe(1);
    expect(JSON.parse(said)).toMatchObject({ error: { code: 'CANCELLED', retryable: true } });
  });

  it('twice: it ends at once, and the vault is whole all the same', async () => {
    const { exitCode } = await interrupt(['keys', 'rotate'], CTRL_C + CTRL_C);

    expect(exitCode).toBe(1);
    expect(await document(['verify', '--deep'])).toMatchObject({ ok: true, damaged: [] });
    expect(await document(['keys', 'rotate'])).toMatchObject({ epoch: 4 });
  });
});
