// A password that is being chosen: how good it is as it is typed, a passphrase to take instead, and that it was typed twice alike.

import { useState } from 'react';

import type { NewPasswordDraft } from '../components/new-password.tsx';
import { api } from './client.ts';
import { useAction } from './use-action.ts';
import { useDebounced } from './use-debounced.ts';
import { useQuery } from './use-query.ts';

const CHECK_AFTER_MS = 250;

export interface NewPassword extends NewPasswordDraft {
  /** True where it is good enough and was repeated. */
  readonly isReady: boolean;
  readonly clear: () => void;
}

export function useNewPassword(): NewPassword {
  const [password, setPassword] = useState('');
  const [repeat, setRepeat] = useState('');
  const [isShown, setShown] = useState(false);
  const [isOffered, setOffered] = useState(false);
  const settled = useDebounced(password, CHECK_AFTER_MS);
  const checking = useQuery(settled, (signal) => api.vault.checkPassword({ password: settled }, { signal }), {
    isEnabled: settled !== '',
  });
  const offering = useAction(async () => {
    const { passphrase } = await api.vault.generatePassphrase();
    setPassword(passphrase);
    setRepeat('');
    setShown(true);
    setOffered(true);
  });
  const check = settled === password ? checking.data : null;
  return {
    password,
    repeat,
    isShown,
    isOffered,
    check,
    error: checking.error ?? offering.error,
    isReady: check?.isAccepted === true && repeat === password,
    setPassword: (text) => {
      setPassword(text);
      setOffered(false);
    },
    setRepeat,
    setShown,
    offerPassphrase: () => void offering.run(),
    clear: () => {
      setPassword('');
      setRepeat('');
      setShown(false);
      setOffered(false);
    },
  };
}
