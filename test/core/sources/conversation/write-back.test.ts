import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  planWrites,
  removeWritten,
  writeFiles,
  type WrittenFile,
} from '../../../../src/core/sources/conversation/write-back.ts';
import type { RestoreContext } from '../../../../src/core/sources/source.ts';
import { aConversation } from '../../../support/captures.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeRestoreContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';

const MIB = 1024 * 1024;
/** Longer than a piece, and not of whole ones. */
const LONG = Buffer.alloc(9 * MIB + 5, 'a line of a transcript\n');

function workshop(content: Buffer) {
  const folder = makeTemporaryFolder();
  const root = join(folder.path, 'projects');
  const path = join(root, 'api', 'talk.jsonl');
  const item = aConversation('talk', content.toString('latin1'));
  const context = makeRestoreContext(makeTestHost(folder.path), folder.path, [item]);
  const asked: number[] = [];
  const counting: RestoreContext = {
    ...context,
    readStream: async (...values) => {
      const piece = await context.readStream(...values);
      asked.push(piece.length);
      return piece;
    },
  };
  const [stored] = toSnapshotItems([item]).items;
  if (stored === undefined) throw new Error('there is one item');
  const places = [{ stream: 'transcript', path, isMain: true }];
  const plan = () => planWrites(stored, places, counting);
  const write = async (): Promise<WrittenFile[]> => {
    const writes = await plan();
    const written: WrittenFile[] = [];
    for await (const file of writeFiles(stored.key, writes ?? [], root, counting)) written.push(file);
    return written;
  };
  return { folder, root, path, plan, write, asked, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

describe('writeFiles()', () => {
  it('brings a long transcript back in pieces, and takes it away again', async () => {
    using test = workshop(LONG);
    const written = await test.write();
    expect(readFileSync(test.path).equals(LONG)).toBe(true);
    expect(statSync(test.path).mode & 0o777).toBe(0o600);
    expect(Math.max(...test.asked)).toBeLessThanOrEqual(8 * MIB);
    expect(removeWritten(written, test.root)).toBe(1);
    expect(statSync(test.path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('takes away what a killed restore left beside it, and nothing else', async () => {
    using test = workshop(Buffer.from('a line\n'));
    const folder = join(test.root, 'api');
    mkdirSync(folder, { recursive: true });
    // Above what Linux gives out: of a process that has ended. Our own number: of one that had it before.
    const left = [`talk.jsonl.cairn-4194400`, `talk.jsonl.cairn-${process.pid}`];
    const kept = ['other.jsonl.cairn-4194400', 'talk.jsonl.cairn-notes', `talk.jsonl.cairn-${process.ppid}`];
    for (const name of [...left, ...kept]) writeFileSync(join(folder, name), 'half');
    mkdirSync(join(folder, 'talk.jsonl.cairn-4194401'));

    await test.write();

    expect(readdirSync(folder).toSorted()).toEqual([...kept, 'talk.jsonl', 'talk.jsonl.cairn-4194401'].toSorted());
  });

  it('completes a file of which the beginning is there, whatever its length', async () => {
    for (const present of [8 * MIB, 8 * MIB + 1]) {
      using test = workshop(LONG);
      mkdirSync(join(test.root, 'api'), { recursive: true });
      writeFileSync(test.path, LONG.subarray(0, present));
      const written = await test.write();
      expect(readFileSync(test.path).equals(LONG)).toBe(true);
      removeWritten(written, test.root);
      expect(statSync(test.path).size).toBe(present);
    }
  });

  it('leaves a file alone that differs late, and one that is longer', async () => {
    using test = workshop(LONG);
    mkdirSync(join(test.root, 'api'), { recursive: true });
    const other = Buffer.from(LONG.subarray(0, 9 * MIB));
    other[other.length - 1] = 0;
    writeFileSync(test.path, other);
    expect(await test.plan()).toBeNull();
    writeFileSync(test.path, Buffer.concat([LONG, Buffer.from('more')]));
    expect(await test.plan()).toEqual([]);
  });

  it('refuses a folder that leads out', async () => {
    using test = workshop(Buffer.from('short\n'));
    mkdirSync(test.root, { recursive: true });
    symlinkSync(test.folder.path, join(test.root, 'api'));
    await expect(test.write()).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });
});
