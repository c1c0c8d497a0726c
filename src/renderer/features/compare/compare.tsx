// What changed between two moments, or from one moment to now: words first, then thing by thing.

import { useState } from 'react';
import { Link } from 'wouter';

import type { DiffView, ItemView, SnapshotSummaryView } from '../../../shared/contract/schemas.ts';
import { describeChange } from '../../../shared/diff/describe-changes.ts';
import { ITEM_KINDS, type ItemKind } from '../../../shared/model/item.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { snapshotAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { Empty, ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { formatCount, formatMoment, formatWhole, KIND_NAMES, plural } from '../../components/format.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { useAddressParameters } from '../../components/use-address.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { ChangeDetails } from './change-details.tsx';
import { PointPicker } from './point-picker.tsx';
import './compare.css';
import { ofDevice } from '../../stores/sync.ts';

const NOW = 'now';
const SHOWN_AT_ONCE = 200;

export function Compare({ from, to }: { readonly from: string; readonly to: string }) {
  const key = `${from} ${to}`;
  const { data, error, isLoading, reload } = useQuery(key, async (signal) => {
    const [first, second] = await Promise.all([
      api.timeline.resolve({ reference: from, ...ofDevice() }, { signal }),
      to === NOW ? null : api.timeline.resolve({ reference: to, ...ofDevice() }, { signal }),
    ]);
    const diff =
      second === null
        ? await api.snapshots.diffWithNow({ id: first.id }, { signal })
        : await api.snapshots.diff({ id: first.id, other: second.id, ...ofDevice() }, { signal });
    return { first, second, diff };
  });
  return (
    <div className="page compare">
      <header className="stack">
        <h1>What changed</h1>
        {data !== null && (
          <p>
            From <Moment point={data.first} /> to {data.second === null ? 'now' : <Moment point={data.second} />}
          </p>
        )}
      </header>
      <details className="card" open={error !== null}>
        <summary>Compare other moments</summary>
        <PointPicker key={key} from={from} to={to} />
      </details>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && isLoading && (
        <Loading what={to === NOW ? 'Looking at what is open now, and comparing' : 'Comparing'} />
      )}
      {data !== null && <Changes key={key} diff={data.diff} from={data.first.id} to={data.second?.id ?? NOW} />}
    </div>
  );
}

function Moment({ point: { id, takenAt, checkpoint } }: { readonly point: SnapshotSummaryView }) {
  return (
    <Link href={snapshotAddress(id)} title={formatWhole(takenAt)}>
      {formatMoment(takenAt)}
      {checkpoint !== undefined && <span className="captured"> ({plainTitle(checkpoint.name)})</span>}
    </Link>
  );
}

function Changes({ diff, from, to }: { readonly diff: DiffView; readonly from: string; readonly to: string }) {
  const { words, added, removed, changed } = diff;
  const wanted = useAddressParameters().get('item');
  const isSame = added.length + removed.length + changed.length === 0;
  if (isSame)
    return (
      <Empty title="Nothing changed">
        <p className="soft">{to === NOW ? 'All that was open then is open now.' : 'Both moments hold the same.'}</p>
      </Empty>
    );
  const first = changed.filter(({ key }) => key === wanted);
  const rest = changed.filter(({ key }) => key !== wanted);
  return (
    <>
      {words.length > 0 && (
        <section className="card" aria-label="In words">
          <ul className="compare-words">
            {words.map((phrase) => (
              <li key={phrase} className="captured">
                {plainTitle(phrase)}
              </li>
            ))}
          </ul>
        </section>
      )}
      {to === NOW && (
        <Message>
          Of what is open now only facts are read, not texts: changed texts are seen after the next capture.
        </Message>
      )}
      {wanted !== null && first.length === 0 && (
        <Message>The item that you came from is the same at both moments.</Message>
      )}
      {changed.length > 0 && (
        <Section title="Changed" count={changed.length}>
          {(shown) =>
            byKind([...first, ...rest].slice(0, shown), ({ kind }) => kind).map(([kind, changes]) => (
              <KindGroup key={kind} kind={kind} count={changes.length}>
                {changes.map((change) => (
                  <ChangedItem key={change.key} {...{ change, from, to }} isOpenFirst={change.key === wanted} />
                ))}
              </KindGroup>
            ))
          }
        </Section>
      )}
      <Items title="Added" items={added} snapshot={to} sign="+" />
      <Items title="Removed" items={removed} snapshot={from} sign="−" />
    </>
  );
}

interface ChangedItemProps {
  readonly change: DiffView['changed'][number];
  readonly from: string;
  readonly to: string;
  readonly isOpenFirst: boolean;
}

function ChangedItem({ change, from, to, isOpenFirst }: ChangedItemProps) {
  const [isOpen, setOpen] = useState(isOpenFirst);
  const words = describeChange(change.before, change.after) || change.attributes.join(', ');
  return (
    <li>
      <details className="compare-item" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <KindIcon kind={change.kind} />
          <span className="captured compare-item__title">{plainTitle(change.title) || 'Without a title'}</span>
          <span className="captured soft small">{plainTitle(words)}</span>
        </summary>
        {isOpen && <ChangeDetails change={change} from={from} to={to} />}
      </details>
    </li>
  );
}

interface ItemsProps {
  readonly title: string;
  readonly items: readonly ItemView[];
  readonly snapshot: string;
  readonly sign: string;
}

function Items({ title, items, snapshot, sign }: ItemsProps) {
  if (items.length === 0) return null;
  return (
    <Section title={title} count={items.length}>
      {(shown) =>
        byKind(items.slice(0, shown), ({ kind }) => kind).map(([kind, members]) => (
          <KindGroup key={kind} kind={kind} count={members.length}>
            {members.map((item) => (
              <li key={item.key} className="compare-line">
                <span className="mono" aria-hidden>
                  {sign}
                </span>
                <KindIcon kind={item.kind} />
                {snapshot === NOW ? (
                  <span className="captured">{plainTitle(item.title) || 'Without a title'}</span>
                ) : (
                  <Link className="captured" href={snapshotAddress(snapshot, { item: item.key })}>
                    {plainTitle(item.title) || 'Without a title'}
                  </Link>
                )}
                {item.project !== undefined && <span className="badge captured">{plainTitle(item.project)}</span>}
              </li>
            ))}
          </KindGroup>
        ))
      }
    </Section>
  );
}

interface SectionProps {
  readonly title: string;
  readonly count: number;
  readonly children: (shown: number) => React.ReactNode;
}

function Section({ title, count, children }: SectionProps) {
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  return (
    <section className="stack" aria-label={title}>
      <h2>
        {title} <span className="soft">({formatCount(count)})</span>
      </h2>
      {children(shown)}
      {count > shown && (
        <Button onClick={() => setShown(shown + SHOWN_AT_ONCE * 5)}>Show more ({formatCount(count - shown)})</Button>
      )}
    </section>
  );
}

function KindGroup({
  kind,
  count,
  children,
}: {
  readonly kind: ItemKind;
  readonly count: number;
  readonly children: React.ReactNode;
}) {
  const { one, many } = KIND_NAMES[kind];
  return (
    <div className="compare-kind">
      <h3 className="soft small">{plural(count, one, many)}</h3>
      <ul>{children}</ul>
    </div>
  );
}

function byKind<Value>(values: readonly Value[], kindOf: (value: Value) => ItemKind): [ItemKind, Value[]][] {
  return ITEM_KINDS.map((kind): [ItemKind, Value[]] => [kind, values.filter((value) => kindOf(value) === kind)]).filter(
    ([, members]) => members.length > 0,
  );
}
