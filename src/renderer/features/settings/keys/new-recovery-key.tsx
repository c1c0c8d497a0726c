// A new recovery key in place of the old one; it is shown once, and wiped when that is confirmed or the section is left.

import { useState, type FormEvent } from 'react';

import { Button } from '../../../components/button.tsx';
import { Message } from '../../../components/feedback.tsx';
import { protectWindow } from '../../../client/protect-window.ts';
import { RecoveryKey } from '../../../components/recovery-key.tsx';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { CurrentPassword } from './current-password.tsx';

export function NewRecoveryKey({ onDone }: { readonly onDone: () => void }) {
  const [current, setCurrent] = useState('');
  const [recoveryKey, setRecoveryKey] = useState<string | null>(null);
  const making = useAction(async () => {
    const made = await api.keys.replaceRecoveryKey({ current });
    setRecoveryKey(made.recoveryKey);
    setCurrent('');
    onDone();
  });
  if (recoveryKey !== null)
    return (
      <>
        <Message tone="warn">
          This is shown only now, and the old recovery key opens the vault no longer. Write it down, or save it
          somewhere that is not this machine.
        </Message>
        <RecoveryKey recoveryKey={recoveryKey} onShown={protectWindow} />
        <div className="row">
          <Button look="primary" onClick={() => setRecoveryKey(null)}>
            I have kept it
          </Button>
        </div>
      </>
    );
  const isReady = current !== '' && !making.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady) void making.run();
  };
  return (
    <form className="settings__form" onSubmit={handleSubmit}>
      <p className="soft">For when the old one was lost or seen by somebody. The old one opens the vault no longer.</p>
      <CurrentPassword value={current} onValue={setCurrent} error={making.error} />
      <div className="row wrap">
        <Button type="submit" aria-disabled={!isReady}>
          Make a new recovery key
        </Button>
        <span className="soft small" role="status">
          {making.isRunning && 'Checking the password…'}
        </span>
      </div>
    </form>
  );
}
