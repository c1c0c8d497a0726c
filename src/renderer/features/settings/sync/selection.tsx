// What leaves this machine, by source and project, how fast, and how edits made apart are decided.

import { useState } from 'react';

import type { SyncSelection } from '../../../../shared/contract/sync.ts';
import { api } from '../../../client/client.ts';
import { useAction } from '../../../client/use-action.ts';
import { useQuery } from '../../../client/use-query.ts';
import { Button } from '../../../components/button.tsx';
import { ErrorMessage, Loading } from '../../../components/feedback.tsx';
import { Checkbox, SelectField, TextAreaField, TextField } from '../../../components/fields.tsx';
import { useStatus } from '../../../stores/status.ts';

const STRATEGIES = [
  { value: 'latest', label: 'The latest edit is shown' },
  { value: 'most-complete', label: 'The most complete version is shown' },
  { value: 'manual', label: 'I choose each time; the latest is shown until then' },
] as const;

export function Selection() {
  const { data, error, reload } = useQuery('sync.selection', (signal) => api.sync.selection(undefined, { signal }), {
    reloadOn: ['settings.changed'],
  });
  if (error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  if (data === null) return <Loading what="Reading what leaves" />;
  return <Form key={JSON.stringify(data)} stored={data} onDone={reload} />;
}

function Form({ stored, onDone }: { readonly stored: SyncSelection; readonly onDone: () => void }) {
  const [draft, setDraft] = useState(stored);
  const [speed, setSpeed] = useState(stored.maxKilobytesPerSecond === 0 ? '' : String(stored.maxKilobytesPerSecond));
  const sources = useStatus(({ status }) => status?.sources ?? []).filter(({ isEnabled }) => isEnabled);
  const isSpeed = speed === '' || /^\d{1,7}$/.test(speed.trim());
  const saving = useAction(async () => {
    await api.sync.setSelection({
      ...draft,
      withoutProjects: linesOf(draft.withoutProjects),
      onlyProjects: linesOf(draft.onlyProjects),
      maxKilobytesPerSecond: Number(speed.trim() || 0),
    });
    onDone();
  });
  const setSource = (id: string, leaves: boolean): void =>
    setDraft({
      ...draft,
      withoutSources: leaves ? draft.withoutSources.filter((other) => other !== id) : [...draft.withoutSources, id],
    });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (isSpeed && !saving.isRunning) void saving.run();
      }}
    >
      <fieldset className="sync__sources">
        <legend className="field__label">Sources that leave</legend>
        {sources.map(({ id, title }) => (
          <label key={id} className="row">
            <Checkbox
              label={title}
              isChecked={!draft.withoutSources.includes(id)}
              onChange={(leaves) => setSource(id, leaves)}
            />
            <span>{title}</span>
          </label>
        ))}
        {sources.length === 0 && <p className="soft">No source is on.</p>}
      </fieldset>
      <TextAreaField
        label="Projects of which nothing leaves"
        hint="Names, one a line. What left already stays on the server and on the other devices."
        value={draft.withoutProjects.join('\n')}
        onValue={(text) => setDraft({ ...draft, withoutProjects: text.split('\n') })}
        spellCheck={false}
      />
      <TextAreaField
        label="Only these projects leave"
        hint="Names, one a line. Empty for all."
        value={draft.onlyProjects.join('\n')}
        onValue={(text) => setDraft({ ...draft, onlyProjects: text.split('\n') })}
        spellCheck={false}
      />
      <label className="row">
        <Checkbox
          label="Exclusion rules and retention are the same on all devices"
          isChecked={draft.sharesSettings}
          onChange={(sharesSettings) => setDraft({ ...draft, sharesSettings })}
        />
        <span>Exclusion rules and retention are the same on all devices</span>
      </label>
      <SelectField
        label="Where two devices changed the same"
        value={draft.strategy}
        options={STRATEGIES}
        onValue={(strategy) => setDraft({ ...draft, strategy })}
      />
      <TextField
        label="At most so many kilobytes a second"
        hint="Empty for as fast as it goes. Captures never wait for it."
        value={speed}
        onValue={setSpeed}
        inputMode="numeric"
        autoComplete="off"
        error={isSpeed ? undefined : 'Give a whole number, or leave it empty.'}
      />
      {saving.error !== null && <ErrorMessage error={saving.error} />}
      <div className="row wrap">
        <Button type="submit" aria-disabled={!isSpeed || saving.isRunning}>
          Save what leaves
        </Button>
        <span className="soft small" role="status">
          {saving.isRunning && 'Saving…'}
        </span>
      </div>
    </form>
  );
}

function linesOf(lines: readonly string[]): string[] {
  return [...new Set(lines.map((line) => line.trim()).filter((line) => line !== ''))];
}
