// A vault that could not be opened for another reason than its password. First what is safe, then what is not, then what can be done;
// nothing here
// deletes anything.

import './unlock.css';

import type { PlainError } from '../../../shared/model/app-error.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { Prose } from '../../components/prose.tsx';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { useStatus } from '../../stores/status.ts';
import { RecoveryParts } from '../recovery/recovery-parts.tsx';
import { UnlockForm } from './unlock-form.tsx';

export function Damaged() {
  const problem = useStatus(({ status }) => status?.problem);
  return (
    <main className="unlock unlock--wide">
      <div className="stack">
        <h1>The vault could not be opened</h1>
        <p>
          <strong>Nothing was changed:</strong> the vault file is as it was, and your backups are not touched.
        </p>
        {problem !== undefined && (
          <p>
            <strong>{leadOf(problem)}</strong> <Prose text={`${problem.message} ${problem.hint}`} />
          </p>
        )}
        <p className="soft">Nothing is recorded until the vault is open again.</p>
      </div>
      <section className="card unlock__part" aria-labelledby="damaged-again">
        <h2 id="damaged-again">Open it again</h2>
        <p className="soft">
          After a full disk, missing rights or a folder that was not there, this may be enough. A vault that is damaged
          opens for reading only, as far as anything in it can be read.
        </p>
        <UnlockForm label="Open what can be read" />
      </section>
      <RecoveryParts />
      <Support />
    </main>
  );
}

function leadOf({ code }: PlainError): string {
  if (code === 'VAULT_NEWER_FORMAT') return 'The vault is newer than this Cairn:';
  if (code === 'VAULT_NOT_A_VAULT') return 'The file is not a vault:';
  return 'What is damaged:';
}

/** Facts for somebody who helps. */
function Support() {
  const { data, error, isLoading, reload } = useQuery('diagnostics', (signal) =>
    api.upkeep.diagnostics(undefined, { signal }),
  );
  return (
    <section className="card unlock__part" aria-labelledby="damaged-support">
      <h2 id="damaged-support">For somebody who helps</h2>
      <p className="soft">Versions, numbers and codes: no captured word, no path and no name.</p>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading />}
      {data !== null && (
        <>
          <pre className="copy-text captured">{data.text}</pre>
          <div className="row">
            <CopyButton text={data.text} label="Copy the text" />
          </div>
        </>
      )}
    </section>
  );
}
