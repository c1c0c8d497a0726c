// The items of a snapshot to choose from, and what it lacks.

import { Pin } from 'lucide-react';
import { useState } from 'react';

import type { GapView, ItemView } from '../../../shared/contract/schemas.ts';
import { TextField } from '../../components/fields.tsx';
import { formatMoment, KIND_NAMES, plural } from '../../components/format.ts';
import { tabFacts } from '../../components/items/group-items.ts';
import { ItemTree } from '../../components/items/item-tree.tsx';
import type { TreeRow } from '../../components/items/tree-rows.ts';
import { useTreeRows } from '../../components/items/use-tree-rows.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { GAP_WORDS } from './snapshot-words.ts';

export interface SnapshotItemsProps {
  readonly items: readonly ItemView[];
  readonly gaps: readonly GapView[];
  readonly selectedKey: string | null;
  readonly onSelect: (key: string) => void;
}

export function SnapshotItems({ items, gaps, selectedKey, onSelect }: SnapshotItemsProps) {
  const [filter, setFilter] = useState('');
  const { rows, count, fold } = useTreeRows(items, filter);
  return (
    <div className="snapshot-items">
      <TextField label="Filter" type="search" placeholder="title, address, folder" value={filter} onValue={setFilter} />
      <p className="visually-hidden" role="status">
        {filter.trim() === '' ? '' : plural(count, 'item')}
      </p>
      {rows.length === 0 ? (
        <p className="soft">{items.length === 0 ? 'Nothing was open.' : 'No item is called so.'}</p>
      ) : (
        <ItemTree
          label="Items"
          rows={rows}
          {...(selectedKey === null ? {} : { selectedId: `item:${selectedKey}` })}
          onSelect={(row) => {
            if (row.type === 'leaf') onSelect(row.item.key);
          }}
          onPress={(row) => {
            if (row.type === 'branch') fold(row, !row.isOpen);
          }}
          onFold={fold}
          renderRow={renderRow}
        />
      )}
      {gaps.length > 0 && <Gaps gaps={gaps} />}
    </div>
  );
}

function renderRow(row: TreeRow) {
  if (row.type === 'branch')
    return (
      <>
        {row.label === '' && <KindIcon kind={row.kind} />}
        <span className="items-row__title captured">
          {row.label === '' ? nameOf(row.kind) : plainTitle(row.label)}
        </span>{' '}
        <span className="items-row__note">{row.items.length}</span>
      </>
    );
  const { item } = row;
  const { isPinned, isActive, groupName } = tabFacts(item);
  return (
    <>
      {isPinned && <Pin size={13} aria-label="pinned" role="img" style={{ flex: 'none' }} />}
      <span className="items-row__title captured" title={plainTitle(item.title)}>
        {plainTitle(item.title) || 'without a title'}
      </span>{' '}
      {item.kind === 'tab' && groupName !== '' && <span className="badge captured">{plainTitle(groupName)}</span>}
      {item.kind === 'tab' && isActive && <span className="items-row__note">in front</span>}
      {item.kind === 'document' && item.attributes['isModified'] === true && (
        <span className="badge badge--info">
          {item.attributes['isRecoverable'] === true ? 'recoverable' : 'unsaved'}
        </span>
      )}
      {item.stale && (
        <span className="badge badge--warn">
          {item.goodAt === undefined ? 'not read' : `as of ${formatMoment(item.goodAt)}`}
        </span>
      )}
    </>
  );
}

function nameOf(kind: ItemView['kind']): string {
  const name = KIND_NAMES[kind].many;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function Gaps({ gaps }: { readonly gaps: readonly GapView[] }) {
  return (
    <details className="snapshot-gaps" open={gaps.length <= 3}>
      <summary>{plural(gaps.length, 'gap')}: what this snapshot lacks</summary>
      <ul>
        {gaps.map(({ source, reason, message, since }, at) => (
          <li key={at}>
            <strong className="captured">{source}</strong> {GAP_WORDS[reason]}, since {formatMoment(since)}.{' '}
            <span className="captured soft">{plainTitle(message)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
