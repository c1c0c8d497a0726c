// The one place that starts child processes. Every run is bounded in time and output, has no shell and an environment of
// its own, and never puts a secret or captured text into an error.

import { spawn } from 'node:child_process';

import { AppError } from '../../../shared/model/app-error.ts';
import { CANNOT_START, MARK_BYTES, StarterShell } from './starter-shell.ts';

const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** As many as a capture has use for at once: three repositories, and the terminals. */
const MAX_SHELLS = 4;

export interface RunProgramOptions {
  readonly cwd?: string;
  /** The whole environment of the child; `PATH`, `HOME` and `LC_ALL=C.UTF-8` are set by `createHost` runs unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: Uint8Array | string;
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  /**
   * The program only answers: it reads no input and leaves no process behind. Such are started from a shell that stays, where that costs
   * less (Linux); nothing else differs.
   */
  readonly onlyAnswers?: boolean;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * Runs a program to its end and gives its exit code and output; a non-zero exit code is a result, not an error.
 * @throws AppError EXEC_FAILED where it cannot be started or prints too much, EXEC_TIMEOUT, CANCELLED.
 */
export type RunProgram = (file: string, args: readonly string[], options?: RunProgramOptions) => Promise<ProgramResult>;

/** Gives a `RunProgram` whose children inherit only these variables. */
export function createRunProgram(baseEnv: Readonly<Record<string, string | undefined>>): RunProgram {
  const env = { ...baseEnv, LC_ALL: 'C.UTF-8' };
  const shells: StarterShell[] = [];
  const alone: RunProgram = (file, args, options = {}) =>
    runProgram(file, args, { ...options, env: { ...env, ...options.env } });
  return async (file, args, options = {}) => {
    const mayUseShell = options.onlyAnswers === true && options.input === undefined && options.signal?.aborted !== true;
    const shell = mayUseShell ? freeShell(shells, env) : null;
    const answer = shell === null ? null : await runInShell(shell, file, args, options);
    // What could not be started is started again, for the reason.
    return answer === null || CANNOT_START.includes(answer.exitCode) ? alone(file, args, options) : answer;
  };
}

/** A shell that has nothing to do, or a new one; null where there are enough of them, or where they are of no use. */
function freeShell(shells: StarterShell[], env: Readonly<Record<string, string | undefined>>): StarterShell | null {
  // Elsewhere Node does not copy itself to start a program.
  if (process.platform !== 'linux') return null;
  for (const [index, shell] of [...shells.entries()].toReversed()) if (shell.hasEnded) shells.splice(index, 1);
  const free = shells.find((shell) => shell.isFree);
  if (free !== undefined || shells.length >= MAX_SHELLS) return free ?? null;
  const shell = new StarterShell(env);
  shells.push(shell);
  return shell;
}

/** Null where the shell ended before the program did. */
async function runInShell(
  shell: StarterShell,
  file: string,
  args: readonly string[],
  options: RunProgramOptions,
): Promise<ProgramResult | null> {
  const { timeoutMs, maxOutputBytes, name } = boundsOf(file, options);
  let failure: AppError | null = null;
  const stop = (error: AppError): void => {
    failure ??= error;
    shell.kill();
  };
  const finish = stopInTime({ name, timeoutMs, signal: options.signal, stop });
  const order = { file, args, cwd: options.cwd, env: options.env ?? {} };
  const answer = await shell.run(order, (bytes) => {
    if (bytes > maxOutputBytes + MARK_BYTES) stop(tooMuch(name, maxOutputBytes));
  });
  finish();
  if (failure !== null) throw failure;
  return answer;
}

/** Calls `stop` when the time is up or the work is cancelled, until what it gives is called. */
function stopInTime({
  name,
  timeoutMs,
  signal,
  stop,
}: {
  readonly name: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly stop: (error: AppError) => void;
}): () => void {
  const timer = setTimeout(
    () => stop(new AppError('EXEC_TIMEOUT', `${name} did not answer within ${timeoutMs} ms.`, { isRetryable: true })),
    timeoutMs,
  );
  const onAbort = (): void => stop(cancelled(name));
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
}

function boundsOf(file: string, options: RunProgramOptions) {
  return {
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxOutputBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    name: file.slice(file.lastIndexOf('/') + 1),
  };
}

function runProgram(file: string, args: readonly string[], options: RunProgramOptions): Promise<ProgramResult> {
  const { timeoutMs, maxOutputBytes, name } = boundsOf(file, options);
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted === true) {
      reject(cancelled(name));
      return;
    }
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let stdoutBytes = 0;
    let stderrBytes = 0;
    let failure: AppError | null = null;

    const stop = (error: AppError): void => {
      failure ??= error;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open: the result must not wait for it.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const finish = stopInTime({ name, timeoutMs, signal: options.signal, stop });

    child.stdout.on('data', (part: Buffer) => {
      stdoutBytes += part.length;
      if (stdoutBytes > maxOutputBytes) {
        stop(tooMuch(name, maxOutputBytes));
        return;
      }
      stdout.push(part);
    });
    child.stderr.on('data', (part: Buffer) => {
      stderrBytes += part.length;
      if (stderrBytes <= MAX_ERROR_BYTES) stderr.push(part);
    });
    child.stdin.on('error', () => {
      // The child ended before it read its input; its exit code tells.
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      finish();
      reject(
        new AppError('EXEC_FAILED', `${name} could not be started (${error.code ?? 'unknown reason'}).`, {
          cause: error,
        }),
      );
    });
    child.on('close', (code) => {
      finish();
      if (failure !== null) reject(failure);
      else resolve({ exitCode: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
    });
    child.stdin.end(options.input ?? '');
  });
}

function tooMuch(name: string, maxBytes: number): AppError {
  return new AppError('EXEC_FAILED', `${name} printed more than ${maxBytes} bytes.`);
}

function cancelled(name: string): AppError {
  return new AppError('CANCELLED', `${name} was stopped because the work was cancelled.`, { isRetryable: true });
}
