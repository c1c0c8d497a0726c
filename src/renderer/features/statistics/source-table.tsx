// What each source takes of the newest snapshot: as numbers, and as a bar for the eye.

import type { Statistics } from '../../../shared/contract/statistics.ts';
import { formatAge, formatBytes, formatCount, formatWhole } from '../../components/format.ts';
import { tellDifference } from './tell-statistics.ts';
import { useStatus } from '../../stores/status.ts';

export function SourceTable({ bySource }: { readonly bySource: Statistics['bySource'] }) {
  const known = useStatus(({ status }) => status?.sources ?? []);
  if (bySource.length === 0)
    return <p className="soft">The newest snapshot holds nothing: no source had anything open.</p>;
  const sorted = bySource.toSorted((a, b) => b.bytes - a.bytes);
  const total = Math.max(
    1,
    sorted.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  return (
    <table className="table statistics__table">
      <caption className="visually-hidden">Things and bytes by source, in the newest snapshot</caption>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col" className="statistics__number">
            Things
          </th>
          <th scope="col" className="statistics__number">
            Size
          </th>
          <th scope="col" className="statistics__number">
            Share
          </th>
          <th scope="col" className="statistics__number">
            In a week
          </th>
          <th scope="col" className="statistics__number">
            Last read
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map(({ source, items, bytes, lastGoodAt, bytesBefore, isInactive }) => (
          <tr key={source}>
            <th scope="row">{known.find(({ id }) => id === source)?.title ?? source}</th>
            <td className="statistics__number">{formatCount(items)}</td>
            <td className="statistics__number">{formatBytes(bytes)}</td>
            <td className="statistics__number statistics__share">
              <span>{Math.round((bytes / total) * 100)} %</span>
              <div className="statistics__track" aria-hidden>
                <div className="statistics__bar" style={{ width: `${(bytes / total) * 100}%` }} />
              </div>
            </td>
            <td className="statistics__number">
              {bytesBefore === undefined ? '' : tellDifference(bytes - bytesBefore)}
            </td>
            <td className="statistics__number">
              {lastGoodAt === undefined ? (
                'unknown'
              ) : (
                <time dateTime={lastGoodAt} title={formatWhole(lastGoodAt)}>
                  {formatAge(lastGoodAt)}
                </time>
              )}
              {isInactive && <span className="soft"> · no longer used?</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
