// The report and the actions, for the screen of an open vault and for the one of a vault that cannot be opened.

import './recovery.css';

import { ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { Backups } from './backups.tsx';
import { Repair } from './repair.tsx';
import { Report } from './report.tsx';

export function RecoveryParts() {
  const { data, error, isLoading, reload } = useQuery('recovery', (signal) =>
    api.recovery.report(undefined, { signal }),
  );
  if (data === null && error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Checking every record" />;
  return (
    <>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      <Report report={data} isChecking={isLoading} onCheck={reload} />
      {data.isWhole !== true && <Repair report={data} onDone={reload} />}
      {data.isWhole === true && data.backups.list.length === 0 && (
        <Message>There is no backup yet. Diagnostics makes one.</Message>
      )}
      <Backups report={data} />
    </>
  );
}
