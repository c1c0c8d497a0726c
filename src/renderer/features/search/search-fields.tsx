// What is looked for, and where: text, kind, source, project, how far back.

import type { Ref } from 'react';

import { ITEM_KINDS } from '../../../shared/model/item.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import type { SearchPlace } from '../../components/addresses.ts';
import { SelectField, TextField } from '../../components/fields.tsx';
import { KIND_NAMES } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { useStatus } from '../../stores/status.ts';
import { WITHIN } from './search-filter.ts';

const MAX_TEXT = 500;
const MAX_LABEL = 60;

export interface SearchFieldsProps {
  readonly text: string;
  readonly filter: Required<SearchPlace>;
  readonly field: Ref<HTMLInputElement>;
  readonly onText: (text: string) => void;
  readonly onFilter: (filter: Required<SearchPlace>) => void;
}

export function SearchFields({ text, filter, field, onText, onFilter }: SearchFieldsProps) {
  const sources = useStatus(({ status }) => status?.sources ?? []);
  const { data } = useQuery('facets', () => api.timeline.facets());
  const titleOf = (id: string): string => sources.find((source) => source.id === id)?.title ?? id;
  return (
    <form className="search-fields" role="search" onSubmit={(event) => event.preventDefault()}>
      <div className="search-fields__text">
        <TextField
          ref={field}
          label="Text"
          type="search"
          maxLength={MAX_TEXT}
          placeholder="words, a command, an address"
          hint="Beginnings of words are enough; all must stand on one line. In quotes: exactly this."
          value={text}
          onValue={onText}
        />
      </div>
      <SelectField
        label="In"
        value={filter.kind}
        options={[
          { value: '', label: 'Everything' },
          ...ITEM_KINDS.map((kind) => ({ value: kind, label: capital(KIND_NAMES[kind].many) })),
        ]}
        onValue={(kind: string) => onFilter({ ...filter, kind })}
      />
      <SelectField
        label="Source"
        value={filter.source}
        options={withChosen('All sources', data?.sources ?? [], filter.source, titleOf)}
        onValue={(source: string) => onFilter({ ...filter, source })}
      />
      <SelectField
        label="Project"
        value={filter.project}
        options={withChosen('All projects', data?.projects ?? [], filter.project, (name) =>
          plainTitle(name).slice(0, MAX_LABEL),
        )}
        onValue={(project: string) => onFilter({ ...filter, project })}
      />
      <SelectField
        label="Time"
        value={filter.within}
        options={WITHIN.map(({ value, label }) => ({ value, label }))}
        onValue={(within: string) => onFilter({ ...filter, within })}
      />
    </form>
  );
}

/** What an address asks for is among the choices, also where nothing of it is there now. */
function withChosen(
  any: string,
  values: readonly string[],
  chosen: string,
  labelOf: (value: string) => string,
): { value: string; label: string }[] {
  const all = chosen === '' || values.includes(chosen) ? values : [...values, chosen];
  return [{ value: '', label: any }, ...all.map((value) => ({ value, label: labelOf(value) }))];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
