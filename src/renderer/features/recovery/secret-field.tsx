// The password or the recovery key, asked for before the vault's file is replaced.

import { useState } from 'react';

import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/fields.tsx';
import { PasswordField } from '../../components/password-field.tsx';

export type SecretInput = { readonly password: string } | { readonly recoveryKey: string };

export interface SecretFieldProps {
  readonly onValue: (secret: SecretInput | null) => void;
  readonly error: string | undefined;
  /** What it opens: "the vault". */
  readonly of?: string;
  readonly hasFocus?: boolean;
}

export function SecretField({ onValue, error, of = 'the vault', hasFocus = false }: SecretFieldProps) {
  const [isByKey, setByKey] = useState(false);
  const [text, setText] = useState('');
  const take = (next: string, byKey: boolean): void => {
    setText(next);
    setByKey(byKey);
    if (next === '') onValue(null);
    else onValue(byKey ? { recoveryKey: next } : { password: next });
  };
  return (
    <div className="stack">
      {isByKey ? (
        <TextField
          label={of === 'the vault' ? 'Recovery key' : `Recovery key of ${of}`}
          value={text}
          onValue={(next) => take(next, true)}
          error={error}
          className="mono"
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
        />
      ) : (
        <PasswordField
          label={`Password of ${of}`}
          value={text}
          onValue={(next) => take(next, false)}
          autoComplete="current-password"
          error={error}
          {...(hasFocus ? { hasFocus } : {})}
        />
      )}
      <div className="row">
        <Button
          look="quiet"
          aria-label={isByKey ? `Use the password of ${of}` : `Use the recovery key of ${of}`}
          onClick={() => take('', !isByKey)}
        >
          {isByKey ? 'Use the password' : 'Use the recovery key'}
        </Button>
      </div>
    </div>
  );
}
