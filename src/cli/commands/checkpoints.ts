// `cairn checkpoints list|edit|delete`: what was named before.

import { Option, type Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import { PRIORITIES, type CheckpointAttributes, type Priority } from '../../shared/model/checkpoint.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { findCheckpoint } from '../checkpoints.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import { checkpointDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { countOf, joinWords } from '../format/amounts.ts';
import { collect } from '../options.ts';
import { renderCheckpoints } from '../render/checkpoints.ts';

const MAX_NAME_SHOWN = 60;

export interface EditOptions {
  readonly name?: string;
  readonly description?: string;
  readonly tag?: readonly string[];
  /** False when `--no-tags` was given. */
  readonly tags?: boolean;
  readonly priority?: Priority;
  /** Undefined where neither `--pin` nor `--no-pin` was given. */
  readonly pin?: boolean;
}

export interface DeleteOptions {
  readonly dryRun?: boolean;
}

export function setupCheckpoints(command: Command, act: Act): void {
  command
    .command('list')
    .description('list all checkpoints')
    .action(() => act(runCheckpointsList));
  command
    .command('edit')
    .description('change what was given; the rest stays as it is')
    .argument('<checkpoint>', 'its name or id')
    .option('--name <name>', 'a new name')
    .option('--description <text>', 'a new description')
    .option('--tag <tag>', 'the tags from now on; may be given several times', collect)
    .option('--no-tags', 'take all tags away')
    .addOption(new Option('--priority <priority>', 'how much it matters').choices(PRIORITIES))
    .option('--pin', 'keep it for ever')
    .option('--no-pin', 'let retention decide')
    .action((reference: string, options: EditOptions) =>
      act((context) => runCheckpointsEdit(reference, options, context)),
    );
  command
    .command('delete')
    .description('delete checkpoints; their snapshots then follow the retention limits')
    .argument('<checkpoint...>', 'names or ids')
    .option('--dry-run', 'say what would go, and change nothing')
    .action((references: readonly string[], options: DeleteOptions) =>
      act((context) => runCheckpointsDelete(references, options, context)),
    );
}

export function runCheckpointsList(context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const checkpoints = (await open.vault.listCheckpoints()).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
    context.out.result({ checkpoints: checkpoints.map(checkpointDocument) }, () =>
      renderCheckpoints(checkpoints, { style: context.out.style, width: context.out.width, nowMs: context.nowMs() }),
    );
  });
}

export function runCheckpointsEdit(
  reference: string,
  options: EditOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const changes = toChanges(options);
  if (Object.keys(changes).length === 0) {
    throw new AppError('USAGE_INVALID', 'Nothing to change was given.', {
      hint: 'Give --name, --description, --tag, --no-tags, --priority, --pin or --no-pin.',
    });
  }
  return doneWithVault(context, async (open) => {
    const found = findCheckpoint(await open.vault.listCheckpoints(), reference);
    const checkpoint = await open.vault.editCheckpoint(found.id, changes, context.nowMs());
    context.out.result({ checkpoint: checkpointDocument(checkpoint) }, () => [
      `Checkpoint ${context.out.style.bold(toPlainLine(checkpoint.name, MAX_NAME_SHOWN))} changed.`,
    ]);
  });
}

export function runCheckpointsDelete(
  references: readonly string[],
  options: DeleteOptions,
  context: CommandContext,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const checkpoints = await open.vault.listCheckpoints();
    const found = [...new Set(references.map((reference) => findCheckpoint(checkpoints, reference)))];
    const isDryRun = options.dryRun === true;
    if (!isDryRun) await open.vault.deleteCheckpoints(found.map(({ id }) => id));
    const names = joinWords(found.map(({ name }) => toPlainLine(name, MAX_NAME_SHOWN)));
    context.out.result({ dryRun: isDryRun, deleted: found.map(checkpointDocument) }, () => [
      `${isDryRun ? 'Would delete' : 'Deleted'} ${countOf(found.length, 'checkpoint')}: ${names}.`,
      'Their snapshots stay until the retention limits let them go (`cairn prune --dry-run`).',
    ]);
  });
}

function toChanges(options: EditOptions): Partial<CheckpointAttributes> {
  const tags = options.tags === false ? [] : options.tag;
  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(tags === undefined ? {} : { tags }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    ...(options.pin === undefined ? {} : { pinned: options.pin }),
  };
}
