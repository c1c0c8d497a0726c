// `cairn capture`: one capture now.

import type { Command } from 'commander';

import type { Act, CommandContext } from '../context.ts';
import { doneWithVault } from '../context.ts';
import type { CaptureOutcome } from '../core.ts';
import { captureDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { renderCapture } from '../render/capture.ts';

export function setupCapture(command: Command, act: Act): void {
  command.action(() => act(runCapture));
}

/** Captures the workspace; gaps are told, they are no failure. */
export function runCapture(context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const outcome = await open.capture({ kind: 'manual' }, context.signal);
    reportCapture(context, outcome);
  });
}

export function reportCapture(context: CommandContext, outcome: CaptureOutcome): void {
  context.out.result(captureDocument(outcome), () => renderCapture(outcome, context.out.style, context.nowMs()));
}
