import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { IgnoreFiles } from '../../../../src/core/capture/rules/ignore-files.ts';
import { parseIgnoreFile } from '../../../../src/core/capture/rules/parse-ignore-file.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';

function hidden(text: string, paths: readonly string[]): string[] {
  const matches = parseIgnoreFile(text, { isCaseSensitive: true });
  return paths.filter((path) => matches(path));
}

describe('parseIgnoreFile()', () => {
  const PATHS = ['', 'a', 'keys', 'keys/one', 'src/keys', 'src/keys/one', 'src/a.pem', 'notes.md', '.env', 'build'];

  it.each([
    { name: 'nothing written', text: '', rest: [] },
    { name: 'remarks only', text: '# nothing of this\n\n   \n', rest: [] },
    { name: 'a name, at any depth', text: 'keys\n', rest: ['', 'a', 'src/a.pem', 'notes.md', '.env', 'build'] },
    { name: 'a folder', text: 'keys/\r\n', rest: ['', 'a', 'src/a.pem', 'notes.md', '.env', 'build'] },
    {
      name: 'a name that is tied to the folder',
      text: '/keys',
      rest: PATHS.filter((path) => !path.startsWith('keys')),
    },
    { name: 'a path', text: 'src/keys', rest: PATHS.filter((path) => !path.startsWith('src/keys')) },
    { name: 'an ending', text: '*.pem', rest: PATHS.filter((path) => !path.endsWith('.pem')) },
    { name: 'dot files', text: '.*', rest: PATHS.filter((path) => path !== '.env') },
    { name: 'everything', text: '*', rest: [] },
    { name: 'everything but one', text: '*\n!notes.md', rest: ['notes.md'] },
    {
      name: 'nothing again below what is hidden',
      text: 'src\n!src/a.pem',
      rest: PATHS.filter((p) => !p.startsWith('src')),
    },
    { name: 'brackets that do not match', text: 'a[b', rest: [] },
    { name: 'any number of folders', text: 'src/**/one', rest: PATHS.filter((path) => path !== 'src/keys/one') },
    { name: 'letters of a set', text: '[!a-mn.s]*', rest: PATHS.filter((path) => !path.endsWith('one')) },
    { name: 'one letter', text: '/?', rest: PATHS.filter((path) => path !== 'a') },
    { name: 'escaped signs', text: '\\#a\n\\!b', rest: PATHS },
    { name: 'too much', text: 'x\n'.repeat(2_000), rest: [] },
  ])('$name', ({ text, rest }) => {
    expect(PATHS.filter((path) => !hidden(text, PATHS).includes(path))).toEqual(rest);
  });

  it('never throws, whatever stands there', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (text, path) => {
        expect(typeof parseIgnoreFile(text, { isCaseSensitive: true })(path)).toBe('boolean');
      }),
    );
  });

  it('takes time in proportion to what it reads', { timeout: 10_000 }, () => {
    const text = `${'*a'.repeat(60)}b\n`.repeat(20);

    expect(hidden(text, [`${'a'.repeat(200)}/${'a'.repeat(200)}`])).toEqual([]);
  });
});

describe('IgnoreFiles', () => {
  let folder: TemporaryFolder;
  let files: IgnoreFiles;
  let at: (path: string) => string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    files = new IgnoreFiles('linux');
    at = (path) => join(folder.path, path);
    for (const path of ['client/work/deep', 'open/inner']) mkdirSync(at(path), { recursive: true });
  });
  afterEach(() => folder[Symbol.dispose]());

  it('hides what lies in and below a folder with an empty file, there or gone, and nothing beside it', () => {
    writeFileSync(at('client/.cairnignore'), '');

    expect(
      ['client', 'client/work/deep', 'client/gone/long/ago', 'client/work (deleted)', 'client/x/../work'].map((path) =>
        files.isIgnored(at(path)),
      ),
    ).toEqual([true, true, true, true, true]);
    expect(['open', 'clients', 'client/../open', '.'].map((path) => files.isIgnored(at(path)))).toEqual(
      Array.from({ length: 4 }, () => false),
    );
    expect(['relative', '', '\0', '/'].map((path) => files.isIgnored(path))).toEqual([false, false, false, false]);
  });

  it('follows links into such a folder', () => {
    writeFileSync(at('client/.cairnignore'), '');
    symlinkSync(at('client/work'), at('open/link'));

    expect(files.isIgnored(at('open/link'))).toBe(true);
    expect(files.isIgnored(at('open/link/deep'))).toBe(true);
  });

  it('lets no file below show what one above hides', () => {
    writeFileSync(at('client/.cairnignore'), 'deep\n');
    writeFileSync(at('client/work/.cairnignore'), '!deep\nnotes.md\n');

    expect(files.isIgnored(at('client/work/deep'))).toBe(true);
    expect(files.isIgnored(at('client/work/notes.md'))).toBe(true);
    expect(files.isIgnored(at('client/work'))).toBe(false);
  });

  it('hides everything where the file cannot be read as one', () => {
    mkdirSync(at('client/.cairnignore'));
    writeFileSync(at('open/.cairnignore'), `a\n${'#'.repeat(70_000)}`);

    expect([at('client/work'), at('open/inner')].map((path) => files.isIgnored(path))).toEqual([true, true]);
  });

  it('sees a file that comes, changes and goes at the next look, and says so', () => {
    expect(files.isIgnored(at('client/work'))).toBe(false);
    const before = files.refresh();
    writeFileSync(at('client/.cairnignore'), 'other\n');
    const came = files.refresh();
    expect(files.isIgnored(at('client/work'))).toBe(false);
    writeFileSync(at('client/.cairnignore'), 'work\n');
    utimesSync(at('client/.cairnignore'), 1, 1);
    const changed = files.refresh();
    expect(files.isIgnored(at('client/work'))).toBe(true);
    rmSync(at('client/.cairnignore'));
    const went = files.refresh();

    expect(files.isIgnored(at('client/work'))).toBe(false);
    expect(new Set([before, came, changed, went]).size).toBe(4);
    expect(files.refresh()).toBe(went);
  });
});
