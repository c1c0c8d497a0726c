// What is captured: a switch for each source, with what is found of it on this machine.

import { Button } from '../../components/button.tsx';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { useStatus } from '../../stores/status.ts';
import { Part, Section } from './section.tsx';
import { SettingSwitch } from './setting-fields.tsx';

type Detected = Awaited<ReturnType<typeof api.sources.detect>>['sources'][number];

export function Sources() {
  const known = useStatus(({ status }) => status?.sources ?? []);
  const detection = useQuery('sources.detect', (signal) => api.sources.detect(undefined, { signal }));
  const detected = detection.data?.sources ?? [];
  const found = detected.filter(({ isPresent }) => isPresent);
  const absent = detected.filter(({ isPresent }) => !isPresent);
  return (
    <Section
      title="Sources"
      intro="What Cairn reads. A source that is off is not read at all; what was captured of it stays."
    >
      {detection.error !== null && <ErrorMessage error={detection.error} onRetry={detection.reload} />}
      {detection.data === null && detection.error === null && <Loading what="Looking for sources on this machine" />}
      {found.length > 0 && (
        <ul className="settings__cards" aria-label="Sources found here">
          {found.map((source) => (
            <li key={source.id} className="card settings__part">
              <Source source={source} problem={known.find(({ id }) => id === source.id)?.problem} />
            </li>
          ))}
        </ul>
      )}
      {absent.length > 0 && (
        <Part title="Not found here">
          <ul className="settings__rows">
            {absent.map(({ id, title, summary }) => (
              <li key={id}>
                <SettingSwitch settingKey={`sources.${id}`} label={title} hint={summary} />
              </li>
            ))}
          </ul>
        </Part>
      )}
      {detection.data !== null && (
        <div className="row">
          <Button aria-disabled={detection.isLoading} onClick={detection.reload}>
            {detection.isLoading ? 'Looking…' : 'Look again'}
          </Button>
        </div>
      )}
    </Section>
  );
}

function Source({ source, problem }: { readonly source: Detected; readonly problem: string | undefined }) {
  const { id, title, summary, worth, sample } = source;
  return (
    <>
      <SettingSwitch
        settingKey={`sources.${id}`}
        label={title}
        hint={<span className="captured">{worth ?? summary}</span>}
      />
      {problem !== undefined && (
        <p className="settings__problem">
          <strong>Not read last time:</strong> <span className="captured">{problem}</span>
        </p>
      )}
      {sample.length > 0 && (
        <details className="settings__details">
          <summary>What it keeps, for example</summary>
          <ul className="settings__sample">
            {sample.map((line, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- titles may be alike, and their order stands
              <li key={at} className="captured">
                {line}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
