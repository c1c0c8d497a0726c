// Signing in by a code: it is shown here and entered on the server's page, so that the account's password is typed only there.

import { useEffect, useState } from 'react';

import { fromContractError } from '../../../../shared/contract/errors.ts';
import type { SyncCode } from '../../../../shared/contract/sync.ts';
import type { AppError } from '../../../../shared/model/app-error.ts';
import { api } from '../../../client/client.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage } from '../../../components/feedback.tsx';
import { formatAge } from '../../../components/format.ts';
import { useNow } from '../../../components/use-now.ts';
import { plainTitle } from '../../../components/visible-text.ts';
import { takeSync } from '../../../stores/sync.ts';

interface CodeSignInProps {
  readonly code: SyncCode;
  /** Another code, or none. */
  readonly onEnd: () => void;
}

export function CodeSignIn({ code, onEnd }: CodeSignInProps) {
  const { userCode, address, expiresAt, checkEverySeconds } = code;
  const now = useNow();
  const [error, setError] = useState<AppError | null>(null);
  // A line that broke is tried again; any other end of a code is for good.
  const hasEnded = error !== null && !error.isRetryable;
  useEffect(() => {
    if (hasEnded) return undefined;
    const check = async (): Promise<void> => {
      try {
        const { isEntered, status } = await api.sync.checkCode();
        setError(null);
        if (isEntered) takeSync(status);
      } catch (failure) {
        setError(fromContractError(failure));
      }
    };
    const timer = setInterval(() => void check(), checkEverySeconds * 1_000);
    return () => clearInterval(timer);
  }, [hasEnded, checkEverySeconds]);
  return (
    <div className="settings__form">
      <p className="soft small" id="sync-code">
        Enter this code on the page of the server, with e-mail and password of your account:
      </p>
      <p className="sync__words captured" aria-describedby="sync-code">
        {plainTitle(userCode)}
      </p>
      <p className="captured">{plainTitle(address)}</p>
      {error !== null && <ErrorMessage error={error} />}
      <div className="row wrap">
        <Button onClick={onEnd}>{hasEnded ? 'Ask for a new code' : 'Cancel'}</Button>
        <span className="soft small" role="status">
          {!hasEnded && `Waiting until it is entered. It ends ${formatAge(expiresAt, now)}.`}
        </span>
      </div>
    </div>
  );
}
