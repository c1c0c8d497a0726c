// What the first capture holds: something of value, at once.

import type { ItemView } from '../../../shared/contract/schemas.ts';
import { ITEM_KINDS, type ItemKind } from '../../../shared/model/item.ts';
import { Button } from '../../components/button.tsx';
import { ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { formatCount, KIND_NAMES, plural } from '../../components/format.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { useStatus } from '../../stores/status.ts';
import { setSetup } from '../../stores/ui.ts';
import { Step } from './step.tsx';

const SHOWN_TITLES = 3;

export function FirstCapture({ snapshotId }: { readonly snapshotId: string }) {
  const seconds = useStatus(({ status }) => status?.capture.intervalSeconds ?? 30);
  const { data, error, reload } = useQuery(snapshotId, (signal) => api.snapshots.get({ id: snapshotId }, { signal }));
  const kinds = ITEM_KINDS.filter((kind) => data?.itemList.some((item) => item.kind === kind));
  return (
    <Step
      title={data === null ? 'The first capture' : `${plural(data.items, 'thing is', 'things are')} safe now`}
      intro={
        <p>
          From now on Cairn captures every {plural(seconds, 'second')}, and keeps only what changed since the last time.
        </p>
      }
    >
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && error === null && <Loading what="Reading it back from the vault" />}
      {data !== null && kinds.length === 0 && (
        <p className="card">Nothing is open in these sources just now. What you open from here on is kept.</p>
      )}
      <ul className="first-run__kinds" aria-label="What the first capture holds">
        {kinds.map((kind) => (
          <Kind key={kind} kind={kind} items={data?.itemList.filter((item) => item.kind === kind) ?? []} />
        ))}
      </ul>
      {(data?.gapList ?? []).map(({ source, message, key }) => (
        <Message key={`${source} ${key ?? ''}`} tone="warn">
          <span className="captured">
            {source}: {message}
          </span>
        </Message>
      ))}
      <div className="first-run__actions">
        <span className="grow" />
        <Button look="primary" size="large" onClick={() => setSetup('proof')}>
          See a restore work
        </Button>
      </div>
    </Step>
  );
}

function Kind({ kind, items }: { readonly kind: ItemKind; readonly items: readonly ItemView[] }) {
  const name = items.length === 1 ? KIND_NAMES[kind].one : KIND_NAMES[kind].many;
  return (
    <li className="card first-run__kind">
      <div className="row">
        <KindIcon kind={kind} size={18} />
        <strong>
          {formatCount(items.length)} {name}
        </strong>
      </div>
      <ul className="first-run__titles">
        {items.slice(0, SHOWN_TITLES).map(({ key, title }) => (
          <li key={key} className="captured">
            {title}
          </li>
        ))}
      </ul>
      {items.length > SHOWN_TITLES && <p className="soft small">and {formatCount(items.length - SHOWN_TITLES)} more</p>}
    </li>
  );
}
