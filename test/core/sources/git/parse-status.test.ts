import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseGitStatus, type GitStatus, type StatusEntry } from '../../../../src/core/sources/git/parse-status.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../../../fixtures/git/${name}`, import.meta.url));

function parsed(bytes: Uint8Array): GitStatus {
  const result = parseGitStatus(bytes);
  if (!result.ok) throw new Error(`${result.reason} at ${result.atByte}`);
  return result.status;
}

const name = (entry: StatusEntry): string => entry.path.toString('latin1');

describe('parseGitStatus()', () => {
  it('reads genuine output', () => {
    const status = parsed(fixture('status-porcelain-v2-z.bin'));

    expect({ ...status, entries: status.entries.map((entry) => [entry.type, name(entry)]) }).toEqual({
      head: '7560233b0f7e3a6e690b5c5af2dbc9b6d6ac8e0f',
      branch: 'feature/x',
      upstream: null,
      ahead: 0,
      behind: 0,
      stashes: 1,
      entries: [
        ['changed', 'a.txt'],
        ['changed', 'bin.dat'],
        ['changed', 'del.txt'],
        ['changed', 'ita.txt'],
        ['changed', 'new.txt'],
        ['changed', 'run.sh'],
        ['untracked', 'link'],
        ['untracked', 'nested/'],
        ['untracked', 'new\nline.txt'],
        ['untracked', 'un tracked.txt'],
      ],
    });
    expect(status.entries[0]).toMatchObject({
      inIndex: 'M',
      inWork: 'M',
      isSubmodule: false,
      headOid: 'de980441c3ab03a8c07dda1ad27b8a11f39deb1e',
      indexOid: 'cc099155836370bfeee023cd8d212d6f12c421c6',
    });
    expect(status.entries[4]).toMatchObject({ inIndex: 'R', from: Buffer.from('old.txt') });
  });

  it('reads a conflict with its three stages', () => {
    const [entry] = parsed(fixture('status-conflict-v2-z.bin')).entries;

    expect(entry).toMatchObject({
      type: 'conflict',
      state: 'UU',
      stages: [
        { stage: 1, mode: '100644', oid: 'de980441c3ab03a8c07dda1ad27b8a11f39deb1e' },
        { stage: 2, mode: '100644', oid: 'ba629238ca89489f2b350e196ca445e09d8bb834' },
        { stage: 3, mode: '100644', oid: '43d5a8ed6ef6c00ff775008633f95787d088285d' },
      ],
    });
  });

  it('reads the headers of a branch with an upstream, and ignores headers it does not know', () => {
    const headers = [
      'branch.oid (initial)',
      'branch.head main',
      'branch.upstream o/main',
      'branch.ab +3 -12',
      'new.thing x',
    ];

    expect(parsed(Buffer.from(headers.map((line) => `# ${line}\0`).join('')))).toEqual({
      head: null,
      branch: 'main',
      upstream: 'o/main',
      ahead: 3,
      behind: 12,
      stashes: 0,
      entries: [],
    });
  });

  it('takes a detached HEAD for no branch', () => {
    expect(parsed(Buffer.from('# branch.head (detached)\0')).branch).toBeNull();
  });

  it.each([
    ['a record of an unknown type', 'x abc\0'],
    ['a record without an end', '? abc'],
    ['a rename without its old name', `2 R. N... 100644 100644 100644 ${'a'.repeat(40)} ${'b'.repeat(40)} R100 new\0`],
    ['a change without a path', `1 .M N... 100644 100644 100644 ${'a'.repeat(40)} ${'b'.repeat(40)} \0`],
    ['an oid that is none', `1 .M N... 100644 100644 100644 zz ${'b'.repeat(40)} a\0`],
    ['an untracked file without a name', '? \0'],
  ])('refuses %s', (_name, text) => {
    expect(parseGitStatus(Buffer.from(text))).toMatchObject({ ok: false, atByte: 0 });
  });

  it('gives the very bytes of any path back', () => {
    const path = fc.uint8Array({ minLength: 1, maxLength: 40 }).filter((bytes) => !bytes.includes(0));
    fc.assert(
      fc.property(fc.array(path, { maxLength: 8 }), (paths) => {
        const records = paths.flatMap((bytes, index) => {
          const oids = `${'a'.repeat(40)} ${'b'.repeat(40)}`;
          const head = index % 2 === 0 ? '? ' : `1 M. N... 100644 100644 100644 ${oids} `;
          return [Buffer.from(head), bytes, Buffer.from([0])];
        });
        expect(parsed(Buffer.concat(records)).entries.map((entry) => Buffer.from(entry.path))).toEqual(
          paths.map((bytes) => Buffer.from(bytes)),
        );
      }),
    );
  });

  it('gives a status or a reason for arbitrary, cut and joined bytes', () => {
    const genuine = fixture('status-porcelain-v2-z.bin');
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(genuine.length), (bytes, cut) => {
        for (const input of [bytes, genuine.subarray(0, cut), Buffer.concat([genuine.subarray(cut), bytes])]) {
          const result = parseGitStatus(input);
          if (!result.ok) expect(result.atByte).toBeLessThanOrEqual(input.length);
        }
      }),
    );
  });
});
