// Runs `cairn` in this process: what it prints, and its exit code. A terminal is typed into by `answers`.

import { runCli } from '../../src/cli/run-cli.ts';
import type { PromptInput } from '../../src/cli/terminal/prompter.ts';
import type { ExitCode } from '../../src/cli/exit-code.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';
import { FakeCore } from './fake-core.ts';

export interface CliResult {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  readonly core: FakeCore;
  /** The document on stdout. Throws where there is anything else. */
  readonly json: () => unknown;
}

export interface RunCairnOptions {
  readonly core?: FakeCore;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What a person types, one answer a question; without it there is no terminal. */
  readonly answers?: readonly string[];
  readonly signal?: AbortSignal;
  readonly alive?: readonly number[];
  readonly columns?: number;
}

/** Runs with the right password in the environment, unless `env` or `answers` say otherwise. */
export async function runCairn(argv: readonly string[], options: RunCairnOptions = {}): Promise<CliResult> {
  const core = options.core ?? new FakeCore();
  const isTTY = options.answers !== undefined;
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY,
    columns: isTTY ? (options.columns ?? 120) : undefined,
    write: (text: string | Uint8Array) => {
      written[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
    },
  });
  const exitCode = await runCli(argv, {
    version: '1.2.3',
    env: options.env ?? (isTTY ? {} : { CAIRN_PASSWORD: TEST_PASSWORD }),
    stdin: new TypedInput(options.answers ?? [], isTTY),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    nowMs: () => core.nowMs,
    signal: options.signal ?? new AbortController().signal,
    pid: 4242,
    isProcessAlive: (pid) => (options.alive ?? []).includes(pid),
    createCore: async () => core,
  });
  return { exitCode, ...written, core, json: () => JSON.parse(written.stdout) };
}

/** A terminal's input: each time somebody listens, the next answer comes. */
class TypedInput implements PromptInput {
  readonly isTTY: boolean;
  readonly modes: boolean[] = [];
  readonly #answers: string[];
  #isEmpty = false;

  constructor(answers: readonly string[], isTTY: boolean) {
    this.#answers = [...answers];
    this.isTTY = isTTY;
  }

  setRawMode(isRaw: boolean): void {
    this.modes.push(isRaw);
  }

  on(event: 'data' | 'end', listener: (bytes: Buffer) => void): void {
    if (event === 'data') {
      const answer = this.#answers.shift();
      this.#isEmpty = answer === undefined;
      if (answer !== undefined) queueMicrotask(() => listener(Buffer.from(`${answer}\r`)));
    } else if (this.#isEmpty) {
      // Nobody is left to answer: the terminal closes, so that no test waits for ever.
      queueMicrotask(() => listener(Buffer.alloc(0)));
    }
  }

  off(): void {
    // Nothing is sent to a listener twice.
  }

  resume(): void {
    // The answers come by themselves.
  }

  pause(): void {
    // As above.
  }
}
