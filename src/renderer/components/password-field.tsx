// A field for a password: hidden unless asked for, with a sign while Caps Lock is on.

import './secrets.css';

import { ArrowBigUpDash, Eye, EyeOff } from 'lucide-react';
import { useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';

import { Button } from './button.tsx';
import { TextField } from './fields.tsx';

export interface PasswordFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  readonly autoComplete: 'current-password' | 'new-password' | 'off';
  readonly hasFocus?: boolean;
  /** Where two fields are shown and hidden together, the first one steers. */
  readonly shown?: { readonly isShown: boolean; readonly onChange?: (isShown: boolean) => void };
  readonly className?: string;
  readonly ref?: React.Ref<HTMLInputElement>;
}

export function PasswordField({ shown, hasFocus = false, hint, ref, className = '', ...rest }: PasswordFieldProps) {
  const [isShownHere, setShownHere] = useState(false);
  const [isCapsLock, setCapsLock] = useState(false);
  const isShown = shown?.isShown ?? isShownHere;
  const onToggle = shown === undefined ? setShownHere : shown.onChange;
  const look = (event: KeyboardEvent | MouseEvent): void => setCapsLock(event.getModifierState('CapsLock'));
  const Icon = isShown ? EyeOff : Eye;
  return (
    <div className="password-field" onKeyDown={look} onKeyUp={look} onMouseDown={look}>
      <TextField
        {...rest}
        {...(hint === undefined ? {} : { hint })}
        {...(ref === undefined ? {} : { ref })}
        className={className}
        type={isShown ? 'text' : 'password'}
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
        maxLength={1024}
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- only where a screen has this one field
        autoFocus={hasFocus}
      />
      {onToggle !== undefined && (
        <Button
          look="quiet"
          className="password-field__toggle"
          aria-pressed={isShown}
          aria-label={`Show ${rest.label.toLowerCase()}`}
          onClick={() => onToggle(!isShown)}
        >
          <Icon size={14} aria-hidden />
          {isShown ? 'Hide' : 'Show'}
        </Button>
      )}
      <div className="password-field__caps" role="status">
        {isCapsLock && (
          <>
            <ArrowBigUpDash size={15} aria-hidden />
            Caps Lock is on.
          </>
        )}
      </div>
    </div>
  );
}
