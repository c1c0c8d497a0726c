// The sheet before a session is published: what leaves, every secret that was found in it, to whom, until when. Nothing leaves before
// somebody has agreed to exactly this.

import './publish.css';

import { useState } from 'react';

import type { PublishPreview } from '../../../../shared/contract/publishing.ts';
import type { SessionView } from '../../../../shared/contract/sessions.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { ErrorMessage, Loading, Message } from '../../../components/feedback.tsx';
import { SelectField } from '../../../components/fields.tsx';
import { plural } from '../../../components/format.ts';
import { ServerError } from '../../../components/server-error.tsx';
import { plainTitle } from '../../../components/visible-text.ts';
import { showToast } from '../../../stores/toasts.ts';
import { Findings } from './findings.tsx';
import { expiryOf, LIFETIMES, tellAudience, tellExpiry, tellSheet, type Lifetime } from './tell-publication.ts';

const ME = 'me';

export interface PublishSheetProps {
  readonly session: SessionView;
  readonly onClose: () => void;
}

export function PublishSheet({ session, onClose }: PublishSheetProps) {
  const { id } = session;
  const name = plainTitle(session.name) || 'this session';
  /** Undefined until somebody chooses: then it is what the project is mapped to. */
  const [to, setTo] = useState<string | undefined>(undefined);
  const [lifetime, setLifetime] = useState<Lifetime>('30');
  const teams = useQuery('teams', (signal) => api.teams.list(undefined, { signal }));
  const preview = useQuery(`publish ${id} ${to ?? ''}`, (signal) =>
    api.publishing.preview({ id, ...(to === undefined ? {} : { to }) }, { signal }),
  );
  const { data } = preview;
  const publishing = useAction(async () => {
    if (data === null) return;
    const audience = data.to.team?.id ?? ME;
    const { secrets, secretsFoundByServer } = await api.publishing.publish({
      id,
      to: audience,
      expiresAt: expiryOf(lifetime, Date.now()),
      digest: data.digest,
    });
    const more = secretsFoundByServer === 0 ? '' : `, and the server ${plural(secretsFoundByServer, 'more')}`;
    showToast({ tone: 'info', text: `Published. ${plural(secrets, 'secret')} taken out here${more}.` });
  });
  const cannot = data === null || preview.isLoading || publishing.isRunning;
  return (
    <Dialog
      title={`Publish “${name}”`}
      description="The server and whoever you publish it to can read a published session. That is another thing than sync, which the server cannot read."
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Do not publish</Button>
          <Button
            look="primary"
            aria-disabled={cannot}
            onClick={() => !cannot && void publishing.run().then((isDone) => isDone && onClose())}
          >
            {publishing.isRunning ? 'Publishing…' : data?.published === null ? 'Publish' : 'Publish as it is now'}
          </Button>
        </>
      }
    >
      {preview.error !== null && <ServerError error={preview.error} onRetry={preview.reload} />}
      {data === null && preview.error === null && <Loading what="Looking for secrets in it" />}
      {data !== null && (
        <>
          <p>
            <strong>{tellSheet(data)}</strong> Pictures are left out.
          </p>
          <Findings findings={data.findings} />
          <div className="publish__choices">
            <SelectField
              label="Who may read it"
              value={data.to.team?.id ?? ME}
              options={audiences(data, teams.data?.teams ?? [])}
              onValue={setTo}
            />
            <SelectField label="How long" value={lifetime} options={LIFETIMES} onValue={setLifetime} />
          </div>
          {data.to.team === null && (teams.data?.teams ?? []).length > 0 && (
            <p className="soft small">What you published to a team before stays there until you withdraw it.</p>
          )}
          {teams.error !== null && <ErrorMessage error={teams.error} onRetry={teams.reload} />}
          {data.published !== null && (
            <Message>
              It is published already, for {tellAudience(data.published)}, {tellExpiry(data.published)}: this puts its
              present state in the place of that.
            </Message>
          )}
        </>
      )}
      {publishing.error !== null && <ErrorMessage error={publishing.error} onRetry={preview.reload} />}
    </Dialog>
  );
}

function audiences({ to }: PublishPreview, teams: ReadonlyArray<{ readonly id: string; readonly name: string }>) {
  const known = to.team === null || teams.some(({ id }) => id === to.team?.id) ? teams : [to.team, ...teams];
  return [{ value: ME, label: 'Only me' }, ...known.map(({ id, name }) => ({ value: id, label: plainTitle(name) }))];
}
