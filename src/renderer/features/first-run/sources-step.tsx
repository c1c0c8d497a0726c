// The third step: what was found on this machine, each source off until somebody turns it on; then the first capture.

import { useState } from 'react';

import { Button } from '../../components/button.tsx';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { plural } from '../../components/format.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { setSetup } from '../../stores/ui.ts';
import { FirstCapture } from './first-capture.tsx';
import { SourceCard, type DetectedSource } from './source-card.tsx';
import { Step } from './step.tsx';

export function SourcesStep() {
  const detection = useQuery('sources.detect', (signal) => api.sources.detect(undefined, { signal }));
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const [snapshotId, setSnapshotId] = useState<string | null>(null);
  const starting = useAction(async (ids: readonly DetectedSource['id'][]) => {
    await api.sources.enable({ ids: [...ids] });
    const capture = await api.captures.create();
    setSnapshotId(capture.snapshotId);
  });
  if (snapshotId !== null) return <FirstCapture snapshotId={snapshotId} />;
  const found = detection.data?.sources.filter(({ isPresent }) => isPresent) ?? [];
  const absent = detection.data?.sources.filter(({ isPresent }) => !isPresent) ?? [];
  const ids = found.filter(({ id }) => ticked.includes(id)).map(({ id }) => id);
  return (
    <Step
      title="Choose what to keep"
      intro={<p>This was found here. Nothing is captured unless you turn it on, and you can turn it off again.</p>}
    >
      {detection.error !== null && <ErrorMessage error={detection.error} onRetry={detection.reload} />}
      {detection.data === null && detection.error === null && <Loading what="Looking for sources on this machine" />}
      {detection.data !== null && found.length === 0 && (
        <p className="card">No source was found here yet. Start tmux, a browser or git, and look again.</p>
      )}
      <ul className="first-run__sources" aria-label="Sources found here">
        {found.map((source) => (
          <SourceCard
            key={source.id}
            source={source}
            isOn={ticked.includes(source.id)}
            onChange={(isOn) =>
              setTicked((before) => (isOn ? [...before, source.id] : before.filter((id) => id !== source.id)))
            }
          />
        ))}
      </ul>
      {absent.length > 0 && (
        <p className="soft small">Not found here: {absent.map(({ title }) => title).join(', ')}.</p>
      )}
      {starting.error !== null && <ErrorMessage error={starting.error} />}
      {detection.data !== null && (
        <div className="first-run__actions first-run__actions--sticky">
          <Button look="quiet" aria-disabled={detection.isLoading} onClick={detection.reload}>
            {detection.isLoading ? 'Looking…' : 'Look again'}
          </Button>
          <span className="soft grow first-run__count" role="status">
            {starting.isRunning ? 'Capturing for the first time…' : `${plural(ids.length, 'source')} on`}
          </span>
          {ids.length === 0 ? (
            <Button size="large" onClick={() => setSetup('proof')}>
              Go on without capturing
            </Button>
          ) : (
            <Button
              look="primary"
              size="large"
              aria-disabled={starting.isRunning}
              onClick={() => !starting.isRunning && void starting.run(ids)}
            >
              Begin to capture
            </Button>
          )}
        </div>
      )}
    </Step>
  );
}
