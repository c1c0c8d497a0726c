import { AppError } from '../../../shared/model/app-error.ts';

/**
 * The refusal of one exclusion rule, named by its place (`exclude.paths, rule 2`). The rule's own text is left out: rules are
 * secret, and errors end up in logs.
 */
export function refuseRule(place: string, reason: string, cause?: unknown): AppError {
  return new AppError('CONFIG_INVALID', `${place} cannot be used: ${reason}.`, {
    hint: 'Nothing was changed. See `cairn config list` for examples of rules.',
    cause,
  });
}
