// The second step: the recovery key is shown once, and two of its groups are typed back.

import { useState, type FormEvent } from 'react';

import { Button } from '../../components/button.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { PasswordField } from '../../components/password-field.tsx';
import { protectWindow } from '../../client/protect-window.ts';
import { groupsOf, RecoveryKey } from '../../components/recovery-key.tsx';
import { useAction } from '../../client/use-action.ts';
import { setSetup } from '../../stores/ui.ts';
import { replaceRecoveryKey, useFirstRun, wipeRecoveryKey } from './first-run-store.ts';
import { isSameGroup, pickTwo } from './recovery-check.ts';
import { Step } from './step.tsx';

export function RecoveryKeyStep() {
  const recoveryKey = useFirstRun(({ recoveryKey }) => recoveryKey);
  const [isChecking, setChecking] = useState(false);
  if (recoveryKey === null) return <NewKey />;
  if (isChecking) return <TypedBack recoveryKey={recoveryKey} onBack={() => setChecking(false)} />;
  return (
    <Step
      title="Keep your recovery key"
      intro={
        <p>
          It opens the vault if you forget the password, and it is shown only now. Write it down, or save it somewhere
          that is not this machine.
        </p>
      }
    >
      <section className="card first-run__card" aria-label="Your recovery key">
        <RecoveryKey recoveryKey={recoveryKey} onShown={protectWindow} />
        <p className="soft small">
          Whoever has this key and the vault can read everything in it. A copied key stays in the clipboard until you
          copy something else.
        </p>
        <div className="first-run__actions">
          <span className="grow" />
          <Button look="primary" size="large" onClick={() => setChecking(true)}>
            I have kept it
          </Button>
        </div>
      </section>
    </Step>
  );
}

function TypedBack({ recoveryKey, onBack }: { readonly recoveryKey: string; readonly onBack: () => void }) {
  const groups = groupsOf(recoveryKey);
  const [places] = useState(() => pickTwo(groups.length));
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({});
  const [wrong, setWrong] = useState<readonly number[]>([]);
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    const failed = places.filter((place) => !isSameGroup(typed[place] ?? '', groups[place] ?? ''));
    setWrong(failed);
    if (failed.length > 0) return;
    wipeRecoveryKey();
    setSetup('sources');
  };
  return (
    <Step
      title="Type two groups back"
      intro={
        <p>Look at what you kept, and type two of its {groups.length} groups. A key that was not kept helps nobody.</p>
      }
    >
      <form className="card first-run__card" onSubmit={handleSubmit}>
        <div className="first-run__groups">
          {places.map((place) => (
            <TextField
              key={place}
              label={`Group ${place + 1}`}
              value={typed[place] ?? ''}
              onValue={(text) => {
                setTyped((before) => ({ ...before, [place]: text }));
                setWrong((before) => before.filter((other) => other !== place));
              }}
              error={wrong.includes(place) ? `This is not group ${place + 1}.` : undefined}
              className="mono first-run__group"
              maxLength={9}
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
            />
          ))}
        </div>
        <div className="first-run__actions">
          <Button look="quiet" onClick={onBack}>
            Show the key again
          </Button>
          <span className="grow" />
          <Button type="submit" look="primary" size="large">
            Go on
          </Button>
        </div>
      </form>
    </Step>
  );
}

/** The window was loaded again before the key was confirmed: nobody knows it any more. */
function NewKey() {
  const [password, setPassword] = useState('');
  const making = useAction(replaceRecoveryKey);
  const isWrong = making.error?.code === 'VAULT_WRONG_PASSWORD';
  const handleSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (password !== '' && !making.isRunning) void making.run(password);
  };
  return (
    <Step
      title="Make a new recovery key"
      intro={
        <p>
          The window was closed before you confirmed your recovery key, and Cairn does not keep it. Make a new one: it
          takes the place of the one before.
        </p>
      }
    >
      <form className="card first-run__card" onSubmit={handleSubmit}>
        <PasswordField
          label="Password"
          value={password}
          onValue={setPassword}
          autoComplete="current-password"
          error={isWrong ? 'Wrong password.' : undefined}
        />
        {making.error !== null && !isWrong && <ErrorMessage error={making.error} />}
        <div className="first-run__actions">
          <span className="soft small grow" role="status">
            {making.isRunning && 'Checking the password…'}
          </span>
          <Button type="submit" look="primary" size="large" aria-disabled={password === '' || making.isRunning}>
            Make a new key
          </Button>
        </div>
      </form>
    </Step>
  );
}
