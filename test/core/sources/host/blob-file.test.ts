import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MAX_BLOB_BYTES, readBlobFile } from '../../../../src/core/sources/host/blob-file.ts';
import { text } from '../../../support/captures.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';

describe('readBlobFile()', () => {
  let folder: TemporaryFolder;
  let path: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    path = join(folder.path, 'session.json');
    writeFileSync(path, '{"a":1}');
  });

  afterEach(() => folder[Symbol.dispose]());

  it('hands the file over whole, in memory of its own, and again only when it has changed', () => {
    const first = readBlobFile(path, 'session', undefined, 1000);
    if (first?.stream.content.type !== 'whole') throw new Error('not whole');
    expect(text(first.stream.content.bytes)).toBe('{"a":1}');
    expect(first.stream.content.bytes.buffer.byteLength).toBe(7);

    const known = { version: first.stream.version, sizeBytes: 7 };
    expect(readBlobFile(path, 'session', known, 0)).toMatchObject({
      stream: { content: { type: 'unchanged' } },
      readBytes: 0,
      isCurrent: true,
    });
    writeFileSync(path, '{"a":12}');
    expect(readBlobFile(path, 'session', known, 1000)).toMatchObject({ stream: { kind: 'blob' }, readBytes: 8 });
  });

  it('keeps what is stored where there is no room, and gives nothing where nothing is', () => {
    const known = { version: 'earlier', sizeBytes: 3 };

    expect(readBlobFile(path, 'session', known, 6)).toEqual({
      stream: { name: 'session', kind: 'blob', version: 'earlier', content: { type: 'unchanged' } },
      readBytes: 0,
      isCurrent: false,
    });
    expect(readBlobFile(path, 'session', undefined, 6)).toBeNull();
  });

  it('refuses what is too large or no file', () => {
    truncateSync(path, MAX_BLOB_BYTES + 1);
    expect(statSync(path).size).toBeGreaterThan(MAX_BLOB_BYTES);
    mkdirSync(join(folder.path, 'folder'));

    expect(() => readBlobFile(path, 'session', undefined, 1000)).toThrow('it is larger than 32 MB');
    for (const maxBytes of [0, 10_000_000])
      expect(() => readBlobFile(join(folder.path, 'folder'), 'session', undefined, maxBytes)).toThrow('a folder');
  });
});
