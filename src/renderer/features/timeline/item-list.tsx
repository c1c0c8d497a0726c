// The second axis: everything that is open now or was closed lately, each with all its versions.

import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';

import { ITEM_KINDS } from '../../../shared/model/item.ts';
import type { ItemView } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { Empty, ErrorMessage, Loading } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { formatMoment, KIND_NAMES } from '../../components/format.ts';
import { itemAddress } from '../../components/addresses.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { KindIcon } from '../../components/kind-icon.tsx';

const MAX_SHOWN = 200;

export function ItemList() {
  const [text, setText] = useState('');
  const { data, error, reload } = useQuery('items', () => api.timeline.items(), {
    reloadOn: ['snapshot.created', 'snapshots.removed'],
  });
  if (error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading />;
  if (data.open.length === 0 && data.closed.length === 0) return <NothingYet />;
  const needle = text.trim().toLowerCase();
  const wanted = data.open.filter((item) => isFound(item, needle));
  const closed = data.closed.filter((item) => isFound(item, needle));
  return (
    <div className="item-list">
      <div style={{ maxWidth: 380 }}>
        <TextField
          label="Find among these"
          value={text}
          onValue={setText}
          hint="What was closed long ago is found by the search."
        />
      </div>
      {ITEM_KINDS.map((kind) => {
        const items = wanted.filter((item) => item.kind === kind);
        return items.length === 0 ? null : (
          <section key={kind} className="stack" style={{ gap: 4 }}>
            <h2>
              {KIND_NAMES[kind].many.charAt(0).toUpperCase() + KIND_NAMES[kind].many.slice(1)}{' '}
              <span className="soft small">{items.length}</span>
            </h2>
            <ul>
              {items.slice(0, MAX_SHOWN).map((item) => (
                <Row key={item.key} item={item}>
                  {item.stale && <span className="badge badge--warn">not read lately</span>}
                </Row>
              ))}
            </ul>
          </section>
        );
      })}
      {closed.length > 0 && (
        <section className="stack" style={{ gap: 4 }}>
          <h2>
            Closed lately <span className="soft small">{closed.length}</span>
          </h2>
          <ul>
            {closed.slice(0, MAX_SHOWN).map((item) => (
              <Row key={item.key} item={item}>
                <span className="soft small">{formatMoment(item.closedAt)}</span>
              </Row>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Row({ item, children }: { readonly item: ItemView; readonly children: ReactNode }) {
  const title = plainTitle(item.title) || 'Without a title';
  return (
    <li>
      <Link className="item-list__item" href={itemAddress(item.key)}>
        <KindIcon kind={item.kind} />
        <span className="captured grow item-list__title" title={title}>
          {title}
        </span>
        {item.project !== undefined && <span className="badge captured">{plainTitle(item.project).slice(0, 30)}</span>}
        {children}
      </Link>
    </li>
  );
}

function isFound({ title, key, project }: ItemView, text: string): boolean {
  return `${title} ${key} ${project ?? ''}`.toLowerCase().includes(text);
}

function NothingYet() {
  return (
    <Empty title="Nothing is open">
      <p className="soft">With the next capture this shows what is.</p>
    </Empty>
  );
}
