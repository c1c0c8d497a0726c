// The repair: what it would do, how far it is, and what came of it.

import { useState } from 'react';

import type { RecoveryReport } from '../../../shared/contract/recovery.ts';
import { WorkPanel } from '../../components/work-panel.tsx';
import { api } from '../../client/client.ts';
import { cancelWork, startWork, useWork } from '../../stores/works.ts';
import { RepairOutlook } from './repair-outlook.tsx';
import { SecretField, type SecretInput } from './secret-field.tsx';

export interface RepairProps {
  readonly report: RecoveryReport;
  readonly onDone: () => void;
}

export function Repair({ report: { repair }, onDone }: RepairProps) {
  const [secret, setSecret] = useState<SecretInput | null>(null);
  const repairing = useWork('repair');
  const planning = useWork('plan');
  // What was asked for last is told; one at a time, since both hold the file.
  const [last, setLast] = useState<'plan' | 'repair'>('repair');
  const work = last === 'plan' ? planning : repairing;
  const isWrong = work.error?.code === 'VAULT_WRONG_PASSWORD';
  const handlePlan = async (): Promise<void> => {
    setLast('plan');
    if (secret !== null) await startWork('plan', (signal) => api.recovery.plan(secret, { signal }));
  };
  const handleStart = async (): Promise<void> => {
    if (secret === null) return;
    setLast('repair');
    await startWork('repair', (signal) => api.recovery.repair(secret, { signal }));
    onDone();
  };
  return (
    <section className="card recovery__part" aria-labelledby="recovery-repair">
      <h2 id="recovery-repair">Repair the vault</h2>
      <ol className="recovery__steps soft">
        {repair.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <SecretField
        onValue={setSecret}
        error={isWrong ? 'This does not open the vault. Nothing was changed.' : undefined}
      />
      <WorkPanel
        work={isWrong ? { ...work, error: null } : work}
        label={last === 'plan' ? 'Looking at every record' : 'Repairing'}
        starts={[
          { label: 'Repair the vault', onStart: () => void handleStart(), isPrimary: true, isHeld: secret === null },
          { label: 'What would it win and lose?', onStart: () => void handlePlan(), isHeld: secret === null },
        ]}
        onCancel={() => cancelWork(last)}
        cancelled="Cancelled. The vault is as it was."
      />
      {work.result !== null && <RepairOutlook result={work.result} isDone={last === 'repair'} />}
    </section>
  );
}
