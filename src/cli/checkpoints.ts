// Finds a checkpoint by what a user typed: its id, a prefix of four digits at least, or its exact name.

import { AppError } from '../shared/model/app-error.ts';
import type { Checkpoint } from '../shared/model/checkpoint.ts';

const MIN_PREFIX_DIGITS = 4;

/** @throws AppError CHECKPOINT_NOT_FOUND, SNAPSHOT_AMBIGUOUS */
export function findCheckpoint(checkpoints: readonly Checkpoint[], reference: string): Checkpoint {
  const named = checkpoints.filter(({ id, name }) => id === reference || name === reference);
  const found =
    named.length > 0 || reference.length < MIN_PREFIX_DIGITS
      ? named
      : checkpoints.filter(({ id }) => id.startsWith(reference));
  const [first, second] = found;
  if (second !== undefined) {
    throw new AppError('SNAPSHOT_AMBIGUOUS', `${found.length} checkpoints are meant by this.`, {
      hint: 'Give the id; `cairn checkpoints list` shows it.',
    });
  }
  if (first === undefined) {
    throw new AppError('CHECKPOINT_NOT_FOUND', 'There is no such checkpoint.', {
      hint: 'Name it by its name or id; `cairn checkpoints list` shows them.',
    });
  }
  return first;
}
