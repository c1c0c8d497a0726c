// All sessions, newest first: found by name, project and tool; each opened, resumed, pinned, renamed, exported or deleted.

import './sessions.css';

import { FolderInput } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';

import type { SessionView } from '../../../shared/contract/sessions.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { useToldAction } from '../../client/use-told-action.ts';
import { sessionAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { Empty, ErrorMessage, Loading } from '../../components/feedback.tsx';
import { SelectField, TextField } from '../../components/fields.tsx';
import { formatAge, formatCount, formatWhole, plural } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { ofDevice, useSync } from '../../stores/sync.ts';
import { showToast } from '../../stores/toasts.ts';
import { ANY, choicesOf, filterSessions, NO_FILTER } from './filter-sessions.ts';
import { SessionActions } from './session-actions.tsx';
import { marksOf, progressOf, toolName } from './session-words.ts';

/** More rows than this are shown when asked for. */
const PAGE = 200;

export function Sessions() {
  const { data, error, reload } = useQuery('sessions', () => api.sessions.list(ofDevice()), {
    reloadOn: ['sessions.changed', 'snapshot.created', 'snapshots.removed', 'devices.changed'],
  });
  const isOwn = useSync(({ device }) => device === null);
  const [filter, setFilter] = useState(NO_FILTER);
  const [limit, setLimit] = useState(PAGE);
  const importAll = useToldAction(async () => {
    const { sessions } = await api.sessions.importAll({ dryRun: false });
    const fresh = sessions.filter(({ action }) => action === 'new' || action === 'changed').length;
    const text =
      sessions.length === 0
        ? 'No project that Cairn knows has an agents/sessions folder.'
        : `${plural(fresh, 'session')} taken in, ${formatCount(sessions.length - fresh)} as they were.`;
    showToast({ tone: 'info', text });
  });
  if (error !== null)
    return (
      <div className="page">
        <ErrorMessage error={error} onRetry={reload} />
      </div>
    );
  if (data === null) return <Loading />;
  const { tools, projects } = choicesOf(data.sessions);
  const shown = filterSessions(data.sessions, filter);
  return (
    <div className="page">
      <header className="page__head">
        <div>
          <h1>Sessions</h1>
          <p className="soft">Conversations with AI tools, newest first, also those that the tools have deleted.</p>
        </div>
        <Link className="button" href="/published">
          Published
        </Link>
        {isOwn && (
          <Button disabled={importAll.isRunning} onClick={() => void importAll.run()}>
            <FolderInput size={15} aria-hidden /> Import agents/sessions
          </Button>
        )}
      </header>
      {data.sessions.length === 0 ? (
        <Empty title="No sessions yet">
          <p className="soft">
            Conversations are listed here once they were captured. <code className="mono">cairn chat</code> begins one
            of Cairn's own, and <code className="mono">cairn hooks install</code> lets tools tell of each turn.
          </p>
        </Empty>
      ) : (
        <>
          <div className="filters row wrap" role="search" aria-label="Sessions">
            <TextField label="Find" value={filter.text} onValue={(text) => setFilter({ ...filter, text })} />
            <SelectField
              label="Tool"
              value={filter.tool}
              options={[
                { value: ANY, label: 'All tools' },
                ...tools.map((value) => ({ value, label: toolName(value) })),
              ]}
              onValue={(tool) => setFilter({ ...filter, tool })}
            />
            {projects.length > 0 && (
              <SelectField
                label="Project"
                value={filter.project}
                options={[
                  { value: ANY, label: 'All projects' },
                  ...projects.map((value) => ({ value, label: plainTitle(value) })),
                ]}
                onValue={(project) => setFilter({ ...filter, project })}
              />
            )}
            <span className="soft small" role="status">
              {plural(shown.length, 'session')}
            </span>
          </div>
          {shown.length === 0 ? (
            <p className="soft">Nothing matches. Clear the filter to see all {formatCount(data.sessions.length)}.</p>
          ) : (
            <SessionTable sessions={shown.slice(0, limit)} />
          )}
          {shown.length > limit && (
            <Button onClick={() => setLimit(limit + PAGE)}>Show more ({formatCount(shown.length - limit)} left)</Button>
          )}
        </>
      )}
    </div>
  );
}

function SessionTable({ sessions }: { readonly sessions: readonly SessionView[] }) {
  return (
    <table className="table sessions__table">
      <thead>
        <tr>
          <th>Name</th>
          <th>Tool</th>
          <th>Project</th>
          <th className="sessions__number">Messages</th>
          <th>Updated</th>
          <th>
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <Row key={session.id} session={session} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ session }: { readonly session: SessionView }) {
  const { id, name, preview, tool, model, project, messageCount, updatedAt } = session;
  const progress = progressOf(session);
  return (
    <tr>
      <td>
        <Link className="sessions__name captured" href={sessionAddress(id)}>
          {plainTitle(name) || 'Without a name'}
        </Link>{' '}
        {marksOf(session).map((mark) => (
          <span key={mark} className="badge captured">
            {plainTitle(mark)}
          </span>
        ))}
        {!name.startsWith(preview) && <div className="soft small captured">{plainTitle(preview)}</div>}
        {progress !== null && <div className="soft small captured">{plainTitle(progress)}</div>}
      </td>
      <td className="small">
        {toolName(tool)}
        {model !== null && <div className="soft captured">{plainTitle(model)}</div>}
      </td>
      <td className="small captured">{plainTitle(project ?? '')}</td>
      <td className="small sessions__number">{formatCount(messageCount)}</td>
      <td className="small">
        <time dateTime={updatedAt} title={formatWhole(updatedAt)}>
          {formatAge(updatedAt)}
        </time>
      </td>
      <td>
        <SessionActions session={session} onDeleted={() => showToast({ tone: 'info', text: 'Deleted.' })} />
      </td>
    </tr>
  );
}
