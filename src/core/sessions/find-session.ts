// Finds the session that a person means: by id, by a beginning of it that only one has, or by name.

import { AppError } from '../../shared/model/app-error.ts';
import type { Session } from './session.ts';

const MIN_PREFIX = 4;
const MAX_TOLD = 5;

/** @throws AppError SESSION_NOT_FOUND, SESSION_AMBIGUOUS */
export function findSession(sessions: readonly Session[], reference: string): Session {
  const text = reference.trim();
  const lower = text.toLowerCase();
  const isPrefix = new RegExp(`^[0-9a-f]{${MIN_PREFIX},16}$`).test(lower);
  const tries: readonly ((session: Session) => boolean)[] = [
    ({ id }) => id === lower,
    // One of `agents/sessions` is called by its folder, whatever project it is in.
    ({ externalId }) => externalId === text || (text !== '' && externalId.endsWith(`\0${text}`)),
    ({ name }) => name === text,
    ({ id }) => isPrefix && id.startsWith(lower),
    ({ externalId }) => text.length >= MIN_PREFIX && externalId.startsWith(text),
    ({ name }) => text !== '' && name.toLowerCase() === lower,
  ];
  for (const matches of tries) {
    const found = sessions.filter(matches);
    if (found.length > 1) throw ambiguous(found);
    if (found[0] !== undefined) return found[0];
  }
  throw sessionNotFound();
}

export function sessionNotFound(): AppError {
  return new AppError('SESSION_NOT_FOUND', 'There is no such session.', {
    hint: 'See them with `cairn sessions list`.',
  });
}

function ambiguous(found: readonly Session[]): AppError {
  const ids = found.slice(0, MAX_TOLD).map(({ id }) => id);
  const more = found.length > MAX_TOLD ? ' ...' : '';
  return new AppError('SESSION_AMBIGUOUS', `${found.length} sessions are called so.`, {
    hint: `Give one of the ids: ${ids.join(', ')}${more}`,
  });
}
