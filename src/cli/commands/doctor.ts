// `cairn doctor`: looks whether everything around the vault is as it should be, and says what to do where it is not. Needs no password.

import { writeFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { Act, CommandContext } from '../context.ts';
import { EXIT_DONE, EXIT_FAILED, type ExitCode } from '../exit-code.ts';
import { renderBundle } from '../doctor/bundle.ts';
import { runChecks, type Check, type CheckState } from '../doctor/checks.ts';
import { lookAround } from '../doctor/look-around.ts';
import { renderTable, type Cell } from '../format/table.ts';
import type { Style } from '../output.ts';

export interface DoctorOptions {
  readonly bundle?: string;
}

export function setupDoctor(command: Command, act: Act): void {
  command
    .option(
      '--bundle <file>',
      'also write what somebody who helps needs to know; it holds nothing of what was captured',
    )
    .action((options: DoctorOptions) => act((context) => runDoctor(options, context)));
}

export async function runDoctor(options: DoctorOptions, context: CommandContext): Promise<ExitCode> {
  const facts = await lookAround(context);
  const checks = runChecks(facts);
  if (options.bundle !== undefined) await writeBundle(options.bundle, renderBundle(facts, checks));
  const isWell = checks.every(({ state }) => state !== 'problem');
  const bundle = options.bundle === undefined ? {} : { bundle: options.bundle };
  context.out.result({ ok: isWell, checks, ...bundle }, () => [
    ...renderChecks(checks, context.out.style, context.out.width),
    ...(options.bundle === undefined ? [] : [`Written to ${options.bundle}: read it before you send it.`]),
  ]);
  return isWell ? EXIT_DONE : EXIT_FAILED;
}

async function writeBundle(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new AppError('USAGE_INVALID', `The file of --bundle could not be written (${code}).`, {
      hint: 'Name one that is not there yet, in a folder that you can write.',
      cause: error,
    });
  }
}

function renderChecks(checks: readonly Check[], style: Style, width: number | undefined): string[] {
  const paints: Readonly<Record<CheckState, Style['green']>> = {
    ok: style.green,
    warning: style.yellow,
    problem: style.red,
  };
  const rows = checks.map(({ name, state, detail }): Cell[] => [{ text: state, paint: paints[state] }, name, detail]);
  const todo = checks.filter(({ next }) => next !== '');
  return [
    ...renderTable(
      [{ title: '' }, { title: '' }, { title: '', canShrink: true }],
      rows,
      width === undefined ? {} : { width },
    ),
    ...(todo.length === 0
      ? [style.green('All is well.')]
      : [style.bold('What to do'), ...todo.map(({ name, next }) => `  ${name}: ${next}`)]),
  ];
}
