// How an AppError crosses a transport and becomes one again.

import { ORPCError } from '@orpc/contract';

import { AppError, fromPlainError, toPlainError, type PlainError } from '../model/app-error.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { plainErrorSchema } from './schemas.ts';

/** HTTP statuses of the codes that are not failures of ours. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  USAGE_INVALID: 400,
  CONFIG_UNKNOWN_KEY: 400,
  CONFIG_INVALID: 400,
  VAULT_WEAK_PASSWORD: 400,
  VAULT_LOCKED: 423,
  VAULT_WRONG_PASSWORD: 403,
  VAULT_WRONG_OTHER_PASSWORD: 403,
  VAULT_TOO_MANY_ATTEMPTS: 429,
  API_REFUSED: 403,
  KEYCHAIN_UNAVAILABLE: 409,
  VAULT_EXISTS: 409,
  VAULT_BUSY: 409,
  VAULT_MISSING: 404,
  SNAPSHOT_NOT_FOUND: 404,
  SNAPSHOT_AMBIGUOUS: 409,
  CHECKPOINT_NOT_FOUND: 404,
  ITEM_NOT_FOUND: 404,
  SESSION_NOT_FOUND: 404,
  SESSION_AMBIGUOUS: 409,
  SESSION_FILE_CHANGED: 409,
  RESTORE_NOTHING_TO_UNDO: 409,
  PUBLISH_REDACTION_FAILED: 422,
  PUBLISH_NOT_FOUND: 404,
  PUBLISH_REFUSED: 403,
  PUBLISH_CONFLICT: 409,
  PUBLISH_QUOTA: 413,
  TEAM_INVITE_INVALID: 404,
  VAULT_DISK_FULL: 507,
  SYNC_OFF: 409,
  SYNC_OFFLINE: 503,
  SYNC_LOGIN: 401,
  SYNC_REVOKED: 403,
  SYNC_REFUSED: 409,
  SYNC_TOO_OLD: 426,
  SYNC_WRONG_VAULT: 409,
  SYNC_TAMPERED: 502,
  SYNC_FORK: 409,
  SYNC_ASKS: 409,
  SYNC_INCOMPLETE: 503,
  DEVICE_NOT_FOUND: 404,
  CANCELLED: 499,
};

/** The HTTP status that says the same as the code. */
export function httpStatusOf(code: ErrorCode): number {
  return STATUSES[code] ?? 500;
}

/** Anything thrown, as what crosses. */
export function toContractError(error: unknown): ORPCError<string, PlainError> {
  const plain = toPlainError(error);
  return new ORPCError(plain.code, { status: httpStatusOf(plain.code), message: plain.message, data: plain });
}

/** What a client caught, as the AppError that was thrown; a broken transport is retryable. */
export function fromContractError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ORPCError) {
    const plain = plainErrorSchema.safeParse(error.data);
    if (plain.success) return fromPlainError(plain.data);
    if (error.code === 'BAD_REQUEST')
      return new AppError('USAGE_INVALID', 'A value that was sent makes no sense.', {
        hint: 'Check what you entered.',
      });
  }
  return new AppError('VAULT_CLOSED', 'The connection to Cairn was lost.', {
    hint: 'It is tried again by itself; if that does not help, start Cairn again.',
    isRetryable: true,
    cause: error,
  });
}
