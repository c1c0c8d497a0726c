// The one place that starts child processes. Every run is bounded in time and output, has no shell and an environment of
// its own, and never puts a secret or captured text into an error.

import { spawn } from 'node:child_process';

import { AppError } from '../../../shared/model/app-error.ts';

const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

export interface RunProgramOptions {
  readonly cwd?: string;
  /** The whole environment of the child; `PATH`, `HOME` and `LC_ALL=C.UTF-8` are set by `createHost` runs unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: Uint8Array | string;
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
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
  return (file, args, options = {}) =>
    runProgram(file, args, { ...options, env: { ...baseEnv, LC_ALL: 'C.UTF-8', ...options.env } });
}

function runProgram(file: string, args: readonly string[], options: RunProgramOptions): Promise<ProgramResult> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const maxOutputBytes = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  const name = file.slice(file.lastIndexOf('/') + 1);
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
    const timer = setTimeout(() => {
      stop(new AppError('EXEC_TIMEOUT', `${name} did not answer within ${timeoutMs} ms.`, { isRetryable: true }));
    }, timeoutMs);
    const onAbort = (): void => stop(cancelled(name));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const finish = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    };

    child.stdout.on('data', (part: Buffer) => {
      stdoutBytes += part.length;
      if (stdoutBytes > maxOutputBytes) {
        stop(new AppError('EXEC_FAILED', `${name} printed more than ${maxOutputBytes} bytes.`));
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

function cancelled(name: string): AppError {
  return new AppError('CANCELLED', `${name} was stopped because the work was cancelled.`, { isRetryable: true });
}
