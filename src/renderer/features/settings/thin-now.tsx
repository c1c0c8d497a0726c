// Thinning at once, after a last look at what goes: it cannot be taken back.

import { useState } from 'react';

import type { RetentionLimits } from '../../../shared/model/retention.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Message } from '../../components/feedback.tsx';
import { formatBytes, plural } from '../../components/format.ts';
import { WorkPanel } from '../../components/work-panel.tsx';
import { api } from '../../client/client.ts';
import { cancelWork, startWork, useWork } from '../../stores/works.ts';
import { RetentionPreview } from './retention-preview.tsx';

export function ThinNow({ limits }: { readonly limits: RetentionLimits | null }) {
  const work = useWork('prune');
  const [isAsking, setAsking] = useState(false);
  const handleThin = (): void => {
    setAsking(false);
    void startWork('prune', (signal) => api.upkeep.prune(undefined, { signal }));
  };
  return (
    <>
      <p className="soft">Lets go at once what is past the limits that are saved.</p>
      <WorkPanel
        work={work}
        label="Thinning"
        starts={[{ label: 'Thin now…', onStart: () => setAsking(true) }]}
        onCancel={() => cancelWork('prune')}
        cancelled="Cancelled. What had gone by then is gone; the rest is there."
      >
        {work.result !== null && (
          <Message tone="good">
            {plural(work.result.snapshots, 'snapshot')} and {plural(work.result.checkpoints, 'checkpoint')} went;{' '}
            {formatBytes(work.result.freedBytes)} came back.
          </Message>
        )}
      </WorkPanel>
      <Dialog
        title="Thin now?"
        description="What goes cannot be brought back, other than from a backup."
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button look="danger" onClick={handleThin}>
              Thin now
            </Button>
          </>
        }
      >
        {limits !== null && <RetentionPreview limits={limits} isChanged={false} />}
      </Dialog>
    </>
  );
}
