// Hits in sessions that no snapshot holds: pushed by a program, held in Cairn, or imported.

import { Link } from 'wouter';

import type { SessionHit } from '../../../shared/contract/search-schemas.ts';
import { sessionAddress } from '../../components/addresses.ts';
import { formatCount, formatMoment, formatWhole, KIND_NAMES } from '../../components/format.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { splitHit } from './hit-line.ts';

export function SessionHits({ hits }: { readonly hits: readonly SessionHit[] }) {
  return (
    <section aria-labelledby="session-hits">
      <h2 id="session-hits">In sessions</h2>
      <ol className="search-hits">
        {hits.map((hit) => (
          <SessionHitView key={`${hit.sessionId} ${hit.position}`} hit={hit} />
        ))}
      </ol>
    </section>
  );
}

function SessionHitView({ hit }: { readonly hit: SessionHit }) {
  const { sessionId, name, tool, project, role, at, position } = hit;
  const [before, match, after] = splitHit(hit);
  return (
    <li className="search-hit">
      <Link className="search-hit__link" href={sessionAddress(sessionId)}>
        <span className="row">
          <KindIcon kind="conversation" />
          <span className="visually-hidden">{KIND_NAMES.conversation.one}: </span>
          <strong className="captured search-hit__title">{plainTitle(name) || 'Without a title'}</strong>
          <time className="soft small" dateTime={at} title={formatWhole(at)}>
            {formatMoment(at)}
          </time>
        </span>
        <span className="captured mono search-hit__line">
          {before}
          <mark>{match}</mark>
          {after}
        </span>
        <span className="captured soft small">
          {role}, message {formatCount(position + 1)}, {plainTitle(tool)}
          {project !== null && `, ${plainTitle(project)}`}
        </span>
      </Link>
    </li>
  );
}
