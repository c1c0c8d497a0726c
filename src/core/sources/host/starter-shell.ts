// Starts short programs from a small shell that stays. Node forks to start a program, which copies the page tables of the whole process:
// some four milliseconds of processor time with a workspace in memory, on either side. A shell of one megabyte forks in a tenth of that.
//
// The shell reads one line for each program from its standard input and, when the program has ended, writes a mark with its exit code behind
// what the program wrote, on both of its outputs. It ends by itself with its standard input, so also when this process is killed.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** Exit codes with which a shell says that it could not start the program. A program may give them, too. */
export const CANNOT_START: readonly number[] = [126, 127];
/** How much the shell writes behind what the program wrote. */
export const MARK_BYTES = 42;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export interface StarterAnswer {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** What a program is started with. Names of variables are words; a value that is undefined is none. */
export interface StarterOrder {
  readonly file: string;
  readonly args: readonly string[];
  /** Where this process stands, by default. */
  readonly cwd?: string | undefined;
  /** Beside what the shell itself was started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Job {
  readonly stdout: Answer;
  readonly stderr: Answer;
  readonly settle: (answer: StarterAnswer | null) => void;
}

/** A shell. Runs one program at a time. */
export class StarterShell {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #job: Job | null = null;
  #hasEnded = false;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    // A group and session of its own: what hangs is killed together with the shell, and neither is in the user's terminal.
    this.#child = spawn('sh', ['-s'], { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child.on('error', () => this.#end());
    this.#child.on('close', () => this.#end());
    this.#child.stdin.on('error', () => this.#end());
    this.#child.stdout.on('data', (part: Buffer) => this.#take('stdout', part));
    this.#child.stderr.on('data', (part: Buffer) => this.#take('stderr', part));
    // Nothing waits for a shell; whoever waits for an answer has a timer.
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      (stream as Socket).unref(); // pipes of a child are sockets
    }
  }

  get isFree(): boolean {
    return this.#job === null && !this.#hasEnded;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Runs a program that reads no input and leaves no process behind. `onBytes` is told how much it has written to its standard output so far.
   * Null where the shell ended meanwhile, which is what `kill` does, or cannot be told this.
   */
  run(order: StarterOrder, onBytes: (bytes: number) => void): Promise<StarterAnswer | null> {
    const mark = randomUUID();
    const line = lineFor(order, mark);
    if (line === null || !this.isFree) return Promise.resolve(null);
    return new Promise((resolve) => {
      const settle = (answer: StarterAnswer | null): void => {
        this.#job = null;
        resolve(answer);
      };
      const end = Buffer.from(`\0${mark} `, 'latin1');
      this.#job = { stdout: new Answer(end, onBytes), stderr: new Answer(end), settle };
      this.#child.stdin.write(line);
    });
  }

  /** Ends the shell and what it runs. */
  kill(): void {
    const { pid } = this.#child;
    try {
      if (pid !== undefined && !this.#hasEnded) process.kill(-pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
    this.#end();
  }

  #take(output: 'stdout' | 'stderr', part: Buffer): void {
    const job = this.#job;
    if (job === null) return;
    job[output].add(part);
    const { stdout, stderr } = job;
    if (stdout.exitCode !== null && stderr.exitCode !== null)
      job.settle({ exitCode: stdout.exitCode, stdout: stdout.bytes(), stderr: stderr.bytes() });
  }

  #end(): void {
    this.#hasEnded = true;
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#job?.settle(null);
  }
}

/** What came on one output: the program's own bytes, then the mark, three digits and a NUL. Nothing follows, so only the end is looked at. */
class Answer {
  readonly #mark: Buffer;
  readonly #onBytes: (bytes: number) => void;
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  #end = Buffer.alloc(0);
  exitCode: number | null = null;

  constructor(mark: Buffer, onBytes: (bytes: number) => void = () => undefined) {
    this.#mark = mark;
    this.#onBytes = onBytes;
  }

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    this.#onBytes(this.#bytes);
    this.#end = Buffer.concat([this.#end, part.subarray(-MARK_BYTES)]).subarray(-MARK_BYTES);
    if (this.#end.subarray(0, this.#mark.length).equals(this.#mark))
      this.exitCode = Number(this.#end.toString('latin1', this.#mark.length, MARK_BYTES - 1));
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#bytes - MARK_BYTES);
  }
}

/** What the shell reads; null where a shell cannot be told this, which is a NUL and a name that is none. */
function lineFor({ file, args, cwd, env }: StarterOrder, mark: string): string | null {
  const variables = Object.entries(env);
  const words = [file, ...args];
  if (variables.some(([name]) => !NAME.test(name))) return null;
  if ([...words, cwd ?? '', ...Object.values(env)].some((word) => word?.includes('\0') === true)) return null;
  const unset = ['PWD', 'OLDPWD', ...variables.flatMap(([name, value]) => (value === undefined ? [name] : []))];
  const set = variables.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quote(value)}`]));
  // In a shell of its own, so that folder and variables are this program's; `exec` makes that shell the program.
  const start = [...set, 'exec', ...words.map(quote)].join(' ');
  const enter = cwd === undefined ? '' : `cd -P ${quote(cwd)} || exit 127; `;
  const program = `(${enter}unset ${unset.join(' ')}; ${start}) </dev/null`;
  return `${program}; s=$?; printf '\\000${mark} %03d\\000' $s; printf '\\000${mark} %03d\\000' $s >&2\n`;
}

/** Not for a prompt but for a script: within single quotes a POSIX shell reads every byte but a quote and NUL as it is. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
