// One snapshot: what was open, and each thing as it looked.

import { useEffect } from 'react';
import { useLocation } from 'wouter';

import type { SnapshotView } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { compareAddress, restoreAddress, snapshotAddress } from '../../components/addresses.ts';
import { Empty, ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { groupItems } from '../../components/items/group-items.ts';
import { useAddressParameters } from '../../components/use-address.ts';
import { useShownSnapshot } from '../../stores/shown-snapshot.ts';
import { ItemPreview } from './item-preview.tsx';
import { SnapshotHead } from './snapshot-head.tsx';
import { SnapshotItems } from './snapshot-items.tsx';
import './snapshot.css';
import { ofDevice } from '../../stores/sync.ts';

export function SnapshotScreen({ id }: { readonly id: string }) {
  const { data, error, reload } = useQuery(id, (signal) => api.snapshots.get({ id, ...ofDevice() }, { signal }), {
    reloadOn: ['checkpoints.changed'],
  });
  if (data !== null) return <Shown key={data.id} snapshot={data} />;
  if (error !== null)
    return (
      <div className="page">
        <h1>Snapshot</h1>
        <ErrorMessage error={error} onRetry={reload} />
      </div>
    );
  return (
    <>
      <h1 className="visually-hidden">Snapshot</h1>
      <Loading what="Opening the snapshot" />
    </>
  );
}

function Shown({ snapshot }: { readonly snapshot: SnapshotView }) {
  const { id, itemList, gapList } = snapshot;
  const [, navigate] = useLocation();
  const parameters = useAddressParameters();
  const wanted = parameters.get('item');
  const text = parameters.get('q') ?? '';
  const item =
    itemList.find(({ key }) => key === wanted) ??
    (wanted === null ? groupItems(itemList)[0]?.groups[0]?.items[0] : undefined);
  useSnapshotKeys(id);
  useShownSnapshot(id);

  return (
    <div className="snapshot">
      <SnapshotHead snapshot={snapshot} />
      {itemList.length === 0 && gapList.length === 0 ? (
        <Empty title="Nothing was open">
          <p className="soft">At this moment none of the programs that Cairn captures had anything open.</p>
        </Empty>
      ) : (
        <div className="snapshot__columns">
          <SnapshotItems
            items={itemList}
            gaps={gapList}
            selectedKey={item?.key ?? null}
            onSelect={(key) => navigate(snapshotAddress(id, { item: key }), { replace: true })}
          />
          {item !== undefined && (
            <ItemPreview
              key={item.key}
              snapshotId={id}
              item={item}
              {...(text === '' ? {} : { find: { text, line: Number(parameters.get('line') ?? 1) || 1 } })}
            />
          )}
          {item === undefined && wanted !== null && (
            <Message tone="warn">This snapshot does not hold that item. Choose another one from the list.</Message>
          )}
        </div>
      )}
    </div>
  );
}

/** `d` compares with now, `r` restores; not while somebody types or a dialog is open. */
function useSnapshotKeys(id: string): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (target?.closest('input, textarea, select') || document.querySelector('[role="dialog"]') !== null) return;
      if (event.key === 'd') navigate(compareAddress(id, 'now'));
      else if (event.key === 'r') navigate(restoreAddress(id));
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', handle);
    return () => window.removeEventListener('keydown', handle);
  }, [id, navigate]);
}
