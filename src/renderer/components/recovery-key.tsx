// A recovery key, shown in its groups, to be copied or saved. Whoever shows it wipes it afterwards.

import './secrets.css';

import { useEffect } from 'react';

import { Download } from 'lucide-react';

import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { saveText } from './save-text.ts';

/** The groups of a key, in order. */
export function groupsOf(recoveryKey: string): readonly string[] {
  return recoveryKey.split('-');
}

export interface RecoveryKeyProps {
  readonly recoveryKey: string;
  /** Told while the key shows, so that pictures of the screen can be kept from holding it. */
  readonly onShown: (isShown: boolean) => void;
}

export function RecoveryKey({ recoveryKey, onShown }: RecoveryKeyProps) {
  useEffect(() => {
    onShown(true);
    return () => onShown(false);
  }, [onShown]);
  return (
    <div className="stack">
      <ol className="recovery-key" aria-label="Recovery key, group by group">
        {groupsOf(recoveryKey).map((group, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- the place is what tells the groups apart
          <li key={at} className="recovery-key__group">
            <span className="recovery-key__number" aria-hidden>
              {at + 1}
            </span>
            <span className="recovery-key__text">{group}</span>
          </li>
        ))}
      </ol>
      <div className="row wrap">
        <CopyButton text={recoveryKey} label="Copy" />
        <Button onClick={() => saveText('cairn-recovery-key.txt', sheetOf(recoveryKey))}>
          <Download size={15} aria-hidden />
          Save as file
        </Button>
      </div>
    </div>
  );
}

function sheetOf(recoveryKey: string): string {
  return [
    'Recovery key of a Cairn vault',
    '',
    `    ${recoveryKey}`,
    '',
    'It opens the vault when the password is lost. Keep it away from this machine: on paper, or in a password manager.',
    'Whoever has it, and the vault file, can read everything in it.',
    '',
  ].join('\n');
}
