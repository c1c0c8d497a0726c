// Where somebody was when they left: what waits, what changed since, what was done last, project by project. Plain facts of the history.

import './where-was-i.css';

import { GitCompareArrows, Eye, Undo2 } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'wouter';

import type { ProjectStateView, WhereWasIView } from '../../../shared/contract/where-was-i.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { compareAddress, restoreAddress, snapshotAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { Empty, ErrorMessage, Loading } from '../../components/feedback.tsx';
import { plural } from '../../components/format.ts';
import { useNow } from '../../components/use-now.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { setSeenAbsence } from '../../stores/ui.ts';
import { tellAbsence, tellWaiting } from './tell-absence.ts';

const MAX_SHOWN = 4;

export function WhereWasI() {
  const { data, error, isLoading, reload } = useQuery(
    'where-was-i',
    (signal) => api.timeline.whereWasI({}, { signal }),
    { reloadOn: ['snapshots.removed'] },
  );
  const leftAt = data?.leftAt ?? null;
  useEffect(() => {
    if (leftAt !== null) setSeenAbsence(leftAt);
  }, [leftAt]);
  return (
    <div className="page">
      <div className="page__head">
        <h1>Where was I?</h1>
        <Button aria-disabled={isLoading} onClick={reload}>
          {isLoading ? 'Looking…' : 'Look again'}
        </Button>
      </div>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && error === null && <Loading what="Looking through the last changes" />}
      {data !== null && data.leftAt === null && (
        <Empty title="Nothing was captured yet">
          <p className="soft">Once Cairn has captured what you do, this says where you were when you left.</p>
        </Empty>
      )}
      {data !== null && data.leftAt !== null && <Found data={data} />}
    </div>
  );
}

function Found({ data }: { readonly data: WhereWasIView }) {
  const now = useNow();
  const { leftSnapshotId, projects, changedSince } = data;
  return (
    <>
      <div className="stack">
        <p className="where__head">{tellAbsence(data, now)}</p>
        {leftSnapshotId !== null && (
          <div className="row wrap">
            <Link className="button button--primary" href={snapshotAddress(leftSnapshotId)}>
              <Eye size={16} aria-hidden /> Open that moment
            </Link>
            <Link className="button" href={compareAddress(leftSnapshotId, 'now')}>
              <GitCompareArrows size={16} aria-hidden /> Compare with now
            </Link>
            <Link className="button" href={restoreAddress(leftSnapshotId)}>
              <Undo2 size={16} aria-hidden /> Restore…
            </Link>
          </div>
        )}
      </div>
      {projects.length === 0 && <p className="soft">Nothing was open when you left.</p>}
      <div className="where__projects">
        {projects.map((project) => (
          <Project key={project.name ?? ''} project={project} />
        ))}
      </div>
      <section className="card where__part" aria-labelledby="where-since">
        <h2 id="where-since">{data.wasAway ? 'All that changed since you left' : 'All that changed since'}</h2>
        {changedSince.length === 0 ? <p className="soft">Nothing changed.</p> : <Lines lines={changedSince} />}
      </section>
    </>
  );
}

function Project({ project }: { readonly project: ProjectStateView }) {
  const { name, branch, changedSince, lastDone, conversations, terminals } = project;
  const waiting = tellWaiting(project);
  const commands = terminals.flatMap(({ command }) => (command === null ? [] : [command]));
  return (
    <section className="card where__part" aria-label={name === null ? 'Without a project' : plainTitle(name)}>
      <div className="row wrap">
        <h2 className="captured">{name === null ? 'Without a project' : plainTitle(name)}</h2>
        {branch !== null && <span className="badge captured">on {plainTitle(branch)}</span>}
        {waiting.map((words) => (
          <span key={words} className="badge badge--warn captured">
            {plainTitle(words)}
          </span>
        ))}
      </div>
      <dl className="where__facts">
        {changedSince.length > 0 && (
          <Fact name="Since you left">
            <Lines lines={changedSince} />
          </Fact>
        )}
        {conversations.length > 0 && (
          <Fact name="In conversation">
            <ul className="stack" style={{ gap: 4 }}>
              {conversations.slice(0, MAX_SHOWN).map(({ title, lastMessage, isMidTurn }, at) => (
                // oxlint-disable-next-line react/no-array-index-key -- two may be called alike
                <li key={at}>
                  <span className="captured">{plainTitle(title)}</span>{' '}
                  {isMidTurn && <span className="badge badge--warn">in the middle of a turn</span>}
                  {lastMessage !== null && <div className="soft small captured">“{plainTitle(lastMessage)}”</div>}
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {commands.length > 0 && (
          <Fact name="Running">
            <Lines lines={commands} isCode />
          </Fact>
        )}
        {lastDone.length > 0 && (
          <Fact name="Done last">
            <Lines lines={lastDone} />
          </Fact>
        )}
        <Fact name="Open">{tellOpen(project)}</Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** The first lines, and how many more there are. */
function Lines({ lines, isCode = false }: { readonly lines: readonly string[]; readonly isCode?: boolean }) {
  const more = lines.length - MAX_SHOWN;
  return (
    <ul>
      {lines.slice(0, MAX_SHOWN).map((line, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- phrases have no other identity
        <li key={at} className={isCode ? 'captured mono small' : 'captured'}>
          {plainTitle(line)}
        </li>
      ))}
      {more > 0 && <li className="soft small">and {more} more</li>}
    </ul>
  );
}

function tellOpen({ terminals, documents, tabs, conversations }: ProjectStateView): string {
  const parts = [
    terminals.length === 0 ? '' : plural(terminals.length, 'terminal'),
    documents.length === 0 ? '' : plural(documents.length, 'file'),
    tabs.length === 0 ? '' : plural(tabs.length, 'tab'),
    conversations.length === 0 ? '' : plural(conversations.length, 'conversation'),
  ].filter((words) => words !== '');
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
