// How a vault is opened: with the password, the recovery key, or the system's keychain where that works here.

import { useEffect, useRef, useState, type FormEvent } from 'react';

import { Button } from '../../components/button.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { PasswordField } from '../../components/password-field.tsx';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { takeStatus } from '../../stores/status.ts';
import { useWait } from './use-wait.ts';

type Secret = Parameters<typeof api.vault.unlock>[0];

export function UnlockForm({ label = 'Unlock' }: { readonly label?: string }) {
  const [isByKey, setByKey] = useState(false);
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const unlocking = useAction(async (secret: Secret) => takeStatus(await api.vault.unlock(secret)));
  const keychain = useQuery('keychain', (signal) => api.keys.keychain(undefined, { signal }));
  const waitSeconds = useWait(unlocking.error);
  const { error, isRunning } = unlocking;
  const isWrong = error?.code === 'VAULT_WRONG_PASSWORD';
  const cannot = isRunning || waitSeconds > 0;

  useEffect(() => field.current?.focus(), [isByKey]);
  useEffect(() => {
    if (isWrong) field.current?.select();
  }, [isWrong, error]);

  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (text === '' || cannot) return;
    void unlocking.run(isByKey ? { recoveryKey: text } : { password: text });
  };
  const handleOther = (): void => {
    setByKey(!isByKey);
    setText('');
    unlocking.clear();
  };
  return (
    <form className="stack" onSubmit={handleSubmit}>
      {isByKey ? (
        <TextField
          ref={field}
          label="Recovery key"
          hint="Nine groups of four; capitals, blanks and hyphens do not matter."
          value={text}
          onValue={setText}
          error={isWrong ? `${error.message} ${error.hint}`.trim() : undefined}
          className="mono"
          maxLength={100}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
        />
      ) : (
        <PasswordField
          ref={field}
          label="Password"
          value={text}
          onValue={setText}
          autoComplete="current-password"
          hasFocus
          error={isWrong ? 'Wrong password. Try again, or use the recovery key.' : undefined}
        />
      )}
      {error !== null && !isWrong && (waitSeconds > 0 || error.code !== 'VAULT_TOO_MANY_ATTEMPTS') && (
        <ErrorMessage error={error} />
      )}
      <Button type="submit" look="primary" size="large" aria-disabled={cannot || text === ''}>
        {isRunning && <span className="spinner unlock__spinner" aria-hidden />}
        {isRunning ? 'Unlocking…' : waitSeconds > 0 ? `Wait ${waitSeconds} s` : label}
      </Button>
      <p className="soft small unlock__progress" role="status">
        {isRunning && 'Deriving the key: this takes a second on purpose, so that guessing takes for ever.'}
      </p>
      {keychain.data?.isAvailable === true && keychain.data.isOn && (
        <Button aria-disabled={cannot} onClick={() => !cannot && void unlocking.run({ keychain: true })}>
          Unlock with the system’s keychain
        </Button>
      )}
      <Button onClick={handleOther}>{isByKey ? 'Use the password' : 'Use the recovery key'}</Button>
    </form>
  );
}
