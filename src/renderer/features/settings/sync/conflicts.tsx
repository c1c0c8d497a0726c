// What was edited apart on several devices: all versions side by side. Whichever is chosen, the others stay known as older ones.

import { useState } from 'react';

import type { SyncConflict } from '../../../../shared/contract/sync.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage } from '../../../components/feedback.tsx';
import { formatMoment, plural } from '../../../components/format.ts';
import { plainTitle, showHidden } from '../../../components/visible-text.ts';
import { readSync, useSync } from '../../../stores/sync.ts';
import { Part } from '../section.tsx';
import { tellField, tellValue } from './tell-conflict.ts';

export function Conflicts() {
  const count = useSync(({ status }) => status?.conflicts ?? 0);
  const { data, error, reload } = useQuery(
    `sync.conflicts ${count}`,
    (signal) => api.sync.conflicts(undefined, { signal }),
    {
      isEnabled: count > 0,
    },
  );
  if (count === 0) return null;
  return (
    <Part title="Edited apart">
      <p className="soft">
        {plural(count, 'field')} changed on two devices before they met. One version is shown; nothing of the others is
        lost.
      </p>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {(data?.conflicts ?? []).map((conflict) => (
        <Conflict key={`${conflict.entity} ${conflict.field}`} conflict={conflict} onDone={reload} />
      ))}
    </Part>
  );
}

function Conflict({ conflict, onDone }: { readonly conflict: SyncConflict; readonly onDone: () => void }) {
  const { entity, title, field, current, others } = conflict;
  const [chosen, setChosen] = useState(0);
  const versions = [current, ...others];
  const name = `${plainTitle(title)}: ${tellField(field)}`;
  const resolving = useAction(async () => {
    await api.sync.resolve({ entity, field, value: versions[chosen]?.value ?? null });
    readSync();
    onDone();
  });
  return (
    <fieldset className="sync__conflict">
      <legend className="captured">{name}</legend>
      {versions.map(({ value, deviceName, at }, position) => (
        <label key={position} className="choice-card">
          <input
            type="radio"
            name={`${entity} ${field}`}
            checked={chosen === position}
            onChange={() => setChosen(position)}
          />
          <span className="grow">
            <span className="captured sync__value">{showHidden(tellValue(value))}</span>
            <span className="soft small captured">
              {plainTitle(deviceName)}
              {at !== null && `, ${formatMoment(at)}`}
              {position === 0 && ', shown now'}
            </span>
          </span>
        </label>
      ))}
      {resolving.error !== null && <ErrorMessage error={resolving.error} />}
      <div className="row">
        <Button
          disabled={resolving.isRunning}
          aria-label={`Use this one everywhere: ${name}`}
          onClick={() => void resolving.run()}
        >
          Use this one everywhere
        </Button>
      </div>
    </fieldset>
  );
}
