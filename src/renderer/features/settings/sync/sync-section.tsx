// Sync: off until somebody signs in; then how it stands, who shares the vault, what leaves, and what was edited apart.

import './sync.css';

import { Message, ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { readSync, useSync } from '../../../stores/sync.ts';
import { Part, Section } from '../section.tsx';
import { Conflicts } from './conflicts.tsx';
import { Devices } from './devices.tsx';
import { Joins } from './joins.tsx';
import { Selection } from './selection.tsx';
import { SignIn } from './sign-in.tsx';
import { SyncState } from './sync-state.tsx';

export function Sync() {
  const { status, error } = useSync();
  return (
    <Section
      title="Sync"
      intro="The same history on several machines. Everything is sealed before it leaves this one: the server stores bytes that it cannot read."
    >
      {error !== null && <ErrorMessage error={error} onRetry={readSync} />}
      {status === null && error === null && <Loading what="Asking how sync stands" />}
      {status !== null && status.account === null && (
        <>
          <Part title="Sign in to a server">
            <SignIn />
          </Part>
          <Message>Until you sign in, nothing leaves this machine. Anyone can host a server.</Message>
        </>
      )}
      {status !== null && status.account !== null && (
        <>
          <Part title="How it stands">
            <SyncState status={status} />
          </Part>
          <Joins />
          <Conflicts />
          <Part title="Devices">
            <Devices status={status} />
          </Part>
          <Part title="What leaves this machine">
            <Selection />
          </Part>
        </>
      )}
    </Section>
  );
}
