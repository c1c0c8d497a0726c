// Which command a restored terminal gets on its prompt, and whether it may run by itself.

import type { SnapshotItem } from '../../../shared/model/item.ts';
import { quoteArguments } from '../host/quote-argument.ts';
import type { RestoreContext } from '../source.ts';
import { runsByItself } from './safe-commands.ts';

export interface PlannedCommand {
  readonly line: string;
  readonly shouldRun: boolean;
  /** What a person should know of it. */
  readonly note: string;
}

export interface CapturedCommand {
  readonly argv?: readonly string[] | undefined;
  /** What follows it in its pipeline, by position. */
  readonly pipeline?: Readonly<Record<string, { readonly argv: readonly string[] }>> | undefined;
  readonly isArgvExact?: boolean | undefined;
}

/**
 * The resume command of the conversation that ran in the terminal, else these words, else those that were captured; null where there
 * is nothing to type or it cannot be typed.
 */
export function planCommand(
  item: SnapshotItem,
  captured: CapturedCommand,
  context: RestoreContext,
  words: readonly (readonly string[])[] = capturedWords(captured),
): PlannedCommand | null {
  const resume = context.resumeCommandFor(item.key);
  const commands = resume === undefined ? words : [resume.argv].filter((argv) => argv.length > 0);
  const lines = commands.map((argv) => quoteArguments(argv));
  if (lines.length === 0 || !lines.every((line) => line !== null)) return null;
  const line = lines.join(' | ');
  const isExact = resume !== undefined || captured.isArgvExact !== false;
  // A guess is never run: not even where the user asked for commands to run.
  if (!isExact) return { line, shouldRun: false, note: ' (its words are a guess)' };
  const isSafe = resume === undefined && commands.length === 1 && runsByItself(commands[0] ?? []);
  return { line, shouldRun: context.options.shouldRunCommands || isSafe, note: '' };
}

/** What becomes of it, as the end of a step's sentence. */
export function describeCommand(command: { readonly line: string; readonly shouldRun: boolean } | null): string {
  if (command === null) return '';
  return command.shouldRun ? `, running \`${command.line}\`` : `, with \`${command.line}\` on the prompt`;
}

function capturedWords({ argv, pipeline }: CapturedCommand): readonly (readonly string[])[] {
  if (argv === undefined || argv.length === 0) return [];
  const others = Object.entries(pipeline ?? {}).toSorted(([a], [b]) => Number(a) - Number(b));
  return [argv, ...others.map(([, part]) => part.argv)];
}
