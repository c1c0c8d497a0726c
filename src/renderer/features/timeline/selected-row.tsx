// The chosen point beside the list: what changed, and what can be done with it.

import { GitCompareArrows, Eye, Undo2 } from 'lucide-react';
import { Link } from 'wouter';

import type { TimelineRow } from '../../../shared/contract/schemas.ts';
import { formatAge, formatWhole, plural } from '../../components/format.ts';
import { tellKept } from '../../components/tell-kept.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { useNow } from '../../components/use-now.ts';
import { useSync } from '../../stores/sync.ts';
import { plainTitle, showHidden } from '../../components/visible-text.ts';

export function SelectedRow({ row }: { readonly row: TimelineRow | undefined }) {
  const now = useNow();
  const isOwn = useSync(({ device }) => device === null);
  if (row === undefined) return <aside className="timeline__details" aria-label="Chosen point" />;
  const { checkpoint } = row;
  return (
    <aside className="timeline__details stack" aria-label="Chosen point" style={{ gap: 16 }}>
      <div>
        <h2 className="captured">
          {checkpoint === undefined ? formatAge(row.takenAt, now) : plainTitle(checkpoint.name)}
        </h2>
        <div className="soft small">{formatWhole(row.takenAt)}</div>
        {checkpoint !== undefined && checkpoint.description !== '' && (
          <p className="captured">{showHidden(checkpoint.description)}</p>
        )}
      </div>
      <div className="stack" style={{ gap: 8 }}>
        <Link className="button button--primary" href={`/snapshot/${row.id}`}>
          <Eye size={16} aria-hidden /> Open <span className="kbd">Enter</span>
        </Link>
        <Link className="button" href={`/restore/${row.id}`}>
          <Undo2 size={16} aria-hidden /> Restore…
        </Link>
        {isOwn && (
          <Link className="button" href={`/compare/${row.id}/now`}>
            <GitCompareArrows size={16} aria-hidden /> Compare with now <span className="kbd">d</span>
          </Link>
        )}
      </div>
      <div className="stack" style={{ gap: 6 }}>
        <h3>{row.words.length > 0 ? 'What changed' : 'Nothing changed'}</h3>
        <ul className="timeline__changes">
          {row.words.map((words, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- phrases have no other identity
            <li key={at} className="captured">
              {plainTitle(words)}
            </li>
          ))}
        </ul>
      </div>
      <div className="row wrap small soft">
        {row.kinds.map((kind) => (
          <KindIcon key={kind} kind={kind} />
        ))}
        <span>{plural(row.items, 'thing')} open</span>
        {row.gaps > 0 && <span className="badge badge--warn">{plural(row.gaps, 'gap')}</span>}
      </div>
      <p className="small soft">{tellKept(row.kept)}</p>
    </aside>
  );
}
