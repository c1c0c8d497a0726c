// All checkpoints: why each stays and when it would go; edit, pin, delete one or many.

import './checkpoints.css';

import { Pencil, Pin, PinOff, Trash2, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';

import type { CheckpointView } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useToldAction } from '../../client/use-told-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Empty, ErrorMessage, Loading } from '../../components/feedback.tsx';
import { Checkbox, SelectField, TextField } from '../../components/fields.tsx';
import { formatAge, formatDay, formatMoment, plural } from '../../components/format.ts';
import { plainTitle, showHidden } from '../../components/visible-text.ts';
import { CheckpointFields, toAttributes, toDraft } from './checkpoint-fields.tsx';

const ANY = '';

export function Checkpoints() {
  const { data, error, reload } = useQuery('checkpoints', () => api.checkpoints.list(), {
    reloadOn: ['checkpoints.changed', 'snapshots.removed'],
  });
  const [text, setText] = useState('');
  const [tag, setTag] = useState<string>(ANY);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [edited, setEdited] = useState<CheckpointView | null>(null);
  const [deleted, setDeleted] = useState<readonly CheckpointView[]>([]);
  if (error !== null)
    return (
      <div className="page">
        <ErrorMessage error={error} onRetry={reload} />
      </div>
    );
  if (data === null) return <Loading />;
  const tags = [...new Set(data.checkpoints.flatMap((checkpoint) => checkpoint.tags))].toSorted();
  const shown = data.checkpoints.filter(
    (checkpoint) =>
      (tag === ANY || checkpoint.tags.includes(tag)) &&
      `${checkpoint.name} ${checkpoint.description}`.toLowerCase().includes(text.trim().toLowerCase()),
  );
  const selected = shown.filter(({ id }) => chosen.has(id));
  const isAll = selected.length === shown.length && shown.length > 0;
  return (
    <div className="page">
      <header className="page__head">
        <div>
          <h1>Checkpoints</h1>
          <p className="soft">Points that you named. They stay longer than others, and pinned ones for good.</p>
        </div>
      </header>
      {data.checkpoints.length === 0 ? (
        <Empty title="No checkpoints yet">
          <p className="soft">
            Press <span className="kbd">c</span> on any screen: everything that is open is captured and kept under a
            name.
          </p>
        </Empty>
      ) : (
        <>
          <div className="filters row wrap">
            <TextField label="Find" value={text} onValue={setText} />
            {tags.length > 0 && (
              <SelectField
                label="Tag"
                value={tag}
                options={[
                  { value: ANY, label: 'All tags' },
                  ...tags.map((name) => ({ value: name, label: plainTitle(name) })),
                ]}
                onValue={setTag}
              />
            )}
          </div>
          {selected.length > 0 && (
            <div className="checkpoints__bar row" role="status">
              <span className="grow">{plural(selected.length, 'checkpoint')} chosen</span>
              <Button onClick={() => setChosen(new Set())}>Choose none</Button>
              <Button look="danger" onClick={() => setDeleted(selected)}>
                <Trash2 size={15} aria-hidden /> Delete…
              </Button>
            </div>
          )}
          <table className="table checkpoints__table">
            <thead>
              <tr>
                <th>
                  <Checkbox
                    label="Choose all"
                    isChecked={isAll ? true : selected.length > 0 ? 'indeterminate' : false}
                    onChange={(isOn) => setChosen(new Set(isOn ? shown.map(({ id }) => id) : []))}
                  />
                </th>
                <th>Name</th>
                <th>Of</th>
                <th>Stays</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((checkpoint) => (
                <Row
                  key={checkpoint.id}
                  checkpoint={checkpoint}
                  isChosen={chosen.has(checkpoint.id)}
                  onChoose={(isOn) => setChosen(toggled(chosen, checkpoint.id, isOn))}
                  onEdit={() => setEdited(checkpoint)}
                  onDelete={() => setDeleted([checkpoint])}
                />
              ))}
            </tbody>
          </table>
          {shown.length === 0 && (
            <p className="soft">Nothing matches. Clear the filter to see all {data.checkpoints.length}.</p>
          )}
        </>
      )}
      {edited !== null && <EditDialog checkpoint={edited} onClose={() => setEdited(null)} />}
      {deleted.length > 0 && (
        <DeleteDialog
          checkpoints={deleted}
          onClose={() => {
            setDeleted([]);
            setChosen(new Set());
          }}
        />
      )}
    </div>
  );
}

interface RowProps {
  readonly checkpoint: CheckpointView;
  readonly isChosen: boolean;
  readonly onChoose: (isOn: boolean) => void;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}

function Row({ checkpoint, isChosen, onChoose, onEdit, onDelete }: RowProps) {
  const { id, description, tags, priority, pinned, snapshotId } = checkpoint;
  const name = plainTitle(checkpoint.name);
  const pin = useToldAction(() => api.checkpoints.update({ id, pinned: !pinned }));
  return (
    <tr>
      <td>
        <Checkbox label={`Choose ${name}`} isChecked={isChosen} onChange={onChoose} />
      </td>
      <td>
        <Link className="checkpoints__name captured" href={`/snapshot/${snapshotId}`}>
          {name}
        </Link>{' '}
        {priority !== 'normal' && (
          <span className={`badge ${priority === 'high' ? 'badge--accent' : ''}`}>{priority}</span>
        )}{' '}
        {tags.map((tag) => (
          <span key={tag} className="badge captured">
            {plainTitle(tag)}
          </span>
        ))}
        {description !== '' && <div className="soft small captured">{showHidden(description)}</div>}
      </td>
      <td className="small">{formatMoment(checkpoint.takenAt ?? checkpoint.createdAt)}</td>
      <td className="small">{describeStay(checkpoint)}</td>
      <td>
        <div className="row" style={{ gap: 2, justifyContent: 'flex-end' }}>
          <Link
            className="button button--quiet button--icon"
            href={`/restore/${snapshotId}`}
            aria-label={`Restore ${name}`}
            title="Restore…"
          >
            <Undo2 size={16} />
          </Link>
          <IconButton
            label={pinned ? `Unpin ${name}` : `Pin ${name}`}
            aria-pressed={pinned}
            icon={pinned ? <PinOff size={16} /> : <Pin size={16} />}
            onClick={() => void pin.run()}
          />
          <IconButton label={`Edit ${name}`} icon={<Pencil size={16} />} onClick={onEdit} />
          <IconButton label={`Delete ${name}`} icon={<Trash2 size={16} />} onClick={onDelete} />
        </div>
      </td>
    </tr>
  );
}

/** Why it is kept, and when it would go. */
function describeStay({ pinned, goesAt }: CheckpointView): string {
  if (pinned) return 'Pinned: stays until you delete it';
  if (goesAt === undefined) return 'Stays';
  return `Goes ${formatAge(goesAt)}, on ${formatDay(goesAt)}, unless pinned`;
}

function EditDialog({ checkpoint, onClose }: { readonly checkpoint: CheckpointView; readonly onClose: () => void }) {
  const [draft, setDraft] = useState(() => toDraft(checkpoint));
  const save = useAction(() => api.checkpoints.update({ id: checkpoint.id, ...toAttributes(draft) }));
  return (
    <Dialog title="Edit checkpoint" isOpen onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run().then((done) => done && onClose());
        }}
      >
        <CheckpointFields draft={draft} onChange={setDraft} />
        {save.error !== null && <ErrorMessage error={save.error} />}
        <div className="dialog__actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={save.isRunning || draft.name.trim() === ''}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteDialog({
  checkpoints,
  onClose,
}: {
  readonly checkpoints: readonly CheckpointView[];
  readonly onClose: () => void;
}) {
  const remove = useAction(() => api.checkpoints.batchDelete({ ids: checkpoints.map(({ id }) => id) }));
  const [first] = checkpoints;
  return (
    <Dialog
      title={
        checkpoints.length === 1
          ? `Delete “${plainTitle(first?.name ?? '')}”?`
          : `Delete ${checkpoints.length} checkpoints?`
      }
      description="The names go. What was captured stays as any other point does, by the limits of the settings."
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep</Button>
          <Button
            look="danger"
            disabled={remove.isRunning}
            onClick={() => void remove.run().then((done) => done && onClose())}
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

function toggled(set: ReadonlySet<string>, id: string, isOn: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (isOn) next.add(id);
  else next.delete(id);
  return next;
}
