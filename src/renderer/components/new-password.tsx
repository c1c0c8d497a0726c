// The fields in which a password is chosen: an honest meter, a passphrase on offer, and the same once more.

import './secrets.css';

import type { AppError } from '../../shared/model/app-error.ts';
import { Button } from './button.tsx';
import { ErrorMessage } from './feedback.tsx';
import { PasswordField } from './password-field.tsx';

interface PasswordCheck {
  /** 0, guessed at once, to 4. */
  readonly score: number;
  readonly isAccepted: boolean;
  readonly advice: string;
}

export interface NewPasswordDraft {
  readonly password: string;
  readonly repeat: string;
  readonly isShown: boolean;
  /** True where it is the passphrase that was offered. */
  readonly isOffered: boolean;
  /** Null until it was judged. */
  readonly check: PasswordCheck | null;
  readonly error: AppError | null;
  readonly setPassword: (text: string) => void;
  readonly setRepeat: (text: string) => void;
  readonly setShown: (isShown: boolean) => void;
  readonly offerPassphrase: () => void;
}

const PARTS = [1, 2, 3, 4];
const WORDS = ['Guessed at once', 'Very weak', 'Weak', 'Good', 'Strong'];

export function NewPasswordFields({ draft, label }: { readonly draft: NewPasswordDraft; readonly label: string }) {
  const { password, repeat, isShown, isOffered, check } = draft;
  const isUnlike = repeat !== '' && !password.startsWith(repeat);
  return (
    <div className="stack">
      <PasswordField
        label={label}
        value={password}
        onValue={draft.setPassword}
        autoComplete="new-password"
        shown={{ isShown, onChange: draft.setShown }}
      />
      <Meter password={password} check={check} />
      <div className="row wrap">
        <Button onClick={draft.offerPassphrase}>{isOffered ? 'Offer another one' : 'Offer me a passphrase'}</Button>
        <span className="soft small grow" role="status">
          {isOffered
            ? 'Six random words. Write them down or put them into your password manager now.'
            : 'Six random words are strong and can be remembered.'}
        </span>
      </div>
      <PasswordField
        label="The same again"
        value={repeat}
        onValue={draft.setRepeat}
        autoComplete="new-password"
        shown={{ isShown }}
        error={isUnlike ? 'This is not the same as above.' : undefined}
      />
      {draft.error !== null && <ErrorMessage error={draft.error} />}
    </div>
  );
}

function Meter({ password, check }: { readonly password: string; readonly check: PasswordCheck | null }) {
  const score = check?.score ?? 0;
  const tone = toneOf(check);
  return (
    <div className="meter">
      <div className="meter__bar" aria-hidden>
        {PARTS.map((part) => (
          <div key={part} className={`meter__part ${part <= Math.max(score, 1) ? tone : ''}`} />
        ))}
      </div>
      <div className="small soft" role="status">
        {password === '' ? 'At least 12 characters that nobody would guess.' : <Verdict check={check} />}
      </div>
    </div>
  );
}

function Verdict({ check }: { readonly check: PasswordCheck | null }) {
  if (check === null) return 'Looking at it…';
  const { score, isAccepted, advice } = check;
  const words = !isAccepted && score >= 3 ? 'Not yet' : (WORDS[score] ?? 'Weak');
  return (
    <>
      <strong>{words}.</strong> {advice}
    </>
  );
}

function toneOf(check: PasswordCheck | null): string {
  if (check === null) return '';
  if (check.isAccepted) return 'meter__part--good';
  return check.score >= 2 ? 'meter__part--warn' : 'meter__part--bad';
}
