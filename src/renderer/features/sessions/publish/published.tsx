// What is published: one's own, to be withdrawn, and the teams', to be read and gone on with.

import './publish.css';

import { useEffect, useState } from 'react';
import { Link } from 'wouter';

import type { PublishedSessionView } from '../../../../shared/contract/publishing.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { publishedAddress } from '../../../components/addresses.ts';
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Empty, ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { formatAge, formatCount, formatMoment } from '../../../components/format.ts';
import { ServerError } from '../../../components/server-error.tsx';
import { plainTitle } from '../../../components/visible-text.ts';
import { showToast } from '../../../stores/toasts.ts';
import { tellAudience } from './tell-publication.ts';

export function Published() {
  return (
    <div className="page">
      <header className="page__head">
        <div>
          <p className="small">
            <Link href="/sessions">Sessions</Link>
          </p>
          <h1>Published</h1>
          <p className="soft">Sessions that you or your teams have published, the last ones first.</p>
        </div>
      </header>
      <List />
    </div>
  );
}

function List() {
  const first = useQuery('published', (signal) => api.publishing.list({}, { signal }));
  const [more, setMore] = useState<{
    readonly sessions: readonly PublishedSessionView[];
    readonly cursor?: string | undefined;
  }>({
    sessions: [],
  });
  const [withdrawn, setWithdrawn] = useState<PublishedSessionView | null>(null);
  const { data } = first;
  useEffect(() => setMore({ sessions: [], cursor: data?.cursor }), [data]);
  const reading = useAction(async () => {
    const page = await api.publishing.list({ ...(more.cursor === undefined ? {} : { cursor: more.cursor }) });
    setMore((before) => ({ sessions: [...before.sessions, ...page.sessions], cursor: page.cursor }));
  });
  if (data === null && first.error !== null) return <ServerError error={first.error} onRetry={first.reload} />;
  if (data === null) return <Loading what="Asking the server" />;
  const sessions = [...data.sessions, ...more.sessions];
  if (sessions.length === 0)
    return (
      <Empty title="Nothing is published">
        <p className="soft">
          Open a session and choose Publish: what would leave is shown first. What your teams publish appears here too.
        </p>
      </Empty>
    );
  return (
    <>
      {first.error !== null && <ErrorMessage error={first.error} onRetry={first.reload} />}
      <table className="table publish__table">
        <caption className="visually-hidden">Published sessions</caption>
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">By</th>
            <th scope="col">For</th>
            <th scope="col">Messages</th>
            <th scope="col">Published</th>
            <th scope="col">Until</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <Row key={session.id} session={session} onWithdraw={() => setWithdrawn(session)} />
          ))}
        </tbody>
      </table>
      {reading.error !== null && <ErrorMessage error={reading.error} />}
      {more.cursor !== undefined && (
        <div className="row">
          <Button disabled={reading.isRunning} onClick={() => void reading.run()}>
            Show older ones
          </Button>
        </div>
      )}
      {withdrawn !== null && (
        <Withdraw
          session={withdrawn}
          onClose={() => setWithdrawn(null)}
          onDone={() => {
            setWithdrawn(null);
            showToast({ tone: 'info', text: 'Withdrawn: nobody can read it any more.' });
            first.reload();
          }}
        />
      )}
    </>
  );
}

function Row({ session, onWithdraw }: { readonly session: PublishedSessionView; readonly onWithdraw: () => void }) {
  const { id, summary, project, author, mine, messageCount, redactions, updatedAt, expiresAt } = session;
  const name = plainTitle(summary) || 'Without a name';
  return (
    <tr>
      <td>
        <Link className="sessions__name captured" href={publishedAddress(id)}>
          {name}
        </Link>
        <div className="soft small captured">
          {plainTitle(project)}
          {redactions > 0 && `, ${formatCount(redactions)} redacted`}
        </div>
      </td>
      <td className="small captured">{mine ? 'you' : plainTitle(author.name)}</td>
      <td className="small captured">{tellAudience(session)}</td>
      <td className="small">{formatCount(messageCount)}</td>
      <td className="small">{formatAge(updatedAt)}</td>
      <td className="small">{expiresAt === null ? 'no end' : formatMoment(expiresAt)}</td>
      <td>
        {mine && (
          <Button look="quiet" aria-label={`Withdraw ${name}`} onClick={onWithdraw}>
            Withdraw…
          </Button>
        )}
      </td>
    </tr>
  );
}

interface WithdrawProps {
  readonly session: PublishedSessionView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function Withdraw({ session, onClose, onDone }: WithdrawProps) {
  const withdrawing = useAction(() => api.publishing.withdraw({ id: session.id }));
  return (
    <Dialog
      title={`Withdraw “${plainTitle(session.summary)}”?`}
      description="Nobody can read it on the server from then on. Whoever has taken it over already keeps that. Your own session stays."
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Leave it published</Button>
          <Button
            look="danger"
            disabled={withdrawing.isRunning}
            onClick={() => void withdrawing.run().then((isDone) => isDone && onDone())}
          >
            Withdraw
          </Button>
        </>
      }
    >
      {withdrawing.error !== null && <ErrorMessage error={withdrawing.error} />}
    </Dialog>
  );
}
