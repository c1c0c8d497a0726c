// The first step: what Cairn is, in a few lines, and the password of the vault.

import type { FormEvent } from 'react';

import { NEVER_CAPTURED } from '../../components/promises.ts';
import { Button } from '../../components/button.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { NewPasswordFields } from '../../components/new-password.tsx';
import { useNewPassword } from '../../client/use-new-password.ts';
import { createVault, useFirstRun } from './first-run-store.ts';
import { Step } from './step.tsx';

export function PasswordStep() {
  const draft = useNewPassword();
  const { isCreating, error } = useFirstRun();
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (draft.isReady && !isCreating) void createVault(draft.password);
  };
  return (
    <Step
      title="Protect your work in two minutes"
      takesFocus={false}
      intro={
        <>
          <p>
            Cairn keeps what you have open (terminals, tabs, conversations with agents, uncommitted work) in an
            encrypted vault on this machine, and brings it back when it is lost.
          </p>
          <p>
            <strong>Never captured:</strong> {NEVER_CAPTURED}. <strong>Nothing leaves this machine</strong>, and nothing
            is captured before you turn it on.
          </p>
        </>
      }
    >
      <form className="card first-run__card" onSubmit={handleSubmit}>
        <div className="stack first-run__tight">
          <h2>Choose a password for the vault</h2>
          <p className="soft">Nobody can reset it. A recovery key, in the next step, helps if you forget it.</p>
        </div>
        <NewPasswordFields draft={draft} label="Password" />
        {error !== null && <ErrorMessage error={error} />}
        <div className="first-run__actions">
          <span className="soft small grow" role="status">
            {isCreating && 'Making the vault and its keys…'}
          </span>
          <Button type="submit" look="primary" size="large" aria-disabled={!draft.isReady || isCreating}>
            Make the vault
          </Button>
        </div>
      </form>
    </Step>
  );
}
