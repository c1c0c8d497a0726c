// What the timeline shows: by kind, source, project and tag; and where it begins.

import { X } from 'lucide-react';
import { useState } from 'react';

import type { TimelineFilter } from '../../../shared/contract/schemas.ts';
import { ITEM_KINDS } from '../../../shared/model/item.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { Button } from '../../components/button.tsx';
import { SelectField, TextField } from '../../components/fields.tsx';
import { KIND_NAMES } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { useStatus } from '../../stores/status.ts';
import { setFilter, useUi } from '../../stores/ui.ts';
import { ofDevice } from '../../stores/sync.ts';
import { DeviceChoice } from './device-choice.tsx';

const ANY = '';

export interface FiltersProps {
  /** What there is to filter by is read when the rows are there: they go before. */
  readonly isReady: boolean;
  readonly onJump: (iso: string | undefined) => void;
}

export function Filters({ isReady, onJump }: FiltersProps) {
  const filter = useUi((ui) => ui.filter);
  const sources = useStatus(({ status }) => status?.sources ?? []);
  const { data } = useQuery('facets', () => api.timeline.facets(), {
    reloadOn: ['checkpoints.changed'],
    isEnabled: isReady,
  });
  const change = (changes: Partial<TimelineFilter>): void => {
    const next = { ...filter, ...changes };
    // A list of nothing filters nothing.
    setFilter(Object.fromEntries(Object.entries(next).filter(([, value]) => isSet(value))));
  };
  const one = <Value extends string>(list: readonly Value[] | undefined): Value | typeof ANY => list?.[0] ?? ANY;
  const hasFilter = Object.keys(filter).length > 0;
  return (
    <div className="filters">
      <DeviceChoice />
      <SelectField
        label="Kind"
        value={one(filter.kinds)}
        options={[
          { value: ANY, label: 'Everything' },
          ...ITEM_KINDS.map((kind) => ({ value: kind, label: capital(KIND_NAMES[kind].many) })),
        ]}
        onValue={(kind) => change({ kinds: kind === ANY ? [] : [kind] })}
      />
      <SelectField
        label="Source"
        value={one(filter.sources)}
        options={[
          { value: ANY, label: 'All sources' },
          ...(data?.sources ?? []).map((id) => ({
            value: id,
            label: sources.find((source) => source.id === id)?.title ?? id,
          })),
        ]}
        onValue={(id) => change({ sources: data?.sources.filter((other) => other === id) ?? [] })}
      />
      <SelectField
        label="Project"
        value={one(filter.projects)}
        options={[{ value: ANY, label: 'All projects' }, ...(data?.projects ?? []).map(named)]}
        onValue={(project) => change({ projects: project === ANY ? [] : [project] })}
      />
      <SelectField
        label="Checkpoints"
        value={one(filter.tags) !== ANY ? `#${one(filter.tags)}` : filter.checkpointsOnly === true ? 'only' : ANY}
        options={[
          { value: ANY, label: 'And all changes' },
          { value: 'only', label: 'Only checkpoints' },
          ...(data?.tags ?? []).map((tag) => ({ value: `#${tag}`, label: `Tagged ${plainTitle(tag)}` })),
        ]}
        onValue={(value) =>
          change({ checkpointsOnly: value === 'only', tags: value.startsWith('#') ? [value.slice(1)] : [] })
        }
      />
      <JumpField onJump={onJump} />
      {hasFilter && (
        <Button look="quiet" onClick={() => setFilter({})}>
          <X size={15} aria-hidden /> Show all
        </Button>
      )}
    </div>
  );
}

/** Takes what the command line takes: an age, a time, a checkpoint's name. */
function JumpField({ onJump }: { readonly onJump: (iso: string | undefined) => void }) {
  const [text, setText] = useState('');
  const jump = useAction(async () => {
    if (text.trim() === '') onJump(undefined);
    else onJump((await api.timeline.resolve({ reference: text.trim(), ...ofDevice() })).takenAt);
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void jump.run();
      }}
    >
      <TextField
        label="Go to"
        placeholder="2h, 3d, 2026-11-20 14:00"
        value={text}
        onValue={(value) => {
          setText(value);
          jump.clear();
        }}
        error={jump.error === null ? undefined : jump.error.message}
      />
    </form>
  );
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

function named(name: string): { value: string; label: string } {
  return { value: name, label: plainTitle(name).slice(0, 60) };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
