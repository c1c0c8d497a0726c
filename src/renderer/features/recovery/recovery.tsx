// Recovery of an open vault: what is damaged, what is whole, and the ways out.

import './recovery.css';

import { Link } from 'wouter';

import { Message } from '../../components/feedback.tsx';
import { useStatus } from '../../stores/status.ts';
import { RecoveryParts } from './recovery-parts.tsx';

export function Recovery() {
  const readOnly = useStatus(({ status }) => status?.readOnly);
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
      <RecoveryParts />
    </div>
  );
}
