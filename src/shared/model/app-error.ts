// The one error type that crosses layers. Its texts are for people and hold no captured content, path or key.

import { isErrorCode, type ErrorCode } from './error-codes.ts';

export interface AppErrorOptions {
  /** What the user can do next, as a sentence. */
  readonly hint?: string;
  /** True where the same call may succeed later without anything being changed. */
  readonly isRetryable?: boolean;
  readonly cause?: unknown;
}

/** What of an error crosses a border (worker port, API, CLI). */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
}

/** An expected failure: what failed and why (`message`), what to do next (`hint`). */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly isRetryable: boolean;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = options.hint ?? '';
    this.isRetryable = options.isRetryable ?? false;
  }

  toPlain(): PlainError {
    return { code: this.code, message: this.message, hint: this.hint, retryable: this.isRetryable };
  }
}

/** A broken invariant of ours: never expected, never handled but at a border. */
export class BugError extends AppError {
  constructor(message: string, cause?: unknown) {
    super('BUG', `Cairn met a state that should not exist: ${message}`, {
      hint: 'Nothing was changed. Please report this message.',
      cause,
    });
    this.name = 'BugError';
  }
}

/** Turns anything thrown into its plain form. An error of another kind gives only its name, since its text may hold content. */
export function toPlainError(error: unknown): PlainError {
  if (error instanceof AppError) return error.toPlain();
  const name = error instanceof Error ? error.name : typeof error;
  return new BugError(`an unexpected ${name}`).toPlain();
}

/** The reverse of `toPlainError` on the other side of a border. */
export function fromPlainError(plain: PlainError): AppError {
  const code = isErrorCode(plain.code) ? plain.code : 'BUG';
  return new AppError(code, plain.message, { hint: plain.hint, isRetryable: plain.retryable });
}

/** Ends a `switch` over a union: the compiler refuses it while a case is missing. */
export function assertNever(value: never): never {
  throw new BugError(`no case for ${typeof value}`);
}
