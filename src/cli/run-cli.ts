// One call of the CLI, from arguments to exit code. The only place where errors become exit codes and words, so that nothing
// thrown anywhere below can end in a stack trace.

import { CommanderError, type Command } from 'commander';

import { AppError, toPlainError, type PlainError } from '../shared/model/app-error.ts';
import type { ApartContext, GlobalOptions, RunCommand } from './context.ts';
import type { Core } from './core.ts';
import { EXIT_DONE, exitCodeOf, type ExitCode } from './exit-code.ts';
import { DEFAULT_WIDTH, Output, widthOf, type TextStream } from './output.ts';
import { findHome } from './find-home.ts';
import { createProgram } from './program.ts';
import { createPrompter, type PromptInput } from './terminal/prompter.ts';

/** The process as the CLI sees it; tests give their own. */
export interface Shell {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: PromptInput;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly pid: number;
  readonly isProcessAlive: (pid: number) => boolean;
  readonly createCore: (globals: GlobalOptions) => Promise<Core>;
}

const MAX_HELP_WIDTH = 110;

/** Runs `cairn` with these arguments. Never throws: what fails is printed, and says itself in the exit code. */
export async function runCli(argv: readonly string[], shell: Shell): Promise<ExitCode> {
  const out = new Output({ ...shell, isJson: asksForJson(argv) });
  let exitCode: ExitCode = EXIT_DONE;
  const program = createProgram({
    version: shell.version,
    writeOut: (text) => shell.stdout.write(text),
    width: Math.min(widthOf(shell.stdout) ?? DEFAULT_WIDTH, MAX_HELP_WIDTH),
    act: async (run: RunCommand) => {
      const context = createContext(program, out, shell);
      exitCode = await run({ ...context, core: await shell.createCore(context.globals) });
    },
    actApart: async (run) => {
      exitCode = await run(createContext(program, out, shell));
    },
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(withHelpOption(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_DONE;
    const plain =
      error instanceof CommanderError ? toUsageError(error, program) : toPlainError(asCancelled(error, shell.signal));
    out.error(plain);
    return exitCodeOf(plain.code);
  }
}

/** `cairn help keys` is `cairn keys --help`. Commander's own help command would not wait for the command to be loaded. */
function withHelpOption(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
}

function createContext(program: Command, out: Output, shell: Shell): ApartContext {
  const globals: GlobalOptions = program.opts();
  return {
    globals,
    env: shell.env,
    out,
    // A document on stdout does not hinder a question on stderr.
    prompter: createPrompter(shell.stdin, shell.stderr, shell.signal),
    home: findHome(globals.home, shell.env),
    nowMs: shell.nowMs,
    signal: shell.signal,
    pid: shell.pid,
    version: shell.version,
    isProcessAlive: shell.isProcessAlive,
  };
}

/** Errors must be a document too where one was asked for, also those of arguments that cannot be read. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

function toUsageError(error: CommanderError, program: Command): PlainError {
  const name = program.commands.find((command) => command.name() === program.args[0])?.name();
  const help = name === undefined ? 'cairn --help' : `cairn ${name} --help`;
  const message =
    error.code === 'commander.help'
      ? 'This command needs a sub-command.'
      : asSentence(error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' '));
  return new AppError('USAGE_INVALID', message, { hint: `See \`${help}\`.` }).toPlain();
}

/** Cancelled work ends with the platform's own error where it has nothing to say. */
function asCancelled(error: unknown, signal: AbortSignal): unknown {
  const isAbort = signal.aborted && error instanceof Error && error.name === 'AbortError';
  return isAbort ? new AppError('CANCELLED', 'Cancelled.', { isRetryable: true, cause: error }) : error;
}

function asSentence(text: string): string {
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!)]$/.test(sentence) ? sentence : `${sentence}.`;
}
