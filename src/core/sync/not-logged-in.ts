import { AppError } from '../../shared/model/app-error.ts';

/** What there is to say where an account is needed and none is there. */
export function notLoggedIn(): AppError {
  return new AppError('SYNC_LOGIN', 'Nobody is logged in to a sync server here.', {
    hint: 'Log in with `cairn sync login SERVER --email ADDRESS`.',
  });
}
