// What came of a verification and of a backup, in sentences.

import { Message } from './feedback.tsx';
import { formatBytes, formatCount, plural } from './format.ts';

export interface VerifyResultProps {
  readonly ok: boolean;
  readonly checked: number;
  readonly damaged: ReadonlyArray<{ readonly what: string; readonly detail: string; readonly snapshots: number }>;
}

const MAX_SHOWN = 200;

export function VerifyResult({ ok, checked, damaged }: VerifyResultProps) {
  if (ok) return <Message tone="good">All {formatCount(checked)} records are whole.</Message>;
  const whole = Math.max(0, checked - damaged.length);
  return (
    <div className="stack">
      <Message tone="bad">
        <strong>
          {formatCount(whole)} of {formatCount(checked)} records are whole, and nothing was changed.
        </strong>{' '}
        {plural(damaged.length, 'finding')}: keep your backups, and restore what you need from what is whole.
      </Message>
      <table className="table">
        <caption className="visually-hidden">What was found damaged</caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Finding</th>
            <th scope="col">Snapshots touched</th>
          </tr>
        </thead>
        <tbody>
          {damaged.slice(0, MAX_SHOWN).map(({ what, detail, snapshots }, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- findings have no id and never move
            <tr key={at}>
              <td className="captured">{what}</td>
              <td className="captured">{detail}</td>
              <td>{formatCount(snapshots)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {damaged.length > MAX_SHOWN && <p className="soft">And {formatCount(damaged.length - MAX_SHOWN)} more.</p>}
    </div>
  );
}

export interface BackupResultProps {
  readonly name: string;
  readonly sizeBytes: number;
  readonly checked: number;
}

export function BackupResult({ name, sizeBytes, checked }: BackupResultProps) {
  return (
    <Message tone="good">
      <span className="mono captured">{name}</span> was written ({formatBytes(sizeBytes)}) and read back:{' '}
      {formatCount(checked)} records are whole.
    </Message>
  );
}
