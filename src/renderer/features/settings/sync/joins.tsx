// Devices that ask to be let in. Whoever approves hands over the vault's key: the words on both sides have to be the same.

import { useState } from 'react';

import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import type { SyncJoin } from '../../../../shared/contract/sync.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage } from '../../../components/feedback.tsx';
import { formatAge } from '../../../components/format.ts';
import { useNow } from '../../../components/use-now.ts';
import { tellPlatform } from '../../../components/tell-sync.ts';
import { plainTitle } from '../../../components/visible-text.ts';
import { readSync, useSync } from '../../../stores/sync.ts';
import { Part } from '../section.tsx';

export function Joins() {
  const pending = useSync(({ status }) => status?.pendingJoins ?? 0);
  const { data, error, reload } = useQuery(`sync.joins ${pending}`, (signal) => api.sync.joins(undefined, { signal }), {
    reloadOn: ['sync.changed', 'devices.changed'],
    isEnabled: pending > 0,
  });
  if (error !== null)
    return (
      <Part title="A device asks to join">
        <ErrorMessage error={error} onRetry={reload} />
      </Part>
    );
  return (data?.joins ?? []).map((join) => <Join key={join.id} join={join} onDone={reload} />);
}

function Join({ join, onDone }: { readonly join: SyncJoin; readonly onDone: () => void }) {
  const { id, name, platform, words, requestedAt, expiresAt } = join;
  const now = useNow();
  // A list that comes in between must not put other words under the click of who has compared these.
  const [compared] = useState(words);
  const hasChanged = compared !== words;
  const answering = useAction(async (answer: 'approve' | 'refuse') => {
    await api.sync.answerJoin(answer === 'approve' ? { id, answer, words: compared } : { id, answer });
    readSync();
    onDone();
  });
  return (
    <Part title="A device asks to join">
      <p>
        <strong className="captured">{plainTitle(name)}</strong>{' '}
        <span className="soft captured">
          ({plainTitle(tellPlatform(platform))}, asked {formatAge(requestedAt, now)}, ends {formatAge(expiresAt, now)})
        </span>{' '}
        wants to read and continue your history.
      </p>
      <div>
        <p className="soft small" id={`words-${id}`}>
          Let it in only if it shows exactly these words:
        </p>
        <p className="sync__words captured" aria-describedby={`words-${id}`}>
          {plainTitle(compared)}
        </p>
      </div>
      {hasChanged && (
        <p className="field__error" role="alert">
          The words have changed since they were shown here. Somebody may stand between: refuse the device, and ask who
          runs the server.
        </p>
      )}
      {answering.error !== null && <ErrorMessage error={answering.error} />}
      <div className="row wrap">
        <Button disabled={answering.isRunning} onClick={() => void answering.run('refuse')}>
          Refuse
        </Button>
        <Button
          look="primary"
          disabled={answering.isRunning || hasChanged}
          onClick={() => void answering.run('approve')}
        >
          The words are the same: let it in
        </Button>
      </div>
    </Part>
  );
}
