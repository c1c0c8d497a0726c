// What a repair would win and lose, or what it did: how far it has to go, what comes back, what does not, and what may be the cause.

import type { RepairResult } from '../../../shared/contract/recovery.ts';
import { Message } from '../../components/feedback.tsx';
import { formatBytes, formatCount, formatMoment, plural } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';

const TIER_NAMES = {
  full: 'Everything comes back',
  'last-good': 'The last whole state, and what changed since',
  partial: 'What is readable of damaged snapshots',
  emergency: 'Page by page',
} as const;
const MAX_SHOWN = 20;

export interface RepairOutlookProps {
  readonly result: RepairResult;
  /** True where it was done, false where it would be. */
  readonly isDone: boolean;
}

export function RepairOutlook({ result, isDone }: RepairOutlookProps) {
  const { isWhole, snapshots, lostSnapshots, healed, lost, unproven, tier, tiers, together, losses, causes, keptAs } =
    result;
  if (isWhole) return <Message tone="good">Nothing is damaged, so there is nothing to repair.</Message>;
  return (
    <div
      className="stack"
      role="region"
      aria-label={isDone ? 'What the repair did' : 'What a repair would do'}
      tabIndex={-1}
    >
      <Message tone={lostSnapshots + lost === 0 ? 'good' : 'warn'}>
        <strong>
          {plural(snapshots, 'snapshot')} {isDone ? 'are there' : 'would be there'},{' '}
          {lostSnapshots === 0 ? 'none' : formatCount(lostSnapshots)} lost.
        </strong>{' '}
        {plural(healed, 'record')} {isDone ? 'came' : 'would come'} back from another copy
        {lost > 0 && `, ${formatCount(lost)} have no whole copy`}
        {unproven > 0 && `, ${formatCount(unproven)} may have been deleted on purpose and stay out`}.
        {keptAs !== null && ` The damaged file is kept as ${keptAs}.`}
      </Message>
      {causes.map(({ code, sentence }) => (
        <Message key={code} tone="warn">
          {sentence}
        </Message>
      ))}
      <table className="table">
        <caption className="visually-hidden">The ways, in the order in which they are tried</caption>
        <thead>
          <tr>
            <th scope="col">Way</th>
            <th scope="col">Wins</th>
            <th scope="col">Loses, if it ended there</th>
          </tr>
        </thead>
        <tbody>
          {tiers.map(({ name, wins, loses, sentence }) => (
            <tr key={name} aria-current={name === tier ? 'step' : undefined}>
              <td>
                <strong>{TIER_NAMES[name]}</strong>{' '}
                {name === tier && <span className="badge badge--accent">needed</span>}
                <div className="soft small">{sentence}</div>
              </td>
              <td>{formatCount(wins)}</td>
              <td>{formatCount(loses)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {losses.list.length > 0 && <Losses losses={losses} />}
      {together.length > 0 && (
        <details>
          <summary>{plural(together.length, 'snapshot')} put together from what is whole</summary>
          <ul className="recovery__findings">
            {together.slice(0, MAX_SHOWN).map(({ id, takenAt, missingItems }) => (
              <li key={id}>
                {formatMoment(takenAt)}
                {missingItems > 0 && <span className="soft">, without {plural(missingItems, 'thing')}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Losses({ losses: { list, items, snapshots, newestWhole } }: Pick<RepairResult, 'losses'>) {
  return (
    <details>
      <summary>
        Content without a whole copy: {plural(items, 'thing')} in {plural(snapshots, 'snapshot')}
      </summary>
      {newestWhole !== null && (
        <p className="soft">The newest whole snapshot is of {formatMoment(newestWhole.takenAt)}.</p>
      )}
      <ul className="recovery__findings">
        {list.slice(0, MAX_SHOWN).map(({ key, title, snapshots: touched, from, to, lostBytes, totalBytes }) => (
          <li key={key}>
            <span className="captured">{plainTitle(title)}</span>{' '}
            <span className="soft">
              {formatBytes(lostBytes)} of {formatBytes(totalBytes)}, {formatMoment(from)} to {formatMoment(to)} (
              {plural(touched, 'snapshot')})
            </span>
          </li>
        ))}
        {items > MAX_SHOWN && <li className="soft">And {formatCount(items - MAX_SHOWN)} more.</li>}
      </ul>
    </details>
  );
}
