// Another password for the same vault.

import { useState, type FormEvent } from 'react';

import { Button } from '../../../components/button.tsx';
import { NewPasswordFields } from '../../../components/new-password.tsx';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useNewPassword } from '../../../client/use-new-password.ts';
import { CurrentPassword } from './current-password.tsx';

export function ChangePassword({ onDone }: { readonly onDone: () => void }) {
  const [current, setCurrent] = useState('');
  const [hasChanged, setChanged] = useState(false);
  const draft = useNewPassword();
  const changing = useAction(async () => {
    await api.keys.changePassword({ current, next: draft.password });
    setCurrent('');
    draft.clear();
    setChanged(true);
    onDone();
  });
  const isReady = current !== '' && draft.isReady && !changing.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    setChanged(false);
    if (isReady) void changing.run();
  };
  return (
    <form className="settings__form" onSubmit={handleSubmit}>
      <CurrentPassword value={current} onValue={setCurrent} error={changing.error} />
      <NewPasswordFields draft={draft} label="New password" />
      <p className="soft small">
        Older copies of the vault, backups among them, still open with the old password. To shut that out, rotate the
        data keys too, and delete the old copies.
      </p>
      <div className="row wrap">
        <Button type="submit" look="primary" aria-disabled={!isReady}>
          Change the password
        </Button>
        <span className="soft small" role="status">
          {changing.isRunning ? 'Changing it…' : hasChanged && 'The password was changed.'}
        </span>
      </div>
    </form>
  );
}
