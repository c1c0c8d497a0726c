// The vault in numbers: how large it is, what that saves, which source takes what, and what Cairn itself costs.

import './statistics.css';

import type { ReactNode } from 'react';
import { Link } from 'wouter';

import type { Statistics } from '../../../shared/contract/statistics.ts';
import { Button } from '../../components/button.tsx';
import { Empty, ErrorMessage, Loading } from '../../components/feedback.tsx';
import { formatAge, formatBytes, formatCount, formatMoment, formatWhole, plural } from '../../components/format.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { GrowthChart } from './growth-chart.tsx';
import { SourceTable } from './source-table.tsx';
import { tellGrowth, tellSavings } from './tell-statistics.ts';

export function StatisticsScreen() {
  const { data, error, isLoading, reload } = useQuery(
    'statistics',
    (signal) => api.upkeep.statistics(undefined, { signal }),
    { reloadOn: ['snapshots.removed', 'checkpoints.changed'] },
  );
  return (
    <div className="page">
      <div className="page__head">
        <h1>Statistics</h1>
        <Button aria-disabled={isLoading} onClick={reload}>
          {isLoading ? 'Counting…' : 'Count again'}
        </Button>
      </div>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && error === null && <Loading what="Counting" />}
      {data !== null && data.snapshots === 0 && (
        <Empty title="Nothing was captured yet">
          <p className="soft">Turn a source on, and the first numbers are here half a minute later.</p>
          <Link className="button button--primary" href="/settings/sources">
            Choose sources
          </Link>
        </Empty>
      )}
      {data !== null && data.snapshots > 0 && <Numbers data={data} />}
    </div>
  );
}

function Numbers({ data }: { readonly data: Statistics }) {
  const savings = tellSavings(data);
  return (
    <>
      <dl className="statistics__tiles">
        <Tile name="The vault takes" value={formatBytes(savings.storedBytes)}>
          {plural(data.chunks, 'piece')} of content, sealed
        </Tile>
        <Tile name="Snapshots" value={formatCount(data.snapshots)}>
          {data.oldestAt !== undefined && <>the oldest of {formatMoment(data.oldestAt)}</>}
        </Tile>
        <Tile name="Checkpoints" value={formatCount(data.checkpoints)}>
          {data.checkpoints === 0 ? 'press c on the timeline to make one' : 'named by you'}
        </Tile>
        <Tile name="One snapshot holds" value={formatBytes(data.newestBytes)}>
          the newest one, not compressed
        </Tile>
      </dl>
      <section className="card statistics__part" aria-labelledby="statistics-savings">
        <h2 id="statistics-savings">Savings and growth</h2>
        {savings.wholeBytes > savings.storedBytes && (
          <div className="statistics__compare" aria-hidden>
            <Bar label="whole copies, about" bytes={savings.wholeBytes} most={savings.wholeBytes} />
            <Bar label="the vault" bytes={savings.storedBytes} most={savings.wholeBytes} isStrong />
          </div>
        )}
        <p>{savings.words}</p>
        <p>
          <strong>Growth:</strong> {tellGrowth(data)}
        </p>
        <GrowthChart growth={data.growth} />
      </section>
      <section className="card statistics__part" aria-labelledby="statistics-sources">
        <h2 id="statistics-sources">By source, in the newest snapshot</h2>
        <SourceTable bySource={data.bySource} />
      </section>
      <div className="statistics__pair">
        <section className="card statistics__part" aria-labelledby="statistics-cost">
          <h2 id="statistics-cost">What Cairn itself costs</h2>
          <dl className="statistics__facts">
            <dt>Processor</dt>
            <dd>{data.ownCpuPercent.toFixed(1)} % of one core, on average since it was started</dd>
            <dt>Memory</dt>
            <dd>{formatBytes(data.ownMemoryBytes)}</dd>
          </dl>
        </section>
        <section className="card statistics__part" aria-labelledby="statistics-safety">
          <h2 id="statistics-safety">Safety</h2>
          <dl className="statistics__facts">
            <dt>Last backup</dt>
            <dd>
              <Moment at={data.lastBackupAt} />
            </dd>
            <dt>Last verified</dt>
            <dd>
              <Moment at={data.lastVerifiedAt} />
            </dd>
          </dl>
          <p>
            <Link href="/diagnostics">Verify or back up now</Link>
          </p>
        </section>
      </div>
    </>
  );
}

function Tile({
  name,
  value,
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="card statistics__tile">
      <dt className="soft small">{name}</dt>
      <dd className="statistics__value">{value}</dd>
      <dd className="soft small">{children}</dd>
    </div>
  );
}

interface BarProps {
  readonly label: string;
  readonly bytes: number;
  readonly most: number;
  readonly isStrong?: boolean;
}

function Bar({ label, bytes, most, isStrong = false }: BarProps) {
  return (
    <div className="statistics__bar-row">
      <span className="small soft">{label}</span>
      <div className="statistics__track">
        <div
          className={`statistics__bar ${isStrong ? 'statistics__bar--strong' : ''}`}
          style={{ width: `${Math.max(0.5, (bytes / most) * 100)}%` }}
        />
      </div>
      <span className="small">{formatBytes(bytes)}</span>
    </div>
  );
}

function Moment({ at }: { readonly at: string | undefined }) {
  if (at === undefined) return <>never</>;
  return (
    <time dateTime={at} title={formatWhole(at)}>
      {formatAge(at)}
    </time>
  );
}
