// Brings another vault into this one: which, with what password, how differences are decided; what it would do, and only then the merge.

import { useState } from 'react';

import type { MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import { Button } from '../../components/button.tsx';
import { Message } from '../../components/feedback.tsx';
import { WorkPanel } from '../../components/work-panel.tsx';
import { cancelWork, useWork } from '../../stores/works.ts';
import { MergeOutlook } from './merge-outlook.tsx';
import { OtherVaultField } from './other-vault-field.tsx';
import { SecretField, type SecretInput } from './secret-field.tsx';
import { useMerge } from './use-merge.ts';

const STRATEGIES: ReadonlyArray<{ readonly value: MergeStrategy; readonly label: string; readonly hint: string }> = [
  { value: 'latest', label: 'The later edit counts', hint: 'Of two versions the one that was written last.' },
  {
    value: 'most-complete',
    label: 'The more complete one counts',
    hint: 'The longer text, all tags, the higher priority.',
  },
  { value: 'manual', label: 'I choose', hint: 'Each difference is shown, and you say which version counts.' },
];

export function Merge({ isReadOnly }: { readonly isReadOnly: boolean }) {
  const merging = useWork('merge');
  const planning = useWork('mergePlan');
  const [isAsked, setAsked] = useState(merging.isRunning || merging.result !== null || planning.isRunning);
  return (
    <section className="card recovery__part" aria-labelledby="recovery-merge">
      <h2 id="recovery-merge">Bring in another vault</h2>
      <p className="soft">
        An old backup, or the vault of another machine: its snapshots come to their place in time, with its checkpoints
        and conversations. The other one is only read, and the file of this one is kept beside it as it was.
      </p>
      {isReadOnly && <Message>This vault is damaged. Repair it first; then another one can be brought in.</Message>}
      {!isReadOnly && isAsked && <MergeForm />}
      {!isReadOnly && !isAsked && (
        <div className="row">
          <Button onClick={() => setAsked(true)}>Merge…</Button>
        </div>
      )}
    </section>
  );
}

function MergeForm() {
  const [path, setPath] = useState('');
  const [strategy, setStrategy] = useState<MergeStrategy>('latest');
  const [secret, setSecret] = useState<SecretInput | null>(null);
  const [otherSecret, setOtherSecret] = useState<SecretInput | null>(null);
  const [isOtherAsked, setOtherAsked] = useState(false);
  const other = path.trim();
  const steps = useMerge({ other, strategy, secret, otherSecret });
  const { plan, done, trouble, mayMerge, planning, merging } = steps;
  // Only a look tells whether the other one has keys of its own.
  if (trouble === 'other-missing' && !isOtherAsked) setOtherAsked(true);
  const isHeld = secret === null || other === '' || (isOtherAsked && otherSecret === null) || merging.isRunning;
  return (
    <>
      <OtherVaultField value={path} onValue={setPath} />
      <StrategyChoice value={strategy} onValue={setStrategy} />
      <SecretField
        of="this vault"
        onValue={setSecret}
        error={trouble === 'wrong' ? 'This does not open this vault. Nothing was changed.' : undefined}
      />
      {isOtherAsked && (
        <SecretField
          of="the other vault"
          hasFocus
          onValue={setOtherSecret}
          error={trouble === 'wrong-other' ? 'This does not open the other vault. Nothing was changed.' : undefined}
        />
      )}
      {trouble === 'other-missing' && (
        <Message>The other one is a vault of its own, with a password of its own: enter that too.</Message>
      )}
      <WorkPanel
        work={planning}
        label="Comparing both"
        starts={[{ label: 'What would it bring?', onStart: () => void steps.look(), isPrimary: plan === null, isHeld }]}
        onCancel={() => cancelWork('mergePlan')}
      />
      {plan !== null && (
        <MergeOutlook result={plan} isDone={false} onChoose={strategy === 'manual' ? steps.choose : null} />
      )}
      {(mayMerge || merging.isRunning) && (
        <WorkPanel
          work={merging}
          label="Merging, and checking every record"
          starts={[{ label: 'Merge now', onStart: () => void steps.merge(), isPrimary: true, isHeld }]}
          onCancel={() => cancelWork('merge')}
          cancelled="Cancelled. The vault is as it was."
        />
      )}
      {done !== null && <MergeOutlook result={done} isDone={done.keptAs !== null} onChoose={null} />}
    </>
  );
}

interface StrategyChoiceProps {
  readonly value: MergeStrategy;
  readonly onValue: (strategy: MergeStrategy) => void;
}

function StrategyChoice({ value, onValue }: StrategyChoiceProps) {
  return (
    <fieldset className="recovery__choices">
      <legend className="field__label">Where both say different things</legend>
      {STRATEGIES.map(({ value: strategy, label, hint }) => (
        <label key={strategy} className="recovery__option">
          <input type="radio" name="merge-strategy" checked={value === strategy} onChange={() => onValue(strategy)} />
          <span>
            <span className="field__label">{label}</span>
            <span className="field__hint recovery__hint">{hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
