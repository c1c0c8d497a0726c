// Which other vault: its path, typed or, in the desktop app, chosen in a dialog of the system.

import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { Button } from '../../components/button.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { useStatus } from '../../stores/status.ts';

export interface OtherVaultFieldProps {
  readonly value: string;
  readonly onValue: (path: string) => void;
}

export function OtherVaultField({ value, onValue }: OtherVaultFieldProps) {
  const hasDialog = useStatus(({ status }) => status?.shell === 'desktop');
  const choosing = useAction(async (what: 'file' | 'folder') => {
    const { path } = await api.desktop.chooseVault({ what });
    if (path !== null) onValue(path);
  });
  return (
    <>
      <TextField
        label="The other vault"
        hint="A backup, a vault.db or a data folder with its full path, on the machine that Cairn runs on; of a backup in the backup folder the name is enough."
        value={value}
        onValue={onValue}
        className="mono"
        maxLength={4096}
        spellCheck={false}
        autoComplete="off"
      />
      {hasDialog && (
        <div className="row wrap">
          <Button onClick={() => void choosing.run('file')}>Choose a file…</Button>
          <Button onClick={() => void choosing.run('folder')}>Choose a data folder…</Button>
        </div>
      )}
      {choosing.error !== null && <ErrorMessage error={choosing.error} />}
    </>
  );
}
