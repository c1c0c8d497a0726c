// One session: what it is, and its messages, the end first.

import './sessions.css';

import { useCallback } from 'react';
import { Link, useLocation } from 'wouter';

import type { SessionView } from '../../../shared/contract/sessions.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { ConversationView } from '../../components/conversation/conversation-view.tsx';
import { ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { formatMoment } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { ofDevice } from '../../stores/sync.ts';
import { showToast } from '../../stores/toasts.ts';
import { SessionActions } from './session-actions.tsx';
import { marksOf, progressOf, toolName } from './session-words.ts';

const FIRST_MESSAGES = 40;

export function SessionScreen({ id }: { readonly id: string }) {
  const { data, error, reload } = useQuery(
    `session ${id}`,
    () => api.sessions.get({ id, messages: 0, ...ofDevice() }),
    {
      reloadOn: ['sessions.changed', 'snapshot.created'],
    },
  );
  const [, navigate] = useLocation();
  if (error !== null)
    return (
      <div className="page">
        <ErrorMessage error={error} onRetry={reload} />
        <p>
          <Link href="/sessions">All sessions</Link>
        </p>
      </div>
    );
  if (data === null) return <Loading />;
  return (
    <div className="page sessions__page">
      <header className="page__head">
        <div>
          <p className="small">
            <Link href="/sessions">Sessions</Link>
          </p>
          <h1 className="captured">{plainTitle(data.name) || 'Without a name'}</h1>
          <p className="soft captured">{describe(data)}</p>
          <p>
            {marksOf(data).map((mark) => (
              <span key={mark} className="badge captured">
                {plainTitle(mark)}
              </span>
            ))}
          </p>
        </div>
        <SessionActions
          session={data}
          onDeleted={() => {
            showToast({ tone: 'info', text: 'Deleted.' });
            navigate('/sessions');
          }}
        />
      </header>
      {data.originGone && (
        <Message>What Cairn has of this session is the only copy: where it came from, it is gone.</Message>
      )}
      {data.details['isUnreadable'] === true && (
        <Message tone="warn">
          Its state.json cannot be read just now: this is how it was when it was last whole.
        </Message>
      )}
      {data.systemPrompt !== null && data.systemPrompt !== '' && (
        <details>
          <summary>What the model was told beforehand</summary>
          <p className="captured sessions__prompt">{data.systemPrompt}</p>
        </details>
      )}
      {/* Another count is another end: what was read of the one before is read anew. */}
      <Conversation key={data.messageCount} id={data.id} />
    </div>
  );
}

function Conversation({ id }: { readonly id: string }) {
  const { data, error, reload } = useQuery(`messages ${id}`, () =>
    api.sessions.preview({ id, limit: FIRST_MESSAGES, ...ofDevice() }),
  );
  const read = useCallback(
    async (firstIndex: number, limit: number) => {
      const preview = await api.sessions.preview({ id, firstIndex, limit, ...ofDevice() });
      return preview.type === 'conversation' ? preview : null;
    },
    [id],
  );
  if (error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Reading the messages" />;
  if (data.type !== 'conversation') return null;
  return <ConversationView read={read} preview={data} />;
}

function describe(session: SessionView): string {
  const { tool, model, project, folder, updatedAt } = session;
  const place = folder === null ? project : folder;
  return [toolName(tool), model, place, progressOf(session), `last changed ${formatMoment(updatedAt)}`]
    .filter((part) => part !== null && part !== '')
    .map((part) => plainTitle(part ?? ''))
    .join(' · ');
}
