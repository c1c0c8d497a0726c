// Asks on launch whether to restore, only where something was lost. Three choices; none of them deletes anything, and nothing is done by
// the prompt itself.

import './restore-prompt.css';

import { useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { ItemKind } from '../../../shared/model/item.ts';
import { ITEM_KINDS } from '../../../shared/model/item.ts';
import type { RestorePrompt } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useToldAction } from '../../client/use-told-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { restoreAddress, snapshotAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { formatAge, formatMoment, KIND_NAMES, plural } from '../../components/format.ts';

type Prompt = NonNullable<RestorePrompt['prompt']>;

export function RestorePromptBanner() {
  const [location, navigate] = useLocation();
  const { data } = useQuery('restore-prompt', () => api.restore.prompt());
  const [isClosed, setClosed] = useState(false);
  const dismiss = useToldAction((prompt: Prompt) => api.restore.dismissPrompt({ snapshotId: prompt.snapshotId }));
  const prompt = data?.prompt ?? null;
  if (prompt === null || isClosed || location.startsWith('/restore/')) return null;
  const restore = (): void => {
    setClosed(true);
    navigate(`${restoreAddress(prompt.snapshotId)}?from=prompt`);
  };
  return (
    <section className="prompt" aria-label="Restore what was lost?">
      <div className="prompt__text stack" style={{ gap: 4 }}>
        <h2>{describeReason(prompt)}</h2>
        <p>
          {countMissing(prompt)} from{' '}
          <Link href={snapshotAddress(prompt.snapshotId)}>{formatMoment(prompt.takenAt)}</Link> (
          {formatAge(prompt.takenAt)}) can be brought back.
          {prompt.isSecondCrash && ' It ended badly twice in a row: look at the plan before you restore.'}
        </p>
        {prompt.warnings.map((warning) => (
          <p key={warning} className="small">
            {warning}
          </p>
        ))}
      </div>
      <div className="row wrap">
        <Button look="primary" onClick={restore}>
          Restore selected…
        </Button>
        <Button onClick={() => navigate('/')}>Look at the timeline</Button>
        <Button
          onClick={() => {
            setClosed(true);
            void dismiss.run(prompt);
          }}
        >
          Not now
        </Button>
      </div>
    </section>
  );
}

function describeReason({ reason }: Prompt): string {
  if (reason === 'reboot') return 'The machine was restarted';
  return reason === 'unclean-end' ? 'Cairn did not end well last time' : 'Something that was open is gone';
}

function countMissing({ missing }: Prompt): string {
  const parts = ITEM_KINDS.flatMap((kind: ItemKind) => {
    const count = missing[kind] ?? 0;
    return count === 0 ? [] : [plural(count, KIND_NAMES[kind].one, KIND_NAMES[kind].many)];
  });
  return parts.join(', ');
}
