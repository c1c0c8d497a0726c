import { describe, expect, it } from 'vitest';

import { runCairn } from './test-shell.ts';

describe('runCli()', () => {
  it.each([
    [['nonsense']],
    [['list', '--nonsense']],
    [['list', '--limit', 'ten']],
    [['capture', 'extra']],
    [['checkpoint']],
    [['keys']],
    [['keys', 'nonsense']],
    [['--password', 'x', 'list']],
    [['--home']],
  ])('%j is wrong usage, in one clear line', async (argv) => {
    const { exitCode, stdout, stderr } = await runCairn(argv);

    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^cairn: [A-Z][^\n]+ See `cairn[^`]*--help`\.\n$/);
  });

  it('gives wrong usage as a document too', async () => {
    const { exitCode, json } = await runCairn(['lst', '--json']);

    expect(exitCode).toBe(2);
    expect(json()).toMatchObject({
      error: { code: 'USAGE_INVALID', message: expect.stringContaining('Did you mean list?') },
    });
  });

  it.each([[[]], [['--help']], [['help']], [['help', 'keys']], [['keys', 'rotate', '--help']], [['--version']]])(
    '%j is no failure',
    async (argv) => {
      const { exitCode, stderr, stdout } = await runCairn(argv);

      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).not.toBe('');
    },
  );

  it('prints the exit codes in every help text', async () => {
    const { stdout } = await runCairn(['help', 'restore']);

    expect(stdout).toContain('--dry-run');
    expect(stdout).toContain('3 vault locked or wrong password');
  });

  it('takes the options of all commands before and after a command', async () => {
    const before = await runCairn(['--json', 'list', '--limit', '3']);
    const after = await runCairn(['list', '--limit', '3', '--json']);

    expect(before.json()).toEqual(after.json());
  });
});
