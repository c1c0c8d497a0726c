// Where both vaults say different things of the same: both versions, and which counts; by hand, a choice for each.

import { useState } from 'react';

import { choiceName, type MergeSide } from '../../../shared/merge/merge-choices.ts';
import { Button } from '../../components/button.tsx';
import { formatCount, plural } from '../../components/format.ts';
import { plainTitle, showHidden } from '../../components/visible-text.ts';
import { tellVersion, type MergeConflictView } from './tell-merge.ts';

const PAGE = 50;
const TAKEN = { ours: 'here', theirs: 'there', both: 'both together' } as const;

export interface MergeConflictsProps {
  readonly conflicts: readonly MergeConflictView[];
  /** Null where they are decided already. */
  readonly onChoose: ((conflicts: readonly MergeConflictView[], side: MergeSide) => void) | null;
}

export function MergeConflicts({ conflicts, onChoose }: MergeConflictsProps) {
  const [count, setCount] = useState(PAGE);
  if (conflicts.length === 0) return null;
  const shown = conflicts.slice(0, count);
  const rest = conflicts.length - shown.length;
  return (
    <section className="stack" aria-label="Where both differ">
      <h3>{plural(conflicts.length, 'field')} said differently</h3>
      {onChoose === null ? (
        <Decided conflicts={shown} />
      ) : (
        <>
          <p className="soft">What is here stays where you choose nothing.</p>
          {conflicts.length > 1 && (
            <div className="row wrap">
              <Button onClick={() => onChoose(conflicts, 'ours')}>All as here</Button>
              <Button onClick={() => onChoose(conflicts, 'theirs')}>All as there</Button>
            </div>
          )}
          {shown.map((conflict) => (
            <Choice key={choiceName(conflict)} conflict={conflict} onChoose={(side) => onChoose([conflict], side)} />
          ))}
        </>
      )}
      {rest > 0 && (
        <div className="row">
          <Button onClick={() => setCount(count + PAGE)}>Show more ({formatCount(rest)})</Button>
        </div>
      )}
    </section>
  );
}

function Decided({ conflicts }: Pick<MergeConflictsProps, 'conflicts'>) {
  return (
    <table className="table">
      <caption className="visually-hidden">Fields that both say differently, and what counts</caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Here</th>
          <th scope="col">There</th>
          <th scope="col">Counts</th>
        </tr>
      </thead>
      <tbody>
        {conflicts.map((conflict) => {
          const { field, ours, theirs, taken } = conflict;
          return (
            <tr key={choiceName(conflict)}>
              <td className="captured">{nameOf(conflict)}</td>
              <td className="captured recovery__value">{showHidden(tellVersion(field, ours))}</td>
              <td className="captured recovery__value">{showHidden(tellVersion(field, theirs))}</td>
              <td>{TAKEN[taken]}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

interface ChoiceProps {
  readonly conflict: MergeConflictView;
  readonly onChoose: (side: MergeSide) => void;
}

function Choice({ conflict, onChoose }: ChoiceProps) {
  const { field, taken } = conflict;
  const sides = [
    ['ours', 'Here', conflict.ours],
    ['theirs', 'There', conflict.theirs],
  ] as const;
  return (
    <fieldset className="recovery__choices">
      <legend className="captured">{nameOf(conflict)}</legend>
      {sides.map(([side, label, value]) => (
        <label key={side} className="choice-card">
          <input type="radio" name={choiceName(conflict)} checked={taken === side} onChange={() => onChoose(side)} />
          <span>
            <span className="soft small">{label}</span>{' '}
            <span className="captured recovery__value">{showHidden(tellVersion(field, value))}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function nameOf({ kind, name, field }: MergeConflictView): string {
  return `${kind === 'checkpoint' ? 'Checkpoint' : 'Conversation'} ${plainTitle(name)}: ${field}`;
}
