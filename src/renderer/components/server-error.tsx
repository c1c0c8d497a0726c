// What the server, or the way to it, said: with the way to sign in where that is what is missing.

import { Link } from 'wouter';

import type { AppError } from '../../shared/model/app-error.ts';
import type { ErrorCode } from '../../shared/model/error-codes.ts';
import { Button } from './button.tsx';
import { ErrorMessage, Message } from './feedback.tsx';

/** Codes of somebody who is not signed in. */
const SIGNED_OUT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['PUBLISH_FAILED', 'SYNC_OFF', 'SYNC_LOGIN']);

export function ServerError({ error, onRetry }: { readonly error: AppError; readonly onRetry: () => void }) {
  if (!SIGNED_OUT.has(error.code)) return <ErrorMessage error={error} onRetry={onRetry} />;
  return (
    <Message
      tone="warn"
      action={
        <span className="row wrap">
          <Button onClick={onRetry}>Try again</Button>
          <Link className="button" href="/settings/sync">
            Sign in
          </Link>
        </span>
      }
    >
      <strong>{error.message}</strong> Published sessions and teams are on a server.
    </Message>
  );
}
