// `cairn checkpoint NAME`: captures and names the result, or names a past snapshot.

import { Option, type Command } from 'commander';

import { PRIORITIES, type CheckpointAttributes, type Priority } from '../../shared/model/checkpoint.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { OpenCore } from '../core.ts';
import { captureDocument, checkpointDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { collect } from '../options.ts';
import { renderCapture } from '../render/capture.ts';
import { shortId } from '../render/ids.ts';

const MAX_NAME_SHOWN = 200;

export interface CheckpointOptions {
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly priority?: Priority;
  readonly pin?: boolean;
  /** A past snapshot to name, instead of a new one. */
  readonly snapshot?: string;
}

export function setupCheckpoint(command: Command, act: Act): void {
  command
    .argument('<name>', 'what to call it, 1 to 200 characters')
    .option('--description <text>', 'what it is about')
    .option('--tag <tag>', 'a tag; may be given several times', collect)
    .addOption(new Option('--priority <priority>', 'how much it matters').choices(PRIORITIES).default('normal'))
    .option('--pin', 'keep it for ever: it is never pruned')
    .option('--snapshot <id>', 'name this past snapshot instead of capturing now')
    .action((name: string, options: CheckpointOptions) => act((context) => runCheckpoint(name, options, context)));
}

export function runCheckpoint(name: string, options: CheckpointOptions, context: CommandContext): Promise<ExitCode> {
  const attributes: CheckpointAttributes = {
    name,
    description: options.description ?? '',
    tags: options.tag ?? [],
    priority: options.priority ?? 'normal',
    pinned: options.pin === true,
  };
  return doneWithVault(context, (open) =>
    options.snapshot === undefined
      ? captureCheckpoint(attributes, open, context)
      : nameSnapshot(options.snapshot, attributes, open, context),
  );
}

async function captureCheckpoint(
  attributes: CheckpointAttributes,
  open: OpenCore,
  context: CommandContext,
): Promise<void> {
  const { out } = context;
  const outcome = await open.capture({ kind: 'checkpoint', checkpoint: attributes }, context.signal);
  out.result(captureDocument(outcome), () => [
    `Checkpoint ${out.style.bold(toPlainLine(attributes.name, MAX_NAME_SHOWN))} saved.`,
    ...renderCapture(outcome, out.style, context.nowMs()),
  ]);
}

async function nameSnapshot(
  reference: string,
  attributes: CheckpointAttributes,
  open: OpenCore,
  context: CommandContext,
): Promise<void> {
  const { out } = context;
  const snapshotId = await open.vault.resolveSnapshot(reference, context.nowMs());
  const checkpoint = await open.vault.createCheckpoint(snapshotId, attributes, context.nowMs());
  out.result({ snapshotId, checkpoint: checkpointDocument(checkpoint) }, () => [
    `Checkpoint ${out.style.bold(toPlainLine(checkpoint.name, MAX_NAME_SHOWN))} names snapshot ${shortId(snapshotId)}.`,
  ]);
}
