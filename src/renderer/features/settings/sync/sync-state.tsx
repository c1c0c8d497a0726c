// The switch, how sync stands in words, what waits, what went wrong and what to do about it.

import { useState } from 'react';

import type { SyncStatus } from '../../../../shared/contract/sync.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { ErrorMessage, Message, ProgressBar } from '../../../components/feedback.tsx';
import { SwitchField } from '../../../components/fields.tsx';
import { formatAge, formatWhole } from '../../../components/format.ts';
import { Prose } from '../../../components/prose.tsx';
import { SYNC_STATE_NAMES, tellSync, tellTravel, tellWaiting } from '../../../components/tell-sync.ts';
import { useNow } from '../../../components/use-now.ts';
import { plainTitle } from '../../../components/visible-text.ts';
import { takeSync } from '../../../stores/sync.ts';

export function SyncState({ status }: { readonly status: SyncStatus }) {
  const { isOn, state, account, lastSyncAt, progress, error, troubles } = status;
  const now = useNow();
  const [isLeaving, setLeaving] = useState(false);
  const turning = useAction(async (next: boolean) => takeSync(await api.sync.setOn({ isOn: next })));
  const round = useAction(async () => takeSync(await api.sync.now({ acceptDeletions: false })));
  const words = tellSync(status, now);
  const travel = tellTravel(status);
  const asks = error?.code === 'SYNC_ASKS';
  return (
    <>
      <SwitchField
        label="Sync with other devices"
        hint={account === null ? undefined : `As ${plainTitle(account.email)} at ${plainTitle(account.server)}`}
        isOn={isOn}
        isDisabled={turning.isRunning}
        onChange={(next) => void turning.run(next)}
      />
      {turning.error !== null && <ErrorMessage error={turning.error} />}
      <dl className="sync__facts">
        <dt>State</dt>
        <dd>
          <span role="status">
            <strong>{SYNC_STATE_NAMES[state]}</strong>
            {words !== null && isOn && <span className="soft"> {words.text}</span>}
          </span>
        </dd>
        <dt>Waiting</dt>
        <dd>{tellWaiting(status)}</dd>
        <dt>Level with the server</dt>
        <dd>
          {lastSyncAt === null ? (
            'not yet'
          ) : (
            <time dateTime={lastSyncAt} title={formatWhole(lastSyncAt)}>
              {formatAge(lastSyncAt, now)}
            </time>
          )}
        </dd>
      </dl>
      {progress !== null && travel !== null && (
        <ProgressBar label={plainTitle(travel)} done={progress.done} total={progress.total} />
      )}
      {asks && <DeletionQuestion message={error.message} hint={error.hint} />}
      {error !== null && !asks && (
        <Message tone="bad">
          <strong>
            <Prose text={error.message} />
          </strong>{' '}
          <Prose text={error.hint} />
        </Message>
      )}
      {troubles.map(({ deviceId, deviceName, error: trouble }, at) => (
        <Message key={deviceId ?? at} tone="warn">
          <strong className="captured">{plainTitle(deviceName)}:</strong>{' '}
          <Prose text={`${trouble.message} ${trouble.hint}`} />
        </Message>
      ))}
      {round.error !== null && <ErrorMessage error={round.error} />}
      <div className="row wrap">
        <Button aria-disabled={!isOn || round.isRunning} onClick={() => isOn && !round.isRunning && void round.run()}>
          {round.isRunning ? 'Syncing…' : 'Sync now'}
        </Button>
        <Button look="quiet" onClick={() => setLeaving(true)}>
          Sign out…
        </Button>
      </div>
      {isLeaving && <SignOut onClose={() => setLeaving(false)} />}
    </>
  );
}

/** The brake: nothing is deleted here before somebody has said so. */
function DeletionQuestion({ message, hint }: { readonly message: string; readonly hint: string }) {
  const [isAsked, setAsked] = useState(false);
  const accepting = useAction(async () => takeSync(await api.sync.now({ acceptDeletions: true })));
  const stopping = useAction(async () => takeSync(await api.sync.setOn({ isOn: false })));
  return (
    <>
      <Message tone="warn">
        <strong>
          <Prose text={message} />
        </strong>{' '}
        <Prose text={hint} /> Until you decide, nothing is deleted here.
        <div className="row wrap sync__answers">
          <Button look="danger" onClick={() => setAsked(true)}>
            Delete them here too…
          </Button>
          <Button aria-disabled={stopping.isRunning} onClick={() => void stopping.run()}>
            Keep everything and turn sync off
          </Button>
        </div>
      </Message>
      {stopping.error !== null && <ErrorMessage error={stopping.error} />}
      <Dialog
        title="Delete all of this here too?"
        description={`${message} What is deleted on this device cannot be brought back from the server; a backup of before still holds it.`}
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        actions={
          <>
            <Button onClick={() => setAsked(false)}>Keep them</Button>
            <Button
              look="danger"
              disabled={accepting.isRunning}
              onClick={() => void accepting.run().then((isDone) => isDone && setAsked(false))}
            >
              Delete them here too
            </Button>
          </>
        }
      >
        {accepting.error !== null && <ErrorMessage error={accepting.error} />}
      </Dialog>
    </>
  );
}

function SignOut({ onClose }: { readonly onClose: () => void }) {
  const leaving = useAction(async () => takeSync(await api.sync.logout()));
  return (
    <Dialog
      title="Sign out of the server?"
      description="What was synced stays on both sides. This device sends and receives nothing until you sign in again."
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Stay signed in</Button>
          <Button
            look="danger"
            disabled={leaving.isRunning}
            onClick={() => void leaving.run().then((isDone) => isDone && onClose())}
          >
            Sign out
          </Button>
        </>
      }
    >
      {leaving.error !== null && <ErrorMessage error={leaving.error} />}
    </Dialog>
  );
}
