// What is asked before a session is renamed or deleted, and how one goes on where no terminal could be opened.

import { useState } from 'react';

import type { SessionView } from '../../../shared/contract/sessions.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { deletionWords } from './session-words.ts';

interface DialogProps {
  readonly session: SessionView;
  readonly onClose: () => void;
}

export function RenameDialog({ session, onClose }: DialogProps) {
  const [name, setName] = useState(session.name);
  const save = useAction(() => api.sessions.update({ id: session.id, name: name.trim() }));
  return (
    <Dialog title="Rename session" isOpen onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run().then((done) => done && onClose());
        }}
      >
        <TextField
          label="Name"
          value={name}
          onValue={setName}
          maxLength={200}
          hint={
            session.tool === 'agents' && !session.originGone
              ? 'It is written into the state.json of the session too.'
              : undefined
          }
        />
        {save.error !== null && <ErrorMessage error={save.error} />}
        <div className="dialog__actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={save.isRunning || name.trim() === ''}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function DeleteDialog({ session, onClose, onDeleted }: DialogProps & { readonly onDeleted: () => void }) {
  const remove = useAction(() => api.sessions.delete({ id: session.id }));
  return (
    <Dialog
      title={`Delete “${plainTitle(session.name)}”?`}
      description={deletionWords(session)}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep</Button>
          <Button
            look="danger"
            disabled={remove.isRunning}
            onClick={() => void remove.run().then((done) => done && onDeleted())}
          >
            Delete
          </Button>
        </>
      }
    >
      {remove.error !== null && <ErrorMessage error={remove.error} />}
    </Dialog>
  );
}

export interface ResumeHint {
  readonly line: string;
  readonly cwd: string;
}

export function ResumeDialog({ hint, onClose }: { readonly hint: ResumeHint; readonly onClose: () => void }) {
  return (
    <Dialog
      title="Go on with it in a terminal"
      description="No terminal could be opened from here. In this folder, this command goes on with the session:"
      isOpen
      onClose={onClose}
      actions={<CopyButton text={hint.line} label="Copy the command" />}
    >
      <p className="mono captured sessions__command">{plainTitle(hint.cwd)}</p>
      <p className="mono captured sessions__command">{plainTitle(hint.line)}</p>
    </Dialog>
  );
}
