// What a checkpoint may be called. Checked wherever one is made or changed, before anything is stored.

import { AppError } from '../../../shared/model/app-error.ts';
import type { CheckpointAttributes } from '../../../shared/model/checkpoint.ts';

const MAX_NAME_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 10_000;
const MAX_TAGS = 50;
const MAX_TAG_LENGTH = 50;

/** @throws AppError USAGE_INVALID, naming the attribute */
export function assertAttributes(attributes: CheckpointAttributes): void {
  const wrong =
    attributes.name.trim() === '' || attributes.name.length > MAX_NAME_LENGTH
      ? `A checkpoint's name has 1 to ${MAX_NAME_LENGTH} characters.`
      : attributes.description.length > MAX_DESCRIPTION_LENGTH
        ? `A checkpoint's description has at most ${MAX_DESCRIPTION_LENGTH} characters.`
        : attributes.tags.length > MAX_TAGS ||
            attributes.tags.some((tag) => tag.trim() === '' || tag.length > MAX_TAG_LENGTH)
          ? `A checkpoint has at most ${MAX_TAGS} tags of 1 to ${MAX_TAG_LENGTH} characters.`
          : null;
  if (wrong !== null)
    throw new AppError('USAGE_INVALID', wrong, { hint: 'Nothing was saved; shorten it and try again.' });
}
