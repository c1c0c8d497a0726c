import { describe, expect, it } from 'vitest';

import { isVimName, namedFiles } from '../../../../src/core/sources/vim/vim-processes.ts';

describe('isVimName()', () => {
  it.each(['vim', 'vi', 'view', 'gvim', 'rvim', 'ex', 'vimdiff', 'vim.nox', 'vim.basic', 'vim.tiny'])(
    'knows %s',
    (name) => {
      expect(isVimName(name)).toBe(true);
    },
  );

  it.each(['nvim', 'vimtutor', 'vidir', 'vim.', 'neovim', 'evince', 'viewer'])('does not take %s for one', (name) => {
    expect(isVimName(name)).toBe(false);
  });
});

describe('namedFiles()', () => {
  it.each([
    { argv: ['vim'], files: [] },
    { argv: ['vim', 'a', '/b/../c'], files: ['/w/a', '/c'] },
    { argv: ['vim', '-p', '+12', '-c', 'set nu', 'a', '-u', 'NONE', 'b'], files: ['/w/a', '/w/b'] },
    { argv: ['vim', '--cmd', 'x', '--', '-p', '+3'], files: ['/w/-p', '/w/+3'] },
    { argv: ['vim', '-'], files: ['/w/-'] },
    { argv: ['vim', '-c'], files: [] },
  ])('reads $argv', ({ argv, files }) => {
    expect(namedFiles(argv, '/w')).toEqual(files);
  });
});
