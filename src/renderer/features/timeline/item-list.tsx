// The second axis: everything that is open now, each with all its versions.

import { useState } from 'react';
import { Link } from 'wouter';

import { ITEM_KINDS } from '../../../shared/model/item.ts';
import type { ItemView } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { Empty, ErrorMessage, Loading } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { KIND_NAMES } from '../../components/format.ts';
import { KindIcon } from '../../components/kind-icon.tsx';

const MAX_SHOWN = 200;

export function ItemList() {
  const [text, setText] = useState('');
  const { data, error, reload } = useQuery('latest', () => api.snapshots.get({ id: 'latest' }), {
    reloadOn: ['snapshot.created'],
  });
  if (error !== null)
    return error.code === 'SNAPSHOT_NOT_FOUND' ? <NothingYet /> : <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading />;
  if (data.itemList.length === 0) return <NothingYet />;
  const wanted = data.itemList.filter((item) => isFound(item, text.trim().toLowerCase()));
  return (
    <div className="item-list">
      <div style={{ maxWidth: 380 }}>
        <TextField
          label="Find among what is open"
          value={text}
          onValue={setText}
          hint="What was closed is found by the search."
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
                <li key={item.key}>
                  <Link className="item-list__item" href={`/item/${encodeURIComponent(item.key)}`}>
                    <KindIcon kind={item.kind} />
                    <span className="captured grow">{item.title}</span>
                    {item.project !== undefined && <span className="badge captured">{item.project.slice(0, 30)}</span>}
                    {item.stale && <span className="badge badge--warn">not read lately</span>}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
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
