// The repair: what it would do, how far it is, and what came of it.

import { useState } from 'react';

import type { RecoveryReport } from '../../../shared/contract/recovery.ts';
import { WorkPanel } from '../../components/work-panel.tsx';
import { api } from '../../client/client.ts';
import { cancelWork, startWork, useWork } from '../../stores/works.ts';
import { SecretField, type SecretInput } from './secret-field.tsx';

export interface RepairProps {
  readonly report: RecoveryReport;
  readonly onDone: () => void;
}

export function Repair({ report: { repair }, onDone }: RepairProps) {
  const [secret, setSecret] = useState<SecretInput | null>(null);
  const work = useWork('repair');
  const isWrong = work.error?.code === 'VAULT_WRONG_PASSWORD';
  const handleStart = async (): Promise<void> => {
    if (secret === null) return;
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
        label="Repairing"
        starts={[
          { label: 'Repair the vault', onStart: () => void handleStart(), isPrimary: true, isHeld: secret === null },
        ]}
        onCancel={() => cancelWork('repair')}
        cancelled="Cancelled. The vault is as it was."
      />
    </section>
  );
}
