// The password as proof, before a change of the keys; wrong ones are said at the field.

import type { AppError } from '../../../../shared/model/app-error.ts';
import { ErrorMessage } from '../../../components/feedback.tsx';
import { PasswordField } from '../../../components/password-field.tsx';

export interface CurrentPasswordProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** What went wrong with the change as a whole. */
  readonly error: AppError | null;
  readonly label?: string;
}

export function CurrentPassword({ value, onValue, error, label = 'Current password' }: CurrentPasswordProps) {
  const isWrong = error?.code === 'VAULT_WRONG_PASSWORD';
  return (
    <>
      <PasswordField
        label={label}
        value={value}
        onValue={onValue}
        autoComplete="current-password"
        error={isWrong ? 'Wrong password.' : undefined}
      />
      {error !== null && !isWrong && <ErrorMessage error={error} />}
    </>
  );
}
