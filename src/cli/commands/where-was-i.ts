// `cairn where-was-i`: what was going on when somebody left, and what changed since.

import { resolve } from 'node:path';

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import { viewWhereWasI, whereWasI } from '../../core/timeline/where-was-i.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { renderWhereWasI } from '../render/where-was-i.ts';

const DEFAULT_AWAY = '30m';
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

export interface WhereWasIOptions {
  readonly project?: string;
  readonly away?: string;
}

export function setupWhereWasI(command: Command, act: Act): void {
  command
    .option('--project <project>', 'only this one: a name, a folder, or the address of its repository')
    .option('--away <span>', `so long without a change is being away, such as 2h (default ${DEFAULT_AWAY})`)
    .action((options: WhereWasIOptions) => act((context) => runWhereWasI(options, context)));
}

export function runWhereWasI(options: WhereWasIOptions, context: CommandContext): Promise<ExitCode> {
  const { out } = context;
  const nowMs = context.nowMs();
  const awayMs = parseSpan(options.away ?? DEFAULT_AWAY);
  const { project } = options;
  return doneWithVault(context, async (open) => {
    const found = await whereWasI(open.vault, {
      nowMs,
      awayMs,
      ...(project === undefined ? {} : { project: project.startsWith('.') ? resolve(project) : project }),
    });
    out.result(viewWhereWasI(found), () => renderWhereWasI(found, { style: out.style, width: out.width, nowMs }));
  });
}

/** @throws AppError USAGE_INVALID */
function parseSpan(text: string): number {
  const [, count, unit = ''] = /^(\d{1,4})([mhd])$/.exec(text.trim()) ?? [];
  const spanMs = Number(count) * (UNITS_MS[unit] ?? Number.NaN);
  if (spanMs > 0) return spanMs;
  throw new AppError('USAGE_INVALID', 'This is no span of time.', { hint: 'Give one such as 30m, 2h or 3d.' });
}
