// What the redaction found: each secret by its rule, how it begins, where it stood, and what stands around it once it is out.

import type { PublishPreview } from '../../../../shared/contract/publishing.ts';
import { plural } from '../../../components/format.ts';
import { plainTitle } from '../../../components/visible-text.ts';

const MAX_SHOWN = 50;

export function Findings({ findings }: Pick<PublishPreview, 'findings'>) {
  if (findings.length === 0) return null;
  return (
    // A box that scrolls must be reachable by keyboard.
    <div className="publish__findings" tabIndex={0} role="group" aria-label="Secrets that are taken out">
      <ul>
        {findings.slice(0, MAX_SHOWN).map(({ rule, number, masked, count, places, contexts }) => (
          <li key={`${rule} ${number}`} className="publish__finding">
            <div className="row wrap">
              <span className="badge badge--warn captured">{plainTitle(rule)}</span>
              <code className="mono captured">{plainTitle(masked)}</code>
              <span className="soft small captured">
                {plural(count, 'place')}: {plainTitle(places.join(', '))}
                {count > places.length && ', …'}
              </span>
            </div>
            {contexts.map((context, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- two may be alike
              <p key={at} className="mono small captured publish__context">
                {plainTitle(context)}
              </p>
            ))}
          </li>
        ))}
        {findings.length > MAX_SHOWN && <li className="soft">And {findings.length - MAX_SHOWN} more secrets.</li>}
      </ul>
    </div>
  );
}
