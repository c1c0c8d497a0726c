// How things stand, and what can be done about it: verify, back up, and a text for somebody who helps.

import './diagnostics.css';

import { CopyButton } from '../../components/copy-button.tsx';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { FactLine } from '../../components/fact-line.tsx';
import { tellUpkeep, type Fact } from '../../components/tell-upkeep.ts';
import { BackupResult, VerifyResult } from '../../components/upkeep-results.tsx';
import { WorkPanel } from '../../components/work-panel.tsx';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { useStatus } from '../../stores/status.ts';
import { cancelWork, startWork, useWork } from '../../stores/works.ts';
import { tellCapture, tellNotices, tellReadOnly } from './tell-state.ts';

export function Diagnostics() {
  const statistics = useQuery('statistics', (signal) => api.upkeep.statistics(undefined, { signal }));
  const support = useQuery('diagnostics', (signal) => api.upkeep.diagnostics(undefined, { signal }));
  const handleDone = (): void => {
    statistics.reload();
    support.reload();
  };
  return (
    <div className="page">
      <h1>Diagnostics</h1>
      <State statistics={statistics} />
      <Verify onDone={handleDone} />
      <Backup onDone={handleDone} />
      <section className="card diagnostics__part" aria-labelledby="diagnostics-support">
        <h2 id="diagnostics-support">For somebody who helps</h2>
        <p className="soft">Versions, numbers and codes. It holds no captured word, no path and no name.</p>
        {support.error !== null && <ErrorMessage error={support.error} onRetry={support.reload} />}
        {support.data === null && support.error === null && <Loading />}
        {support.data !== null && (
          <>
            {/* A box that scrolls must be reachable by keyboard. */}
            <pre className="copy-text captured" tabIndex={0} aria-label="Support text">
              {support.data.text}
            </pre>
            <div className="row">
              <CopyButton text={support.data.text} label="Copy the text" />
            </div>
          </>
        )}
      </section>
    </div>
  );
}

type StatisticsQuery = ReturnType<typeof useQuery<Awaited<ReturnType<typeof api.upkeep.statistics>>>>;

function State({ statistics: { data, error, reload } }: { readonly statistics: StatisticsQuery }) {
  const status = useStatus(({ status }) => status);
  const facts: readonly Fact[] = [
    ...(status === null ? [] : [status.readOnly === undefined ? tellCapture(status.capture) : tellReadOnly()]),
    ...(data === null ? [] : tellUpkeep(data, Date.now(), status?.health)),
    ...(status === null ? [] : tellNotices(status)),
  ];
  const problem = status?.problem;
  return (
    <section className="card diagnostics__part" aria-labelledby="diagnostics-state">
      <h2 id="diagnostics-state">How things stand</h2>
      <ul className="facts">
        {problem !== undefined && (
          <FactLine fact={{ id: 'problem', tone: 'bad', text: `${problem.message} ${problem.hint}` }} />
        )}
        {facts.map((fact) => (
          <FactLine key={fact.id} fact={fact} />
        ))}
      </ul>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
    </section>
  );
}

function Verify({ onDone }: { readonly onDone: () => void }) {
  const work = useWork('verify');
  const start = (deep: boolean): void => {
    void startWork('verify', (signal) => api.upkeep.verify({ deep }, { signal })).then(onDone);
  };
  return (
    <section className="card diagnostics__part" aria-labelledby="diagnostics-verify">
      <h2 id="diagnostics-verify">Verify</h2>
      <p className="soft">
        Quick opens the seal of every record. Deep also puts every content together and compares it, which takes longer.
        What is damaged is told, and never changed.
      </p>
      <WorkPanel
        work={work}
        label="Verifying"
        starts={[
          { label: 'Verify', onStart: () => start(false), isPrimary: true },
          { label: 'Verify deeply', onStart: () => start(true) },
        ]}
        onCancel={() => cancelWork('verify')}
      >
        {work.result !== null && <VerifyResult {...work.result} />}
      </WorkPanel>
    </section>
  );
}

function Backup({ onDone }: { readonly onDone: () => void }) {
  const work = useWork('backup');
  return (
    <section className="card diagnostics__part" aria-labelledby="diagnostics-backup">
      <h2 id="diagnostics-backup">Back up</h2>
      <p className="soft">
        Writes a copy of the vault and reads all of it back. Where it goes is set under Settings, Data.
      </p>
      <WorkPanel
        work={work}
        label="Backing up, and reading the backup back"
        starts={[
          {
            label: 'Back up now',
            onStart: () => void startWork('backup', (signal) => api.upkeep.backup(undefined, { signal })).then(onDone),
          },
        ]}
        onCancel={() => cancelWork('backup')}
        cancelled="Cancelled. The backups before it are all there."
      >
        {work.result !== null && <BackupResult {...work.result} />}
      </WorkPanel>
    </section>
  );
}
