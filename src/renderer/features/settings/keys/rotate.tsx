// New data keys: everything in the vault is sealed anew, and what was left half done goes on.

import { useState } from 'react';

import type { Keys } from '../../../../shared/contract/schemas.ts';
import { Message } from '../../../components/feedback.tsx';
import { formatAge, formatCount } from '../../../components/format.ts';
import { WorkPanel } from '../../../components/work-panel.tsx';
import { api } from '../../../client/client.ts';
import { cancelWork, startWork, useWork } from '../../../stores/works.ts';
import { CurrentPassword } from './current-password.tsx';

export function Rotate({ keys, onDone }: { readonly keys: Keys; readonly onDone: () => void }) {
  const work = useWork('rotate');
  const { epoch, epochCreatedAt, rotation, isRotationAdvised } = keys;
  const [current, setCurrent] = useState('');
  const handleStart = (): void => {
    void startWork('rotate', (signal) => api.keys.rotate({ current }, { signal })).then(onDone);
    setCurrent('');
  };
  return (
    <>
      <p>
        Epoch {epoch} of the data keys, made {formatAge(epochCreatedAt)}.{' '}
        <span className="soft">
          {isRotationAdvised
            ? 'A rotation is advised: they are in use for long.'
            : 'No rotation is needed, unless somebody may have seen a key.'}
        </span>
      </p>
      {rotation !== null && !work.isRunning && (
        <Message tone="warn">
          A rotation was begun and not ended: {formatCount(rotation.done)} of {formatCount(rotation.total)} records are
          sealed anew. All of them can be read; go on when you like.
        </Message>
      )}
      {!work.isRunning && (
        <CurrentPassword label="Your password, to rotate" value={current} onValue={setCurrent} error={null} />
      )}
      <WorkPanel
        work={work}
        label="Sealing everything anew"
        starts={[
          {
            label: rotation === null ? 'Rotate the data keys' : 'Go on with the rotation',
            onStart: handleStart,
            isPrimary: isRotationAdvised || rotation !== null,
            isHeld: current === '',
          },
        ]}
        onCancel={() => cancelWork('rotate')}
        cancelled="Stopped. Everything can be read; the rotation goes on where it stands when you start it again."
      >
        {work.result !== null && (
          <Message tone="good">Done: {formatCount(work.result.total)} records are sealed with new keys.</Message>
        )}
      </WorkPanel>
    </>
  );
}
