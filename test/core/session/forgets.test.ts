// What a lock leaves behind, looked for from outside: in a heap snapshot (every string and object that still lives), and for keys in every
// writable byte of the process (what was freed without being overwritten too).

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { expect, it } from 'vitest';

import { deriveKey, openSealedBytes } from '../../../src/core/crypto/cipher.ts';
import { openKeySlot } from '../../../src/core/crypto/key-slot.ts';
import { parseHeader } from '../../../src/core/vault/keyring/header.ts';
import { readSidecar } from '../../../src/core/vault/keyring/sidecar.ts';
import { openTestVault, TEST_PASSWORD, type TestVault } from '../../support/test-vault.ts';
import { bundledPath } from '../../support/worker-path.ts';

const WORD = 'canary-7c41e9d2';
const CHUNK_BYTES = 16 * 1024 * 1024;
/** A found pattern may lie across two chunks. */
const OVERLAP_BYTES = 256;

const backwards = (text: string): string => Array.from(text).toReversed().join('');

/** The keys that open everything: the vault key, each epoch's, and what they wrap with. */
async function keysOf(test: TestVault): Promise<Record<string, Buffer>> {
  const copy = parseHeader(readSidecar(`${test.path}.keys`)?.header ?? Buffer.alloc(0));
  if (copy === null) throw new Error('no header');
  const { header } = copy;
  const vaultId = Buffer.from(header.vaultId, 'base64');
  const slot = header.slots.find(({ type }) => type === 'password');
  if (slot === undefined) throw new Error('no password slot');
  const opened = await openKeySlot(slot, vaultId, { type: 'password', text: TEST_PASSWORD });
  if (opened.result !== 'opened') throw new Error(opened.result);
  const wrapKey = deriveKey(opened.vaultKey, 'cairn epoch wrap v1');
  const keys: Record<string, Buffer> = {
    'the vault key': Buffer.from(opened.vaultKey.dangerouslyExportBytes()),
    'the wrapping key': Buffer.from(wrapKey.dangerouslyExportBytes()),
  };
  for (const { epoch, wrappedKey } of header.epochs) {
    const aad = Buffer.concat([vaultId, Buffer.from(`epoch ${epoch}`, 'utf8')]);
    const key = openSealedBytes(wrapKey, Buffer.from(wrappedKey, 'base64'), aad);
    if (key === null) throw new Error('no epoch key');
    keys[`the key of epoch ${epoch}`] = key;
  }
  return keys;
}

/** The names of the patterns that stand in writable memory of the process. */
function findInMemory(pid: number, patterns: Readonly<Record<string, Buffer>>): string[] {
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (match === null) continue;
      const end = Number.parseInt(match[2] ?? '', 16);
      for (let at = Number.parseInt(match[1] ?? '', 16); at < end; at += CHUNK_BYTES - OVERLAP_BYTES) {
        const length = readAt(memory, chunk, Math.min(CHUNK_BYTES, end - at), at);
        const bytes = chunk.subarray(0, length);
        for (const [name, pattern] of Object.entries(patterns)) if (bytes.includes(pattern)) found.add(name);
      }
    }
  } finally {
    closeSync(memory);
  }
  return [...found].toSorted();
}

function readAt(file: number, into: Buffer, length: number, at: number): number {
  try {
    return readSync(file, into, 0, length, at);
  } catch {
    return 0; // a mapping that cannot be read, or is gone again
  }
}

it.runIf(process.platform === 'linux')(
  'a lock forgets: neither password, recovery key nor captured text lives on, and no byte of a key is left anywhere in memory',
  async () => {
    await using test = await openTestVault();
    await test.vault.close();
    const keys = await keysOf(test);
    const argv = [test.folder, ...[TEST_PASSWORD, test.recoveryKey, WORD].map(backwards)];
    const child = spawn(
      process.execPath,
      ['--expose-gc', '--no-memory-protection-keys', bundledPath('locking-process'), ...argv],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } },
    );
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async (): Promise<unknown> => (await lines.next()).value;
      const writeHeap = async (): Promise<string> => {
        const path = join(test.folder, 'left.heapsnapshot');
        child.stdin.write(`${path}\n`);
        expect(await next()).toBe('written');
        return readFileSync(path, 'utf8');
      };
      expect(await next()).toBe('unlocked');
      const pid = child.pid ?? 0;
      const inUse = findInMemory(pid, keys);
      const opened = await writeHeap();
      expect(await next()).toBe('locked');
      const inMemory = findInMemory(pid, { ...keys, control: Buffer.from(backwards(WORD)) });
      const locked = await writeHeap();

      const secrets = { password: TEST_PASSWORD, 'recovery key': test.recoveryKey };
      const found = (heap: string, words: Readonly<Record<string, string>>): string[] =>
        Object.entries(words).flatMap(([name, word]) => (heap.includes(word) ? [name] : []));
      expect({
        'the vault worker, open': found(opened, secrets),
        'the main thread, locked': found(locked, { ...secrets, 'captured text': WORD }),
        'memory, open': inUse,
        'memory, locked': inMemory,
        'the same search, for what is there': found(locked, { control: backwards(WORD) }),
      }).toEqual({
        'the vault worker, open': [],
        'the main thread, locked': [],
        'memory, open': Object.keys(keys).toSorted(),
        'memory, locked': ['control'],
        'the same search, for what is there': ['control'],
      });
    } finally {
      child.kill('SIGKILL');
    }
  },
);
