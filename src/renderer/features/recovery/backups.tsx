// The backups that are there, and the way back to one of them: only after it was confirmed, and never by deleting anything.

import { useEffect, useRef, useState } from 'react';

import type { RecoveryReport } from '../../../shared/contract/recovery.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorMessage, ProgressBar } from '../../components/feedback.tsx';
import { formatAge, formatBytes, formatMoment, formatWhole } from '../../components/format.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { onAppEvent, takeStatus } from '../../stores/status.ts';
import { SecretField, type SecretInput } from './secret-field.tsx';

type Backup = RecoveryReport['backups']['list'][number];

export function Backups({ report: { backups } }: { readonly report: RecoveryReport }) {
  const [chosen, setChosen] = useState<Backup | null>(null);
  return (
    <section className="card recovery__part" aria-labelledby="recovery-backups">
      <h2 id="recovery-backups">Go back to a backup</h2>
      <p className="soft">
        Each backup is a whole vault and was read back when it was made. What was captured after it is not in it.
      </p>
      {backups.list.length === 0 ? (
        <p>There is no backup in this folder. If you keep copies elsewhere, put one there and check again.</p>
      ) : (
        <table className="table">
          <caption className="visually-hidden">Backups, the newest first</caption>
          <thead>
            <tr>
              <th scope="col">Made</th>
              <th scope="col">Age</th>
              <th scope="col">Size</th>
              <th scope="col">
                <span className="visually-hidden">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {backups.list.map((backup) => (
              <tr key={backup.name}>
                <td title={backup.name}>{formatMoment(backup.madeAt)}</td>
                <td>{formatAge(backup.madeAt)}</td>
                <td>{formatBytes(backup.sizeBytes)}</td>
                <td className="recovery__action">
                  <Button onClick={() => setChosen(backup)} aria-label={`Go back to ${formatWhole(backup.madeAt)}`}>
                    Go back…
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="row wrap soft">
        <code className="mono captured">{backups.folder}</code>
        <CopyButton text={backups.folder} label="Copy the folder" />
      </p>
      {chosen !== null && <Confirm backup={chosen} onClose={() => setChosen(null)} />}
    </section>
  );
}

function Confirm({ backup, onClose }: { readonly backup: Backup; readonly onClose: () => void }) {
  const [secret, setSecret] = useState<SecretInput | null>(null);
  const [progress, setProgress] = useState({ done: 0, total: 0 });
  const end = useRef<AbortController | null>(null);
  const going = useAction(async () => {
    if (secret === null) return;
    const ending = new AbortController();
    end.current = ending;
    setProgress({ done: 0, total: 0 });
    try {
      const { status } = await api.recovery.restoreBackup({ name: backup.name, secret }, { signal: ending.signal });
      onClose();
      takeStatus(status);
    } catch (error) {
      // Somebody ended it: the vault is as it was, and there is nothing to tell.
      if (!ending.signal.aborted) throw error;
      onClose();
    }
  });
  useEffect(
    () =>
      onAppEvent((event) => {
        if (event.type === 'backup-restore.progress') setProgress({ done: event.done, total: event.total });
      }),
    [],
  );
  const handleClose = (): void => {
    if (going.isRunning) end.current?.abort();
    else onClose();
  };
  const isWrong = going.error?.code === 'VAULT_WRONG_PASSWORD';
  const cannot = secret === null || going.isRunning;
  return (
    <Dialog
      isOpen
      onClose={handleClose}
      title="Go back to this backup?"
      description={
        <>
          Your vault will be as it was on {formatWhole(backup.madeAt)}. What was captured since then is not in it. The
          file that is there now is kept beside it under another name, so nothing is deleted.
        </>
      }
      actions={
        <>
          <Button onClick={handleClose}>{going.isRunning ? 'Cancel' : 'Keep the vault as it is'}</Button>
          <Button look="danger" aria-disabled={cannot} onClick={() => !cannot && void going.run()}>
            {going.isRunning ? 'Checking the backup…' : 'Go back to the backup'}
          </Button>
        </>
      }
    >
      <SecretField
        hasFocus
        onValue={setSecret}
        error={
          isWrong ? 'This does not open the backup. It opens with the password that held when it was made.' : undefined
        }
      />
      {going.isRunning && <ProgressBar label="Copying the backup and checking every record of it" {...progress} />}
      {going.error !== null && !isWrong && <ErrorMessage error={going.error} />}
    </Dialog>
  );
}
