// What a merge would do, or did: what each side wins and loses, and where both say different things.

import type { MergeResult } from '../../../shared/contract/recovery.ts';
import { Message } from '../../components/feedback.tsx';
import { plural } from '../../components/format.ts';
import { MergeConflicts, type MergeConflictsProps } from './merge-conflicts.tsx';
import { tellBalance } from './tell-merge.ts';

export interface MergeOutlookProps extends Pick<MergeConflictsProps, 'onChoose'> {
  /** With its conflicts as they are decided. */
  readonly result: MergeResult;
  /** True where it was done, false where it would be. */
  readonly isDone: boolean;
}

export function MergeOutlook({ result, isDone, onChoose }: MergeOutlookProps) {
  return (
    <div
      className="stack"
      role="region"
      aria-label={isDone ? 'What the merge did' : 'What a merge would do'}
      tabIndex={-1}
    >
      <Summary result={result} isDone={isDone} />
      {result.isNothingNew || <BalanceTable result={result} />}
      <MergeConflicts conflicts={result.conflicts} onChoose={onChoose} />
      {result.snapshots > 0 && (
        <Message>
          What is past the retention limits goes again with the next thinning: name a checkpoint where something should
          stay.
        </Message>
      )}
      {result.isShared && result.snapshots > 0 && (
        <Message tone="warn">
          For your other devices this one is new after the merge: sign in to sync once more.
        </Message>
      )}
    </div>
  );
}

function Summary({ result, isDone }: Pick<MergeOutlookProps, 'result' | 'isDone'>) {
  const { isNothingNew, isSameVault, inBoth, snapshots, newerLeftOut, keptAs } = result;
  const other = isSameVault ? 'another state of this vault' : 'a vault of its own';
  if (isNothingNew && newerLeftOut > 0)
    return (
      <Message tone="warn">
        <strong>Nothing comes in yet.</strong> What the other one has is newer than the newest snapshot here. Capture
        once, then merge again: the newest one stays of this machine.
      </Message>
    );
  if (isNothingNew)
    return (
      <Message tone="good">
        <strong>Nothing is missing here that the other one has.</strong> It is {other}; all {plural(inBoth, 'snapshot')}{' '}
        of it are in both.
      </Message>
    );
  return (
    <Message tone={isDone ? 'good' : 'info'}>
      <strong>
        {plural(snapshots, 'snapshot')} {isDone ? 'came in' : 'would come in'}
      </strong>
      ; {inBoth === 0 ? 'none is' : `${plural(inBoth, 'snapshot')} are`} in both. The other one is {other}
      {isDone ? '.' : ', and stays as it is. Nothing was changed yet.'}
      {keptAs !== null && ` The vault as it was is kept as ${keptAs}.`}
    </Message>
  );
}

function BalanceTable({ result }: Pick<MergeOutlookProps, 'result'>) {
  const { here, there } = tellBalance(result);
  return (
    <table className="table">
      <caption className="visually-hidden">What each side wins and loses</caption>
      <thead>
        <tr>
          <th scope="col">Side</th>
          <th scope="col">Wins</th>
          <th scope="col">Loses, or leaves out</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">This vault</th>
          <Cell lines={here.wins} none="Nothing" />
          <Cell lines={here.loses} none="Nothing" />
        </tr>
        <tr>
          <th scope="row">The other one</th>
          <Cell lines={there.wins} none="Nothing: it is only read" />
          <Cell lines={there.loses} none="Nothing" />
        </tr>
      </tbody>
    </table>
  );
}

function Cell({ lines, none }: { readonly lines: readonly string[]; readonly none: string }) {
  if (lines.length === 0) return <td className="soft">{none}</td>;
  return (
    <td>
      <ul className="recovery__lines">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </td>
  );
}
