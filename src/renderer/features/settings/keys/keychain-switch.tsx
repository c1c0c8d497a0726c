// Whether the system's keychain may open the vault; where it cannot be used, why not.

import { useState, type FormEvent } from 'react';

import { Button } from '../../../components/button.tsx';
import { ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { SwitchField } from '../../../components/fields.tsx';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { CurrentPassword } from './current-password.tsx';

export function KeychainSwitch({ onDone }: { readonly onDone: () => void }) {
  const { data, error, reload } = useQuery('keychain', (signal) => api.keys.keychain(undefined, { signal }));
  const [wanted, setWanted] = useState<boolean | null>(null);
  const [current, setCurrent] = useState('');
  const setting = useAction(async (isOn: boolean) => {
    await api.keys.setKeychain({ isOn, current });
    setWanted(null);
    setCurrent('');
    reload();
    onDone();
  });
  if (error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Asking the keychain" />;
  const isOn = wanted ?? data.isOn;
  const isReady = current !== '' && !setting.isRunning;
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReady && wanted !== null) void setting.run(wanted);
  };
  return (
    <>
      <SwitchField
        label="Let the system’s keychain open the vault"
        hint={
          data.isAvailable
            ? 'Whoever is logged in as you can then open it. The password works as before.'
            : `Not available here: ${data.why} The password works as before.`
        }
        isOn={isOn}
        isDisabled={!data.isAvailable}
        onChange={(next) => setWanted(next === data.isOn ? null : next)}
      />
      {wanted !== null && (
        <form className="settings__form" onSubmit={handleSubmit}>
          <CurrentPassword value={current} onValue={setCurrent} error={setting.error} />
          <div className="row wrap">
            <Button type="submit" look="primary" aria-disabled={!isReady}>
              {wanted ? 'Turn it on' : 'Turn it off'}
            </Button>
            <Button look="quiet" onClick={() => setWanted(null)}>
              Cancel
            </Button>
          </div>
        </form>
      )}
    </>
  );
}
