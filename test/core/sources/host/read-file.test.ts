import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readRegularFile, whyUnreadable } from '../../../../src/core/sources/host/read-file.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let path: string;

beforeEach(() => {
  folder = makeTemporaryFolder();
  path = join(folder.path, 'file');
});
afterEach(() => folder[Symbol.dispose]());

function reason(maxBytes = 100): string {
  try {
    readRegularFile(path, maxBytes);
    return 'read';
  } catch (error) {
    return whyUnreadable(error);
  }
}

describe('readRegularFile()', () => {
  it('reads a file to the byte, an empty one and one behind a link too', () => {
    const bytes = Buffer.from([0, 255, 13, 10]);
    writeFileSync(path, bytes);
    writeFileSync(`${path}.empty`, '');
    symlinkSync(path, `${path}.link`);

    expect(readRegularFile(path, 4)).toEqual(bytes);
    expect(readRegularFile(`${path}.empty`, 0)).toEqual(Buffer.alloc(0));
    expect(readRegularFile(`${path}.link`, 4)).toEqual(bytes);
  });

  it.each([
    { name: 'nothing', make: () => undefined, why: 'it is not there' },
    { name: 'a folder', make: () => mkdirSync(path), why: 'a folder stands in its place' },
    {
      name: 'a pipe that nobody writes to',
      make: () => execFileSync('mkfifo', [path]),
      why: 'a pipe stands in its place',
    },
    {
      name: 'a device without end',
      make: () => symlinkSync('/dev/zero', path),
      why: 'something that is no file stands in its place',
    },
    { name: 'a link in a circle', make: () => symlinkSync(path, path), why: 'reading it failed (ELOOP)' },
    {
      name: 'a file that is too large',
      make: () => writeFileSync(path, Buffer.alloc(101)),
      why: 'it is larger than 1 MB',
    },
  ])('refuses $name at once, and says so', ({ make, why }) => {
    make();

    expect(reason()).toBe(why);
  });

  it.each([
    { code: 'EACCES', why: 'it may not be read (EACCES)' },
    { code: 'EPERM', why: 'it may not be read (EPERM)' },
    { code: 'EIO', why: 'the disk reported an error (EIO)' },
    { code: 'EMFILE', why: 'reading it failed (EMFILE)' },
  ])('says $code in words, without the path', ({ code, why }) => {
    expect(whyUnreadable(Object.assign(new Error(`${code}: open '/home/dev/secret'`), { code }))).toBe(why);
  });

  it('says that it does not know of anything else', () => {
    expect(whyUnreadable(new TypeError('secret'))).toBe('reading it failed (unknown reason)');
  });
});
