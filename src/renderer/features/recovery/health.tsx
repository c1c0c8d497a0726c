// How the vault is, at a glance, also while nothing is wrong: when it was last verified, and when a backup was last proven.

import { Link } from 'wouter';

import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { FactLine } from '../../components/fact-line.tsx';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { plural } from '../../components/format.ts';
import { tellUpkeep } from '../../components/tell-upkeep.ts';
import { useNow } from '../../components/use-now.ts';
import { useStatus } from '../../stores/status.ts';

export function Health() {
  const status = useStatus(({ status }) => status);
  const now = useNow();
  const { data, error, reload } = useQuery('statistics', (signal) => api.upkeep.statistics(undefined, { signal }), {
    reloadOn: ['snapshots.removed', 'status'],
  });
  return (
    <section className="card recovery__part" aria-labelledby="recovery-health">
      <h2 id="recovery-health">At a glance</h2>
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && error === null && <Loading what="Looking" />}
      {data !== null && (
        <ul className="facts">
          {status?.readOnly !== undefined && <FactLine fact={{ id: 'damage', tone: 'bad', text: status.readOnly }} />}
          {tellUpkeep(data, now, status?.health).map((fact) => (
            <FactLine key={fact.id} fact={fact} />
          ))}
          <FactLine
            fact={{
              id: 'kept',
              tone: 'info',
              text: `${plural(data.snapshots, 'snapshot')} and ${plural(data.checkpoints, 'checkpoint')} are kept.`,
            }}
          />
        </ul>
      )}
      <p className="small">
        <Link href="/diagnostics">Verify or back up now</Link>
      </p>
    </section>
  );
}
