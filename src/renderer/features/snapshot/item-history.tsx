// One pane, chat or file through time: all its versions, one to look at, two to compare.

import { useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { ItemVersion } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { compareAddress, restoreAddress, snapshotAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { Empty, ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { Checkbox } from '../../components/fields.tsx';
import { formatBytes, formatDay, formatSecond, formatSpan, formatWhole, plural } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { ItemPreview } from './item-preview.tsx';
import './snapshot.css';
import { ofDevice } from '../../stores/sync.ts';

const PAGE_SIZE = 100;

export function ItemHistory({ itemKey }: { readonly itemKey: string }) {
  return <History key={itemKey} itemKey={itemKey} />;
}

function History({ itemKey }: { readonly itemKey: string }) {
  const first = useQuery(
    itemKey,
    (signal) => api.timeline.item({ key: itemKey, limit: PAGE_SIZE, ...ofDevice() }, { signal }),
    {
      reloadOn: ['snapshots.removed'],
    },
  );
  const [more, setMore] = useState<readonly ItemVersion[]>([]);
  const [cursor, setCursor] = useState<string | undefined>(undefined);
  const [selectedId, setSelected] = useState<string | null>(null);
  const [ticked, setTicked] = useState<readonly string[]>([]);
  useEffect(() => {
    setMore([]);
    setCursor(first.data?.cursor);
  }, [first.data]);
  const readMore = useAction(async () => {
    const page = await api.timeline.item({
      ...ofDevice(),
      key: itemKey,
      limit: PAGE_SIZE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    setMore((before) => [...before, ...page.versions]);
    setCursor(page.cursor);
  });

  if (first.data === null)
    return (
      <div className="page">
        <h1>All versions</h1>
        {first.error === null ? (
          <Loading what="Looking through the history" />
        ) : (
          <ErrorMessage error={first.error} onRetry={first.reload} />
        )}
      </div>
    );
  const versions = [...first.data.versions, ...more];
  const selected =
    versions.find(({ snapshotId }) => snapshotId === selectedId) ?? versions.find(({ isGone }) => !isGone);
  const title = versions.find((version) => version.title !== '')?.title ?? itemKey;
  return (
    <div className="snapshot">
      <header className="snapshot-head">
        <h1>
          All versions of <span className="captured">{plainTitle(title)}</span>
        </h1>
        <p className="soft small">
          <code className="captured mono">{plainTitle(itemKey)}</code>, {plural(versions.length, 'version')}
          {cursor === undefined ? '' : ' so far'}
        </p>
      </header>
      {versions.length === 0 ? (
        <Empty title="No version is kept">
          <p className="soft">Nothing of this name was captured, or its snapshots are gone by now.</p>
        </Empty>
      ) : (
        <div className="snapshot__columns">
          <div className="snapshot-versions">
            <CompareTicked itemKey={itemKey} versions={versions} ticked={ticked} />
            <ol className="snapshot-versions__list" aria-label="Versions, newest first">
              {versions.map((version) => (
                <Version
                  key={version.snapshotId}
                  version={version}
                  isSelected={version === selected}
                  isTicked={ticked.includes(version.snapshotId)}
                  onSelect={() => setSelected(version.snapshotId)}
                  onTick={(isTicked) =>
                    setTicked((before) =>
                      isTicked
                        ? [...before, version.snapshotId].slice(-2)
                        : before.filter((id) => id !== version.snapshotId),
                    )
                  }
                />
              ))}
            </ol>
            {readMore.error !== null && <ErrorMessage error={readMore.error} onRetry={() => void readMore.run()} />}
            {cursor !== undefined && (
              <Button onClick={() => void readMore.run()} disabled={readMore.isRunning}>
                Show older versions
              </Button>
            )}
          </div>
          {selected !== undefined && <VersionPreview key={selected.snapshotId} itemKey={itemKey} version={selected} />}
        </div>
      )}
    </div>
  );
}

function CompareTicked({
  itemKey,
  versions,
  ticked,
}: {
  readonly itemKey: string;
  readonly versions: readonly ItemVersion[];
  readonly ticked: readonly string[];
}) {
  const [, navigate] = useLocation();
  const chosen = versions.filter(({ snapshotId }) => ticked.includes(snapshotId));
  const [newer, older] = chosen;
  const compare = (): void => {
    if (newer !== undefined && older !== undefined)
      navigate(compareAddress(older.snapshotId, newer.snapshotId, itemKey));
  };
  return (
    <div className="row">
      <span className="soft small grow" role="status">
        {chosen.length === 2 ? 'Two versions are ticked.' : 'Tick two versions to compare them.'}
      </span>
      <Button onClick={compare} disabled={chosen.length !== 2}>
        Compare
      </Button>
    </div>
  );
}

interface VersionProps {
  readonly version: ItemVersion;
  readonly isSelected: boolean;
  readonly isTicked: boolean;
  readonly onSelect: () => void;
  readonly onTick: (isTicked: boolean) => void;
}

function Version({ version, isSelected, isTicked, onSelect, onTick }: VersionProps) {
  const { takenAt, lastTakenAt, words, sizeBytes, isGone } = version;
  const spanMs = Date.parse(lastTakenAt) - Date.parse(takenAt);
  return (
    <li className="snapshot-version" data-selected={isSelected || undefined}>
      <Checkbox
        label={`Compare the version of ${formatWhole(takenAt)}`}
        isChecked={isTicked}
        isDisabled={isGone}
        onChange={onTick}
      />
      <button
        type="button"
        className="snapshot-version__button"
        aria-pressed={isSelected}
        disabled={isGone}
        onClick={onSelect}
      >
        <span className="row">
          <time className="grow" dateTime={takenAt} title={formatWhole(takenAt)}>
            {formatDay(takenAt)} {formatSecond(takenAt)}
          </time>
          {!isGone && sizeBytes > 0 && <span className="soft small">{formatBytes(sizeBytes)}</span>}
        </span>
        <span className="captured soft small">
          {plainTitle(words.join('; '))}
          {spanMs >= 1_000 && !isGone && `, alike for ${formatSpan(spanMs)}`}
        </span>
      </button>
    </li>
  );
}

function VersionPreview({ itemKey, version }: { readonly itemKey: string; readonly version: ItemVersion }) {
  const { snapshotId } = version;
  const { data, error, reload } = useQuery(snapshotId, (signal) =>
    api.snapshots.get({ id: snapshotId, ...ofDevice() }, { signal }),
  );
  const item = data?.itemList.find(({ key }) => key === itemKey);
  if (error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Opening the version" />;
  if (item === undefined) return <Message tone="warn">The item is not in this snapshot.</Message>;
  return (
    <div className="snapshot-version__preview">
      <div className="row wrap">
        <span className="grow">
          As it was on <time dateTime={version.takenAt}>{formatWhole(version.takenAt)}</time>
        </span>
        <Link className="button button--primary" href={restoreAddress(snapshotId, [itemKey])}>
          Restore this version
        </Link>
        <Link className="button" href={snapshotAddress(snapshotId, { item: itemKey })}>
          The whole snapshot
        </Link>
      </div>
      <ItemPreview snapshotId={snapshotId} item={item} hasLinks={false} />
    </div>
  );
}
