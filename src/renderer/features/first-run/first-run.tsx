// The first run: a password, the recovery key, the sources, and a proof that a restore works. It goes on where it was left.

import './first-run.css';

import { Check } from 'lucide-react';
import { useEffect } from 'react';

import type { UiState } from '../../../shared/contract/schemas.ts';
import { Loading } from '../../components/feedback.tsx';
import { useStatus } from '../../stores/status.ts';
import { useUi } from '../../stores/ui.ts';
import { useFirstRun, wipeRecoveryKey } from './first-run-store.ts';
import { PasswordStep } from './password-step.tsx';
import { ProofStep } from './proof-step.tsx';
import { RecoveryKeyStep } from './recovery-key-step.tsx';
import { SourcesStep } from './sources-step.tsx';

type StepName = 'password' | Exclude<NonNullable<UiState['setup']>, 'done'>;

const STEPS: ReadonlyArray<{ readonly name: StepName; readonly label: string }> = [
  { name: 'password', label: 'Password' },
  { name: 'recovery-key', label: 'Recovery key' },
  { name: 'sources', label: 'Sources' },
  { name: 'proof', label: 'Proof' },
];

export function FirstRun() {
  const vault = useStatus(({ status }) => status?.vault);
  const setup = useUi(({ setup }) => setup);
  const isCreating = useFirstRun(({ isCreating }) => isCreating);
  useEffect(
    () =>
      useStatus.subscribe(({ status }) => {
        if (status?.vault === 'locked') wipeRecoveryKey();
      }),
    [],
  );
  const step: StepName = vault === 'missing' || setup === undefined || setup === 'done' ? 'password' : setup;
  return (
    <div className="first-run">
      <header className="first-run__head">
        <div className="first-run__brand">
          <img src="/icon.svg" alt="" width={32} height={32} />
          <span>Cairn</span>
        </div>
        <Steps current={isCreating ? 'password' : step} />
      </header>
      <main className="first-run__main">
        {isCreating && vault === 'unlocked' ? <Loading what="Making your vault" /> : <Content step={step} />}
      </main>
    </div>
  );
}

function Content({ step }: { readonly step: StepName }) {
  switch (step) {
    case 'password':
      return <PasswordStep />;
    case 'recovery-key':
      return <RecoveryKeyStep />;
    case 'sources':
      return <SourcesStep />;
    case 'proof':
      return <ProofStep />;
  }
}

function Steps({ current }: { readonly current: StepName }) {
  const at = STEPS.findIndex(({ name }) => name === current);
  return (
    <ol className="first-run__steps" aria-label="Steps of the setup">
      {STEPS.map(({ name, label }, index) => (
        <li
          key={name}
          className={`first-run__mark ${index < at ? 'first-run__mark--done' : ''}`}
          aria-current={index === at ? 'step' : undefined}
        >
          <span className="first-run__number" aria-hidden>
            {index < at ? <Check size={13} strokeWidth={3} /> : index + 1}
          </span>
          {label}
          {index < at && <span className="visually-hidden">, done</span>}
        </li>
      ))}
    </ol>
  );
}
