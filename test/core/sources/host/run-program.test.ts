import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createRunProgram, type RunProgram } from '../../../../src/core/sources/host/run-program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';

const BASE = { PATH: process.env['PATH'], GREETING: 'hello', HIDDEN: 'not for programs' };

/** What differs by how a program is started must not show: every rule holds for both ways. */
describe.each([
  { way: 'by itself', onlyAnswers: false },
  { way: 'from the shell that stays', onlyAnswers: true },
])('a program that is started $way', ({ onlyAnswers }) => {
  let folder: TemporaryFolder;
  let program: RunProgram;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    const run = createRunProgram(BASE);
    program = (file, args, options) => run(file, args, { ...options, onlyAnswers });
  });
  afterEach(() => folder[Symbol.dispose]());

  const script = (text: string, options: Parameters<RunProgram>[2] = {}) => program('sh', ['-c', text], options);

  it('gives its exit code and both outputs to the byte', async () => {
    const { exitCode, stdout, stderr } = await script(`printf 'a\\000b\\377'; printf 'no line end' >&2; exit 3`);

    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 3,
      stdout: Buffer.from([97, 0, 98, 255]),
      stderr: Buffer.from('no line end'),
    });
  });

  it('gives nothing where it writes nothing, and what is large whole', async () => {
    expect((await program('true', [])).stdout).toHaveLength(0);
    const large = await script('head -c 3000000 /dev/zero');

    expect(large.stdout).toHaveLength(3_000_000);
    expect(large.stdout.every((byte) => byte === 0)).toBe(true);
  });

  it('gets whatever words as they are', async () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
        const { stdout } = await program('printf', ['%s\\0', ...words]);
        expect(stdout.toString()).toBe(`${words.join('\0')}\0`);
      }),
      { numRuns: 40, examples: [[["it's", '$(touch x)', '`x`', 'a\nb', '\\', '"', '-e', '*', '\u001b[31m']]] },
    );
  });

  it('gets the variables it is given, and none that are taken away or were not given', async () => {
    const { stdout } = await program('env', [], { env: { OWN: "it's\n$OWN", GREETING: undefined } });

    const lines = stdout.toString().split('\n');
    expect(lines).toEqual(expect.arrayContaining(["OWN=it's", '$OWN', 'HIDDEN=not for programs', 'LC_ALL=C.UTF-8']));
    expect(lines.filter((line) => /^(?:GREETING|HOME|PWD|OLDPWD)=/.test(line))).toEqual([]);
    // The next one has nothing of the one before.
    expect((await program('env', [])).stdout.toString()).toContain('GREETING=hello');
    expect((await program('env', [])).stdout.toString()).not.toContain('OWN=');
  });

  it('stands where it is told to, and where Cairn does otherwise', async () => {
    const strange = join(folder.path, "a 'strange' -n folder");
    mkdirSync(strange);

    expect((await program('pwd', ['-P'], { cwd: strange })).stdout.toString()).toBe(`${strange}\n`);
    expect((await program('pwd', ['-P'])).stdout.toString()).toBe(`${process.cwd()}\n`);
  });

  it('has no input to wait for', async () => {
    expect((await program('cat', [], { timeoutMs: 5_000 })).exitCode).toBe(0);
  });

  it.each([
    ['a program that is not there', 'no-such-program', {}],
    ['a folder that is not there', 'true', { cwd: '/nowhere/at/all' }],
  ])('is refused for %s', async (_, file, options) => {
    await expect(program(file, [], options)).rejects.toMatchObject({ code: 'EXEC_FAILED' });
    expect((await program('true', [])).exitCode).toBe(0);
  });

  it('is stopped after its time, with what it started, and the next one runs', async () => {
    const mark = join(folder.path, 'late');

    await expect(script(`(sleep 1; touch ${mark}) & wait`, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'EXEC_TIMEOUT',
      isRetryable: true,
    });
    expect((await script('echo on')).stdout.toString()).toBe('on\n');
    // By itself only the program is killed; what it started may go on.
    if (!onlyAnswers) return;
    await sleep(1_200);
    expect(existsSync(mark)).toBe(false);
  });

  it('is stopped when the work is cancelled', async () => {
    const stop = new AbortController();
    const running = program('sleep', ['20'], { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);

    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(program('true', [], { signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('is stopped where it writes more than it may, and not where it writes just that', async () => {
    expect((await script('head -c 1000 /dev/zero', { maxOutputBytes: 1000 })).stdout).toHaveLength(1000);
    await expect(script('yes', { maxOutputBytes: 1000 })).rejects.toMatchObject({ code: 'EXEC_FAILED' });
  });

  it('is one of many at once, each with its own answer', async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index);

    const answers = await Promise.all(numbers.map((number) => script(`sleep 0.0${number % 3}; echo ${number}`)));

    expect(answers.map(({ stdout }) => Number(stdout.toString()))).toEqual(numbers);
  });
});

describe.runIf(process.platform === 'linux')('the shell that stays', () => {
  it('is one for programs that follow each other, has no terminal, and starts anew when it was killed', async () => {
    const run = createRunProgram(BASE);
    const parentOf = async (): Promise<number> =>
      Number((await run('sh', ['-c', 'echo $PPID'], { onlyAnswers: true })).stdout.toString());

    const shell = await parentOf();
    expect(await parentOf()).toBe(shell);
    const fields = readFileSync(`/proc/${shell}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    expect({ parent: Number(fields[1]), session: Number(fields[3]), terminal: Number(fields[4]) }).toEqual({
      parent: process.pid,
      session: shell,
      terminal: 0,
    });

    process.kill(shell, 'SIGKILL');
    expect(await parentOf()).not.toBe(shell);
  });

  it('ends with the process that started it, and does not keep it', async () => {
    const module = join(process.cwd(), 'src/core/sources/host/run-program.ts');
    const program = `import { createRunProgram } from ${JSON.stringify(module)};
      const { stdout } = await createRunProgram({ PATH: process.env.PATH })('sh', ['-c', 'echo $PPID'], { onlyAnswers: true });
      process.stdout.write(stdout);`;

    const shell = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    }).trim();

    expect(Number(shell)).toBeGreaterThan(1);
    // It learns of it a moment later; who takes over orphans may let it lie for a while.
    await vi.waitFor(() => expect(['', 'Z']).toContain(stateOf(shell)), { timeout: 10_000 });
  });
});

/** The letter of the process' state; nothing where there is none. */
function stateOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0] ?? '';
  } catch {
    return '';
  }
}
