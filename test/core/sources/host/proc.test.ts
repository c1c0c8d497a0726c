import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  createProcessLook,
  parseProcessStat,
  readArguments,
  readBootId,
  readOwner,
  readProcess,
  readProcesses,
  readProcessVariable,
  readWorkingDirectory,
} from '../../../../src/core/sources/host/proc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { PTS_0, writeProcess } from './fake-proc.ts';

describe('reading /proc', () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = makeTemporaryFolder();
  });

  afterEach(() => folder[Symbol.dispose]());

  it('tells a process with a name of blanks and parentheses by its numbers', () => {
    writeProcess(folder.path, {
      pid: 7,
      parentPid: 3,
      group: 5,
      session: 4,
      foreground: 6,
      startTime: 99,
      name: 'a) R (b',
    });

    expect(readProcess(folder.path, 7)).toEqual({
      pid: 7,
      parentPid: 3,
      processGroup: 5,
      sessionId: 4,
      ttyNumber: PTS_0,
      foregroundGroup: 6,
      startTime: 99,
      childFaults: 55,
      name: 'a) R (b',
      isZombie: false,
    });
  });

  it('skips what is no process and what has ended', () => {
    writeProcess(folder.path, { pid: 7 });
    mkdirSync(join(folder.path, '8'));
    mkdirSync(join(folder.path, 'self'));
    writeFileSync(join(folder.path, 'uptime'), '1');

    expect(readProcesses({ procDir: folder.path }).map(({ pid }) => pid)).toEqual([7]);
    expect(readProcess(folder.path, 8)).toBeNull();
    expect(readArguments({ procDir: folder.path }, 8)).toEqual([]);
    expect(readWorkingDirectory(folder.path, 8)).toBeNull();
    expect(readOwner(folder.path, 9)).toBeNull();
    expect(readBootId(folder.path)).toBe('');
  });

  it('is looked at once by all who hold the same look, when it is first asked', () => {
    const procDir = folder.path;
    const look = createProcessLook(procDir);
    writeProcess(procDir, { pid: 7, argv: ['vi', 'a'] });
    expect(readProcesses({ procDir, look }).map(({ pid }) => pid)).toEqual([7]);
    expect(look.argumentsOf(7)).toEqual(['vi', 'a']);

    writeFileSync(join(procDir, '7', 'cmdline'), 'vi\0b\0');
    writeProcess(procDir, { pid: 8 });

    expect(readProcesses({ procDir, look }).map(({ pid }) => pid)).toEqual([7]);
    expect(look.argumentsOf(7)).toEqual(['vi', 'a']);
    expect(readProcesses({ procDir }).map(({ pid }) => pid)).toEqual([7, 8]);
  });

  it('keeps empty and odd words apart', () => {
    writeProcess(folder.path, { pid: 7, argv: ['git', 'commit', '-m', '', 'a\nb'] });

    expect(readArguments({ procDir: folder.path }, 7)).toEqual(['git', 'commit', '-m', '', 'a\nb']);
  });

  it('tells a deleted folder from one that is called so', () => {
    const named = join(folder.path, 'x (deleted)');
    mkdirSync(named);
    writeProcess(folder.path, { pid: 7, cwd: named });
    writeProcess(folder.path, { pid: 8, cwd: join(folder.path, 'gone (deleted)') });

    expect(readWorkingDirectory(folder.path, 7)).toEqual({ path: named, isDeleted: false });
    expect(readWorkingDirectory(folder.path, 8)).toEqual({ path: join(folder.path, 'gone'), isDeleted: true });
  });

  it('gives one variable and never its neighbours', () => {
    writeProcess(folder.path, { pid: 7, env: 'A=1\0NOTHOME=x\0HOME=/home/dev\0EMPTY=\0LAST=a=b' });

    expect(readProcessVariable(folder.path, 7, 'A')).toBe('1');
    expect(readProcessVariable(folder.path, 7, 'HOME')).toBe('/home/dev');
    expect(readProcessVariable(folder.path, 7, 'EMPTY')).toBe('');
    expect(readProcessVariable(folder.path, 7, 'LAST')).toBe('a=b');
    expect(readProcessVariable(folder.path, 7, 'OME')).toBeNull();
    expect(readProcessVariable(folder.path, 8, 'HOME')).toBeNull();
  });

  it('finds every variable of any environment', () => {
    const variable = fc.record({ name: fc.stringMatching(/^[A-Z_]{1,6}$/), value: fc.string() });
    fc.assert(
      fc.property(
        fc.uniqueArray(variable, { selector: ({ name }) => name }),
        fc.integer({ min: 1, max: 1e6 }),
        (variables, pid) => {
          const env = variables.map(({ name, value }) => `${name}=${value.replaceAll('\0', '')}\0`).join('');
          const place = join(folder.path, String(Math.random()));
          writeProcess(place, { pid, env });
          for (const { name, value } of variables) {
            expect(readProcessVariable(place, pid, name)).toBe(value.replaceAll('\0', ''));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes any stat', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseProcessStat(text);
        parseProcessStat(`1 (${text}) S ${text}`);
      }),
    );
  });
});
