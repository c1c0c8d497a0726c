// What of an error reaches a client: our own in their own words, mistakes in a query without the values that were sent, and of
// everything else only that it happened.

import { GraphQLError } from 'graphql';

import { AppError, type PlainError } from '../../shared/model/app-error.ts';
import type { ErrorCode } from '../../shared/model/error-codes.ts';
import { isUnstorable } from '../store/unstorable.ts';

const CODES: Partial<Record<ErrorCode, string>> = {
  USAGE_INVALID: 'BAD_USER_INPUT',
  API_REFUSED: 'UNAUTHENTICATED',
  PUBLISH_NOT_FOUND: 'NOT_FOUND',
  PUBLISH_REFUSED: 'FORBIDDEN',
  PUBLISH_CONFLICT: 'CONFLICT',
  PUBLISH_QUOTA: 'QUOTA',
};
const CHECKED = Symbol('checked');

/** @param onUnexpected hears the names of errors that nobody expected, never their texts */
export function toClientError(error: unknown, onUnexpected: (name: string) => void): GraphQLError {
  if (isGraphqlError(error) && CHECKED in error) return error;
  const result = convert(error, onUnexpected);
  Object.defineProperty(result, CHECKED, { value: true });
  return result;
}

function convert(error: unknown, onUnexpected: (name: string) => void): GraphQLError {
  const path = isGraphqlError(error) && error.path !== undefined ? { path: error.path } : {};
  for (const cause of causesOf(error)) {
    if (cause instanceof AppError)
      return new GraphQLError(cause.message, {
        ...path,
        extensions: { code: CODES[cause.code] ?? cause.code, error: cause.toPlain() },
      });
    if (isUnstorable(cause)) return badInput('A value holds a character that is none.', path);
    const issue = firstIssue(cause);
    if (issue !== null) return badInput(`A value makes no sense (${issue.path}): ${issue.message}.`, path);
    if (cause instanceof Error && cause.constructor.name === 'ForbiddenError')
      return new GraphQLError('Nobody is logged in.', {
        ...path,
        extensions: { code: 'UNAUTHENTICATED', error: plain('API_REFUSED', 'Nobody is logged in.') },
      });
    if (cause instanceof Error && cause.constructor.name === 'PothosValidationError')
      return badInput('This is not the id of anything.', path);
  }
  if (isGraphqlError(error) && causesOf(error).every((cause) => isGraphqlError(cause))) {
    const message = withoutValues(error.message);
    const code = error.extensions['code'] ?? 'BAD_USER_INPUT';
    return new GraphQLError(message, {
      ...path,
      ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
      extensions: { code, error: plain('USAGE_INVALID', message), ...httpOf(error) },
    });
  }
  onUnexpected(error instanceof Error ? nameOf(error) : typeof error);
  return new GraphQLError('Unexpected error.', { ...path, extensions: { code: 'INTERNAL_SERVER_ERROR' } });
}

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let one: unknown = error; one !== undefined && one !== null && causes.length < 10;) {
    causes.push(one);
    one = isGraphqlError(one) ? one.originalError : undefined;
  }
  return causes;
}

/** By its name: what carries queries out may have loaded another copy of the class. */
function isGraphqlError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError';
}

function nameOf(error: Error): string {
  const inner = isGraphqlError(error) ? error.originalError : undefined;
  return inner?.name ?? error.name;
}

/** Where, and what was expected there; the messages of the schemas hold no values. */
function firstIssue(error: unknown): { readonly path: string; readonly message: string } | null {
  if (typeof error !== 'object' || error === null || !('issues' in error) || !Array.isArray(error.issues)) return null;
  const issue = (error.issues as readonly unknown[])[0];
  if (typeof issue !== 'object' || issue === null) return null;
  const path = 'path' in issue && Array.isArray(issue.path) ? (issue.path as readonly unknown[]) : [];
  const words = path.map((part) =>
    typeof part === 'object' && part !== null && 'key' in part ? String(part.key) : String(part),
  );
  const message = 'message' in issue && typeof issue.message === 'string' ? issue.message : 'not what is expected';
  return { path: words.join('.').slice(0, 120), message: message.slice(0, 200).replace(/\.$/, '') };
}

function badInput(message: string, path: { readonly path?: ReadonlyArray<string | number> }): GraphQLError {
  return new GraphQLError(message, {
    ...path,
    extensions: { code: 'BAD_USER_INPUT', error: plain('USAGE_INVALID', message) },
  });
}

function plain(code: ErrorCode, message: string): PlainError {
  return { code, message, hint: 'See the schema for what is expected.', retryable: false };
}

/** The status of the answer as a whole, where there is one. */
function httpOf({ extensions: { http } }: GraphQLError): Pick<GraphQLError['extensions'], 'http'> {
  return http === undefined ? {} : { http };
}

/** graphql-js repeats what it did not expect; that may be what somebody said. */
function withoutValues(message: string): string {
  return message
    .replace(/((?:has|got) invalid value)(?: at "[^"]{0,200}")?[^]*$/, '$1.')
    .replace(/,? (?:found|but got|received):? [^]*$/, '.')
    .replaceAll(/"(?:[^"\\]|\\.){60,}"/g, '"…"')
    .slice(0, 500);
}
