// What a person may say about a checkpoint, as fields.

import { PRIORITIES, type CheckpointAttributes, type Priority } from '../../../shared/model/checkpoint.ts';
import { SelectField, SwitchField, TextAreaField, TextField } from '../../components/fields.tsx';

export interface CheckpointDraft {
  readonly name: string;
  readonly description: string;
  /** Between commas. */
  readonly tags: string;
  readonly priority: Priority;
  readonly pinned: boolean;
}

export const emptyDraft: CheckpointDraft = { name: '', description: '', tags: '', priority: 'normal', pinned: false };

export function toDraft({ name, description, tags, priority, pinned }: CheckpointAttributes): CheckpointDraft {
  return { name, description, tags: tags.join(', '), priority, pinned };
}

export function toAttributes({ tags, ...draft }: CheckpointDraft) {
  const list = tags.split(',').map((tag) => tag.trim());
  return { ...draft, name: draft.name.trim(), tags: [...new Set(list.filter((tag) => tag !== ''))] };
}

export interface CheckpointFieldsProps {
  readonly draft: CheckpointDraft;
  readonly onChange: (draft: CheckpointDraft) => void;
}

export function CheckpointFields({ draft, onChange }: CheckpointFieldsProps) {
  const change = (changes: Partial<CheckpointDraft>): void => onChange({ ...draft, ...changes });
  return (
    <>
      <TextField
        label="Name"
        value={draft.name}
        maxLength={200}
        autoFocus
        onFocus={(event) => event.target.select()}
        onValue={(name) => change({ name })}
      />
      <TextAreaField
        label="Description"
        rows={2}
        value={draft.description}
        maxLength={10_000}
        onValue={(description) => change({ description })}
      />
      <TextField label="Tags" hint="Between commas." value={draft.tags} onValue={(tags) => change({ tags })} />
      <SelectField
        label="Priority"
        value={draft.priority}
        options={PRIORITIES.map((priority) => ({
          value: priority,
          label: priority.charAt(0).toUpperCase() + priority.slice(1),
        }))}
        onValue={(priority) => change({ priority })}
      />
      <SwitchField
        label="Pinned"
        hint="Stays until you delete it."
        isOn={draft.pinned}
        onChange={(pinned) => change({ pinned })}
      />
    </>
  );
}
