// Names the present, or a past point, so that it stays.

import { useState } from 'react';

import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { tellFailure } from '../../client/use-told-action.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { formatMoment } from '../../components/format.ts';
import { showToast } from '../../stores/toasts.ts';
import { CheckpointFields, emptyDraft, toAttributes } from './checkpoint-fields.tsx';

export interface NewCheckpointProps {
  /** Undefined captures now. */
  readonly snapshot: string | undefined;
  readonly onClose: () => void;
}

export function NewCheckpoint({ snapshot, onClose }: NewCheckpointProps) {
  const [draft, setDraft] = useState(() => ({
    ...emptyDraft,
    name: `Checkpoint of ${formatMoment(new Date().toISOString())}`,
  }));
  const create = useAction(async () => {
    const checkpoint = await api.checkpoints.create({
      ...toAttributes(draft),
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    showToast({
      tone: 'info',
      text: `“${checkpoint.name}” is kept.`,
      action: { label: 'Undo', run: () => void api.checkpoints.delete({ id: checkpoint.id }).catch(tellFailure) },
    });
    onClose();
  });
  return (
    <Dialog
      title={snapshot === undefined ? 'Checkpoint now' : 'Checkpoint of this point'}
      description={
        snapshot === undefined
          ? 'Captures everything that is open, and keeps it under a name.'
          : 'Keeps this point under a name.'
      }
      isOpen
      onClose={onClose}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void create.run();
        }}
      >
        <CheckpointFields draft={draft} onChange={setDraft} />
        {create.error !== null && <ErrorMessage error={create.error} />}
        <div className="dialog__actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={create.isRunning || draft.name.trim() === ''}>
            {create.isRunning ? 'Capturing…' : 'Keep it'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
