// One published session: who published what for whom, its messages, and going on with it here.

import './publish.css';

import { useCallback, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { PublishedSessionView } from '../../../../shared/contract/publishing.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { sessionAddress } from '../../../components/addresses.ts';
import { Button } from '../../../components/button.tsx';
import { ConversationView } from '../../../components/conversation/conversation-view.tsx';
import type { ConversationPreview } from '../../../components/conversation/message-blocks.ts';
import { ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { formatMoment, plural } from '../../../components/format.ts';
import { plainTitle } from '../../../components/visible-text.ts';
import { showToast } from '../../../stores/toasts.ts';
import { Withdraw } from './published.tsx';
import { tellAudience, tellExpiry } from './tell-publication.ts';

export function PublishedSession({ id }: { readonly id: string }) {
  const [, navigate] = useLocation();
  const { data, error, reload } = useQuery(`published ${id}`, (signal) => api.publishing.read({ id }, { signal }));
  const [isWithdrawing, setWithdrawing] = useState(false);
  const going = useAction(async () => {
    const { session } = await api.publishing.continue({ id });
    showToast({ tone: 'info', text: 'It is among your own sessions now.' });
    navigate(sessionAddress(session.id));
  });
  if (error !== null)
    return (
      <div className="page">
        <h1>Published session</h1>
        <ErrorMessage error={error} onRetry={reload} />
        <p>
          <Link href="/published">All published sessions</Link>
        </p>
      </div>
    );
  if (data === null) return <Loading what="Asking the server" />;
  return (
    <div className="page sessions__page">
      <header className="page__head">
        <div>
          <p className="small">
            <Link href="/published">Published</Link>
          </p>
          <h1 className="captured">{plainTitle(data.summary) || 'Without a name'}</h1>
          <p className="soft captured">{describe(data)}</p>
        </div>
        <div className="row wrap">
          {data.mine && <Button onClick={() => setWithdrawing(true)}>Withdraw…</Button>}
          <Button look="primary" disabled={going.isRunning} onClick={() => void going.run()}>
            {going.isRunning ? 'Taking it over…' : 'Continue here'}
          </Button>
        </div>
      </header>
      {going.error !== null && <ErrorMessage error={going.error} />}
      <Messages messages={data.messages} />
      {isWithdrawing && (
        <Withdraw
          session={data}
          onClose={() => setWithdrawing(false)}
          onDone={() => {
            showToast({ tone: 'info', text: 'Withdrawn: nobody can read it any more.' });
            navigate('/published');
          }}
        />
      )}
    </div>
  );
}

type PublishedMessages = Awaited<ReturnType<typeof api.publishing.read>>['messages'];

function Messages({ messages }: { readonly messages: PublishedMessages }) {
  const all = useMemo(() => messages.map(toMessage), [messages]);
  const preview: ConversationPreview = useMemo(
    () => ({ type: 'conversation', messages: all, firstIndex: 0, messageCount: all.length }),
    [all],
  );
  const read = useCallback(() => Promise.resolve(preview), [preview]);
  return <ConversationView read={read} preview={preview} />;
}

function toMessage({ role, content, at, model }: PublishedMessages[number]): ConversationPreview['messages'][number] {
  return {
    role,
    parts: [{ type: 'text', text: content }],
    // Whoever published it may have sent anything.
    ...(at === null || Number.isNaN(Date.parse(at)) ? {} : { at }),
    ...(model === null ? {} : { model }),
  };
}

function describe(session: PublishedSessionView): string {
  const { author, mine, project, updatedAt, redactions } = session;
  return [
    `published by ${mine ? 'you' : plainTitle(author.name)} ${formatMoment(updatedAt)}`,
    `for ${tellAudience(session)}`,
    tellExpiry(session),
    plainTitle(project),
    redactions === 0 ? '' : `${plural(redactions, 'place')} redacted`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}
