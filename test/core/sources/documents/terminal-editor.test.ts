import { describe, expect, it } from 'vitest';

import type { OpenTarget } from '../../../../src/core/sources/documents/restore-documents.ts';
import { openArguments, openCommandOf } from '../../../../src/core/sources/documents/terminal-editor.ts';
import { parseSourceId } from '../../../../src/shared/model/ids.ts';
import { key } from '../../../support/captures.ts';
import { aStoredItem } from '../../../support/previews.ts';

const OPTIONS = { source: parseSourceId('neovim'), programs: ['nvim'], isProgram: (name: string) => name === 'nvim' };

function aTarget(path: string, more: Partial<OpenTarget> = {}): OpenTarget {
  return { path, isActive: false, ...more };
}

function aDocument(path: string, line: number) {
  return aStoredItem({
    key: key(`neovim:${path}`),
    kind: 'document',
    attributes: { path, name: 'x', editor: 'Neovim', line },
  });
}

describe('openArguments()', () => {
  it.each([
    { name: 'a file whose place is not known', targets: [aTarget('/a')], expected: ['--', '/a'] },
    { name: 'a line', targets: [aTarget('/a', { line: 12 })], expected: ['+12', '--', '/a'] },
    {
      name: 'a column',
      targets: [aTarget('/a', { line: 12, column: 3 })],
      expected: ['+call cursor(12,3)', '--', '/a'],
    },
    {
      name: 'a window among files that are not shown',
      targets: [
        aTarget('/hidden', { line: 4 }),
        aTarget('/a', { windows: [{ tab: 1, place: 1, line: 7, column: 1 }] }),
      ],
      expected: ['+7', '--', '/a', '/hidden'],
    },
    {
      name: 'tabs and windows, one file in two of them, by numbers only',
      targets: [
        aTarget('/b', { windows: [{ tab: 3, place: 1, line: 1, column: 1 }], isActive: true }),
        aTarget('/a', {
          windows: [
            { tab: 1, place: 1, line: 5, column: 2, split: 'row' },
            { tab: 1, place: 2, line: 9, column: 1, split: 'row' },
          ],
        }),
      ],
      expected: [
        '-c',
        'silent! call cursor(5,2)|silent! vertical belowright sargument 1|silent! call cursor(9,1)|silent! tab sargument 2|silent! call cursor(1,1)|silent! tabnext 2|silent! 1wincmd w',
        '--',
        '/a',
        '/b',
      ],
    },
  ])('gives $name', ({ targets, expected }) => {
    expect(openArguments('nvim', targets)).toEqual(['nvim', ...expected]);
  });

  it('never puts a name where the editor would read a command', () => {
    const name = '/tmp/$(x) | !y `z` +q -c';
    const windows = [1, 2].map((tab) => ({ tab, place: 1, line: 1, column: 1 }));
    const [, , script, ...words] = openArguments('nvim', [aTarget(name, { windows })]);

    expect(script).not.toContain('x');
    expect(words).toEqual(['--', name]);
  });
});

describe('openCommandOf()', () => {
  const documents = [aDocument('/w/a', 3), aDocument('/w/b', 1)];
  const terminal = (argv: readonly string[]) => aStoredItem({ attributes: { argv, cwd: '/w' } });

  it.each([{ argv: ['nvim', 'a'] }, { argv: ['/usr/bin/nvim', '-p', '+12', '--', 'a', 'b'] }, { argv: ['nvim'] }])(
    'takes the place of $argv',
    ({ argv }) => {
      expect(openCommandOf(OPTIONS, documents, terminal(argv))).toEqual({
        argv: [argv[0], '+3', '--', '/w/a', '/w/b'],
        cwd: '/w',
      });
    },
  );

  it('keeps the options with which the user starts the editor', () => {
    const argv = ['nvim', '-u', 'NONE', '-n', '--cmd', 'set x', '-O2', 'a', '--', '-S'];
    expect(openCommandOf(OPTIONS, documents, terminal(argv))?.argv).toEqual([
      ...['nvim', '-u', 'NONE', '-n', '--cmd', 'set x'],
      ...['+3', '--', '/w/a', '/w/b'],
    ]);
  });

  it.each([
    { argv: ['nvim', '+set nu', 'a'] },
    { argv: ['nvim', '-S', 'Session.vim'] },
    { argv: ['nvim', '-d', 'a', 'b'] },
    { argv: ['git', 'commit'] },
    { argv: [] },
  ])('leaves $argv as it was', ({ argv }) => {
    expect(openCommandOf(OPTIONS, documents, terminal(argv))).toBeUndefined();
  });
});
