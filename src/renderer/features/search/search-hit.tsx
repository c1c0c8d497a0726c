// One hit: where it is, when, and the line with what was looked for marked.

import { Link } from 'wouter';

import type { SearchHit } from '../../../shared/contract/search-schemas.ts';
import { itemAddress, restoreAddress, snapshotAddress } from '../../components/addresses.ts';
import { formatCount, formatMoment, formatWhole, KIND_NAMES } from '../../components/format.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { aliveWords, splitHit } from './hit-line.ts';

export function SearchHitView({ hit, text }: { readonly hit: SearchHit; readonly text: string }) {
  const { key, kind, title, snapshotId, takenAt, where, lineNumber } = hit;
  const [before, match, after] = splitHit(hit);
  return (
    <li className="search-hit">
      <Link className="search-hit__link" href={snapshotAddress(snapshotId, { item: key, text, line: lineNumber })}>
        <span className="row">
          <KindIcon kind={kind} />
          <span className="visually-hidden">{KIND_NAMES[kind].one}: </span>
          <strong className="captured search-hit__title">{plainTitle(title) || 'Without a title'}</strong>
          <time className="soft small" dateTime={takenAt} title={formatWhole(takenAt)}>
            {formatMoment(takenAt)}
          </time>
        </span>
        <span className="captured mono search-hit__line">
          {before}
          <mark>{match}</mark>
          {after}
        </span>
        <span className="captured soft small">
          in {plainTitle(where)}
          {lineNumber > 1 && `, line ${formatCount(lineNumber)}`}
          {aliveWords(hit)}
        </span>
      </Link>
      <span className="search-hit__more">
        <Link href={restoreAddress(snapshotId, [key])}>
          Restore only this<span className="visually-hidden captured">: {plainTitle(title)}</span>
        </Link>
        <Link href={itemAddress(key)}>
          All its versions<span className="visually-hidden captured">: {plainTitle(title)}</span>
        </Link>
      </span>
    </li>
  );
}
