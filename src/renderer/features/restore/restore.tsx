// Brings back what a snapshot holds: a choice, a plan in plain words, progress, and a report that can be taken back.

import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';

import type { SnapshotView } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { readOnlyKeys, snapshotAddress } from '../../components/addresses.ts';
import { Empty, ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { formatAge, formatMoment, formatWhole } from '../../components/format.ts';
import { useAddressParameters } from '../../components/use-address.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { RestoreOptionsFields, RestoreTree } from './restore-choice.tsx';
import { RestoreProgress } from './restore-progress.tsx';
import { firstSelection, type Selection } from './selection.ts';
import { useRestore, type RestoreOptions } from './use-restore.ts';
import './restore.css';
import { ofDevice } from '../../stores/sync.ts';

const ALL_OFF: RestoreOptions = { apply: false, runCommands: false, openFiles: false };

export function Restore({ id }: { readonly id: string }) {
  useAddressParameters();
  const { search } = window.location;
  const { data, error, reload } = useQuery(id, (signal) => api.snapshots.get({ id, ...ofDevice() }, { signal }));
  if (data === null)
    return (
      <div className="page">
        <h1>Restore</h1>
        {error === null ? <Loading what="Opening the snapshot" /> : <ErrorMessage error={error} onRetry={reload} />}
      </div>
    );
  // Another address is another restore.
  if (new URLSearchParams(search).get('from') === 'prompt') return <OfPrompt key={data.id} snapshot={data} />;
  return <Choice key={`${data.id} ${search}`} snapshot={data} search={search} />;
}

/** What the question at the start counted as lost is ticked: too much for an address. */
function OfPrompt({ snapshot }: { readonly snapshot: SnapshotView }) {
  const { data, error, reload } = useQuery('restore-prompt', () => api.restore.prompt());
  const first = useRef<readonly string[] | null>(null);
  if (error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null && first.current === null) return <Loading what="Looking what was lost" />;
  // Once it is restored there is nothing to ask any more; the choice stays what it was.
  first.current ??= data?.prompt?.snapshotId === snapshot.id ? data.prompt.preselected : [];
  return <Choice snapshot={snapshot} search="?from=prompt" keys={first.current} />;
}

interface ChoiceProps {
  readonly snapshot: SnapshotView;
  readonly search: string;
  /** What is ticked at first; else the address says it. */
  readonly keys?: readonly string[];
}

function Choice({ snapshot, search, keys }: ChoiceProps) {
  const { id, itemList } = snapshot;
  const [selection, setSelection] = useState<Selection>(() =>
    firstSelection(itemList, keys ?? readOnlyKeys(search, new Set(itemList.map(({ key }) => key)))),
  );
  const [options, setOptions] = useState(ALL_OFF);
  const restoring = useRestore(window.location.pathname + search);
  const { type } = restoring.state;
  const isLocked = type === 'running' || type === 'ended' || type === 'undoing' || type === 'undone';
  const progress = useRef<HTMLElement>(null);
  const told = useRef(type);
  useEffect(() => {
    // What was pressed is gone: the focus goes where the news is.
    if (told.current !== type && document.activeElement === document.body) progress.current?.focus();
    told.current = type;
  }, [type]);

  const change = (next: { selection?: Selection; options?: RestoreOptions }): void => {
    if (next.selection !== undefined) setSelection(next.selection);
    if (next.options !== undefined) setOptions(next.options);
    // A plan holds only for what it was made of.
    if (type !== 'choosing') restoring.reset();
  };
  const request = {
    snapshot: id,
    // Always by name: an empty list would mean everything.
    only: itemList.flatMap(({ key }) => (selection.has(key) ? [key] : [])),
    ...options,
  };
  if (restoring.busyWith !== null)
    return (
      <div className="restore">
        <Head snapshot={snapshot} />
        <Message tone="warn">
          Another restore is under way. <Link href={restoring.busyWith}>See how far it is</Link>
        </Message>
      </div>
    );
  return (
    <div className="restore">
      <Head snapshot={snapshot} />
      {itemList.length === 0 ? (
        <Empty title="There is nothing to restore">
          <p className="soft">Nothing was open at this moment.</p>
        </Empty>
      ) : (
        <div className={isLocked ? 'restore__alone' : 'restore__columns'}>
          {!isLocked && (
            <RestoreTree items={itemList} selection={selection} onChange={(next) => change({ selection: next })} />
          )}
          <section className="restore__plan" aria-label="Plan and report" ref={progress} tabIndex={-1}>
            {!isLocked && <RestoreOptionsFields options={options} onChange={(next) => change({ options: next })} />}
            <RestoreProgress restoring={restoring} request={request} />
          </section>
        </div>
      )}
    </div>
  );
}

function Head({ snapshot: { id, takenAt, checkpoint } }: { readonly snapshot: SnapshotView }) {
  return (
    <header className="stack" style={{ gap: 4 }}>
      <h1>
        Restore{' '}
        {checkpoint === undefined ? (
          formatMoment(takenAt)
        ) : (
          <span className="captured">{plainTitle(checkpoint.name)}</span>
        )}
      </h1>
      <p className="soft">
        <time dateTime={takenAt}>{formatWhole(takenAt)}</time>, {formatAge(takenAt)}.{' '}
        <Link href={snapshotAddress(id)}>Look at it</Link>
      </p>
      <p>The present is captured first, and nothing that is open is closed: what is missing is added to it.</p>
    </header>
  );
}
