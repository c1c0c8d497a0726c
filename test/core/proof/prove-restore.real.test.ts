import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { proveRestore } from '../../../src/core/proof/prove-restore.ts';
import { describeWith, findProgram } from '../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let said: string[];
let temporaryBefore: string | undefined;

beforeEach(() => {
  folder = makeTemporaryFolder();
  said = [];
  mkdirSync(join(folder.path, 'tmp'));
  temporaryBefore = process.env['TMPDIR'];
  process.env['TMPDIR'] = join(folder.path, 'tmp');
});
afterEach(() => {
  if (temporaryBefore === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = temporaryBefore;
  folder[Symbol.dispose]();
});

/** A PATH on which only these programs are. */
function pathWith(...programs: readonly string[]): string {
  const bin = join(folder.path, 'bin');
  mkdirSync(bin);
  for (const program of programs) symlinkSync(program, join(bin, program.slice(program.lastIndexOf('/') + 1)));
  return bin;
}

function prove(path: string | undefined): Promise<boolean> {
  const env = { PATH: path, HOME: folder.path };
  return proveRestore({ env, say: (line) => said.push(line), signal: new AbortController().signal });
}

describeWith(['tmux', 'bash'], 'proveRestore() with tmux', () => {
  it('brings a killed session back with its screen, and leaves nothing behind', async () => {
    expect(await prove(process.env['PATH'])).toBe(true);

    expect(said).toContain('  | this line was captured by Cairn');
    expect(said.join('\n')).toContain('restored from');
    expect(readdirSync(join(folder.path, 'tmp'))).toEqual([]);
    expect(readdirSync(folder.path)).not.toContain('data');
  });
});

describeWith(['git'], 'proveRestore() without tmux', () => {
  it('brings uncommitted work back in a scratch repository', async () => {
    expect(await prove(pathWith(findProgram('git') ?? ''))).toBe(true);

    expect(said).toContain('  | this line was never committed');
    expect(readdirSync(join(folder.path, 'tmp'))).toEqual([]);
  });

  it('says that there is nothing to show it with', async () => {
    expect(await prove(pathWith())).toBe(false);
    expect(said).toEqual(['Neither tmux nor git is installed here, so this step is left out.']);
  });
});
