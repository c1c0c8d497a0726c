// `cairn run`: captures again and again in the foreground, until a signal; then a last time.

import type { Command } from 'commander';

import type { PlainError } from '../../shared/model/app-error.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { CaptureOutcome, OpenCore } from '../core.ts';
import { captureDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { countOf, formatCount } from '../format/amounts.ts';
import { describeSpan, formatSecond, toIso } from '../format/times.ts';
import { duration } from '../options.ts';
import { describeGap } from '../render/gaps.ts';
import { shortId } from '../render/ids.ts';
import { readRunner, writeRunner } from '../runner.ts';

const MIN_INTERVAL_MS = 500;
const MAX_INTERVAL_MS = 86_400_000;

export interface RunCommandOptions {
  /** Undefined means the configured one. */
  readonly interval?: number;
}

interface RunTotals {
  captures: number;
  failures: number;
  last: CaptureOutcome | null;
}

export function setupRun(command: Command, act: Act): void {
  command
    .option(
      '--interval <seconds>',
      'time between captures (default: config captureIntervalSeconds)',
      duration({ minMs: MIN_INTERVAL_MS, maxMs: MAX_INTERVAL_MS }),
    )
    .action((options: RunCommandOptions) => act((context) => runRun(options, context)));
}

/** A capture that fails is told and tried again at the next interval; only a vault that cannot be opened ends the run. */
export function runRun(options: RunCommandOptions, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(
    context,
    async (open) => {
      const settings = await context.core.readSettings();
      const intervalMs = options.interval ?? settings.intervalMs;
      await announce(open, intervalMs, settings.enabledSources, context);
      const startedAtMs = context.nowMs();
      await writeRunner(open.vault, { pid: context.pid, startedAtMs, intervalMs });
      const totals: RunTotals = { captures: 0, failures: 0, last: null };
      try {
        await open.run({ intervalMs, signal: context.signal, ...createReporter(totals, context) });
      } finally {
        await writeRunner(open.vault, null);
      }
      context.out.result(runDocument(totals, startedAtMs, context.nowMs()), () => [renderEnd(totals)]);
    },
    { needsOwn: true },
  );
}

async function announce(
  open: OpenCore,
  intervalMs: number,
  sources: readonly string[],
  context: CommandContext,
): Promise<void> {
  const { out } = context;
  const runner = await readRunner(open.vault);
  if (runner !== null && runner.pid !== context.pid && context.isProcessAlive(runner.pid)) {
    out.warn(`another \`cairn run\` (process ${runner.pid}) captures into this vault already.`);
  }
  if (sources.length === 0) {
    out.warn('no source is on, so there is nothing to capture: `cairn config set sources.tmux on` turns one on.');
  }
  out.note(
    `Capturing ${sources.join(', ') || 'nothing'} every ${describeSpan(intervalMs)}. Ctrl-C ends it with a last capture.`,
  );
}

function createReporter(totals: RunTotals, context: CommandContext) {
  const { out } = context;
  let told = '';
  return {
    onCaptured: (outcome: CaptureOutcome): void => {
      totals.captures += 1;
      totals.last = outcome;
      const { summary, gaps } = outcome;
      const now = context.nowMs();
      // An unchanged workspace is silent, and a gap that lasts is told once.
      const gapsTold = gaps.map(({ source, reason, key }) => `${source} ${reason} ${key ?? ''}`).join('\n');
      const isNew = gapsTold !== told;
      told = gapsTold;
      if (summary.changed === 0 && !isNew && totals.captures > 1) return;
      out.lines([
        `${out.style.dim(formatSecond(summary.takenAtMs))}  ${shortId(summary.id)}  ${countOf(summary.items, 'item')}, ${formatCount(summary.changed)} changed`,
        ...(isNew ? gaps.map((gap) => `          ${out.style.yellow('gap')} ${describeGap(gap, now)}`) : []),
      ]);
    },
    onWarning: (line: string): void => out.warn(line),
    onFailed: ({ message }: PlainError): void => {
      totals.failures += 1;
      out.warn(`${formatSecond(context.nowMs())} ${message} It is tried again at the next capture.`);
    },
  };
}

function runDocument(totals: RunTotals, startedAtMs: number, endedAtMs: number): JsonObject {
  return {
    captures: totals.captures,
    failures: totals.failures,
    startedAt: toIso(startedAtMs),
    endedAt: toIso(endedAtMs),
    last: totals.last === null ? null : captureDocument(totals.last),
  };
}

function renderEnd(totals: RunTotals): string {
  const failures = totals.failures === 0 ? '' : `, ${formatCount(totals.failures)} failed`;
  const last = totals.last === null ? '' : ` The last is ${shortId(totals.last.summary.id)}.`;
  return `Stopped after ${countOf(totals.captures, 'capture')}${failures}.${last}`;
}
