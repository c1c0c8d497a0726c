// Recovery of an open vault: what is damaged, what is whole, and the ways out.

import './recovery.css';

import { useState } from 'react';
import { Link } from 'wouter';

import { Button } from '../../components/button.tsx';
import { Message } from '../../components/feedback.tsx';
import { useStatus } from '../../stores/status.ts';
import { Export } from './export.tsx';
import { Health } from './health.tsx';
import { Merge } from './merge.tsx';
import { RecoveryParts } from './recovery-parts.tsx';

export function Recovery() {
  const readOnly = useStatus(({ status }) => status?.readOnly);
  const isDamaged = useStatus(
    ({ status }) => status?.health?.damage !== undefined || status?.notices.some(({ isDamage }) => isDamage) === true,
  );
  const [isAsked, setAsked] = useState(false);
  // Where something is known to be wrong the check begins by itself, and is not ended when that is put right; else it would only be work.
  const isKnown = isDamaged || readOnly !== undefined;
  if (isKnown && !isAsked) setAsked(true);
  return (
    <div className="page">
      <h1>Recovery</h1>
      {readOnly !== undefined && (
        <Message
          tone="warn"
          action={
            <Link className="button" href="/">
              Look at the timeline
            </Link>
          }
        >
          <strong>You can look at everything that is whole, and restore from it.</strong> Nothing is recorded until the
          vault is repaired, or a backup is in its place.
        </Message>
      )}
      <Health />
      {isAsked ? (
        <RecoveryParts />
      ) : (
        <section className="card recovery__part" aria-labelledby="recovery-check">
          <h2 id="recovery-check">Check everything</h2>
          <p className="soft">
            Nothing is known to be damaged. A check opens the seal of every record and puts all content together; it
            changes nothing. Backups to go back to are listed with it.
          </p>
          <div className="row">
            <Button onClick={() => setAsked(true)}>Check everything now</Button>
          </div>
        </section>
      )}
      <Merge isReadOnly={readOnly !== undefined} />
      <Export />
    </div>
  );
}
