// What was checked and what came of it: first what is whole, then what is not.

import type { RecoveryReport } from '../../../shared/contract/recovery.ts';
import { Button } from '../../components/button.tsx';
import { Message } from '../../components/feedback.tsx';
import { formatCount, formatMoment, plural } from '../../components/format.ts';

const MAX_SHOWN = 20;
const MAX_ITEMS = 3;

export interface ReportProps {
  readonly report: RecoveryReport;
  readonly isChecking: boolean;
  readonly onCheck: () => void;
}

export function Report({ report, isChecking, onCheck }: ReportProps) {
  const { isWhole, damaged, snapshots } = report;
  return (
    <section className="card recovery__part" aria-labelledby="recovery-report">
      <div className="row wrap">
        <h2 id="recovery-report" className="grow">
          What was found
        </h2>
        <Button aria-disabled={isChecking} onClick={() => !isChecking && onCheck()}>
          {isChecking ? 'Checking…' : 'Check again'}
        </Button>
      </div>
      <Summary report={report} />
      {snapshots.list.length > 0 && <Affected snapshots={snapshots} />}
      {isWhole === false && damaged.length > 0 && (
        <details>
          <summary>{plural(damaged.length, 'finding')}, one by one</summary>
          <ul className="recovery__findings">
            {damaged.slice(0, MAX_SHOWN).map(({ what, detail, snapshots: touched }, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- findings have no id and never move
              <li key={at}>
                <span className="badge badge--warn">{what}</span> <span className="captured">{detail}</span>
                {touched > 0 && <span className="soft"> Touches {plural(touched, 'snapshot')}.</span>}
              </li>
            ))}
            {damaged.length > MAX_SHOWN && (
              <li className="soft">And {formatCount(damaged.length - MAX_SHOWN)} more.</li>
            )}
          </ul>
        </details>
      )}
    </section>
  );
}

function Summary({ report: { state, isWhole, checked, snapshots } }: Pick<ReportProps, 'report'>) {
  if (isWhole === true)
    return (
      <Message tone="good">
        All {formatCount(checked)} records and {plural(snapshots.whole, 'snapshot')} are whole.
      </Message>
    );
  if (state === 'unreadable')
    return (
      <p>
        The file could not be opened, so nothing in it could be checked. A repair looks at every page of it and saves
        what is whole.
      </p>
    );
  const { whole, affected, list } = snapshots;
  const isAll = list.length === affected;
  const partly = list.filter(({ isReadable }) => isReadable).length;
  return (
    <>
      <p>
        <strong>
          {formatCount(whole)} of {plural(whole + affected, 'snapshot')} {whole === 1 ? 'is' : 'are'} whole.
        </strong>{' '}
        {isAll && partly > 0 && `${formatCount(partly)} can be restored but for what is named here. `}
        {isAll && affected > partly && `${formatCount(affected - partly)} cannot be read as it stands.`}
      </p>
      <p className="soft">{formatCount(checked)} records were checked; what is read or restored is checked again.</p>
    </>
  );
}

function Affected({ snapshots: { list, affected } }: Pick<RecoveryReport, 'snapshots'>) {
  const shown = list.slice(0, MAX_SHOWN);
  return (
    <table className="table">
      <caption className="visually-hidden">Snapshots that are damaged</caption>
      <thead>
        <tr>
          <th scope="col">Damaged snapshot</th>
          <th scope="col">What of it is damaged</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ id, takenAt, items, isReadable }, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- what cannot be read has no id
          <tr key={id ?? at}>
            <td>{takenAt === null ? 'Its time cannot be read' : formatMoment(takenAt)}</td>
            <td className="captured">{isReadable ? nameItems(items) : 'All of it'}</td>
          </tr>
        ))}
        {affected > shown.length && (
          <tr>
            <td colSpan={2} className="soft">
              And {formatCount(affected - shown.length)} more.
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function nameItems(items: RecoveryReport['snapshots']['list'][number]['items']): string {
  const names = items.slice(0, MAX_ITEMS).map(({ title }) => title);
  const more = items.length > MAX_ITEMS ? ` and ${formatCount(items.length - MAX_ITEMS)} more` : '';
  return names.join(', ') + more;
}
