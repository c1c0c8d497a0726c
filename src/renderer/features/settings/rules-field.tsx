// The rules of one kind, and live below what they would have hidden of the last days.

import type { Exclusions } from '../../../shared/contract/schemas.ts';
import { TextAreaField } from '../../components/fields.tsx';
import { plural } from '../../components/format.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { api } from '../../client/client.ts';
import { useDebounced } from '../../client/use-debounced.ts';
import { useQuery } from '../../client/use-query.ts';

export type RuleKind = keyof Exclusions;

const PREVIEW_AFTER_MS = 400;
const NO_RULES: Exclusions = { sources: [], paths: [], urls: [], commands: [] };

const WORDS: Readonly<Record<RuleKind, { readonly label: string; readonly hint: string }>> = {
  paths: {
    label: 'Folders and files',
    hint: 'Folders, files and globs, one a line: ~/private or **/.ssh.',
  },
  urls: {
    label: 'Web addresses',
    hint: 'Hosts, with a path if you like, one a line: bank.example or example.com/private.',
  },
  commands: {
    label: 'Commands',
    hint: 'Programs and command lines, one a line: pass or ssh *prod*.',
  },
  sources: {
    label: 'Whole sources',
    hint: 'Ids of sources that are never asked, one a line: firefox.',
  },
};

export interface RulesFieldProps {
  readonly kind: RuleKind;
  readonly text: string;
  readonly rules: readonly string[];
  readonly onText: (text: string) => void;
}

export function RulesField({ kind, text, rules, onText }: RulesFieldProps) {
  const settled = useDebounced(rules.join('\n'), PREVIEW_AFTER_MS);
  const preview = useQuery(
    settled,
    (signal) => api.settings.previewExclusions({ ...NO_RULES, [kind]: settled.split('\n') }, { signal }),
    { isEnabled: settled !== '' },
  );
  const { label, hint } = WORDS[kind];
  const error = settled === '' ? null : preview.error;
  return (
    <div className="settings__rules">
      <TextAreaField
        label={label}
        hint={hint}
        error={error === null ? undefined : `${error.message} ${error.hint}`}
        value={text}
        onValue={onText}
        rows={3}
        className="mono settings__rules-text"
        autoComplete="off"
        spellCheck={false}
      />
      <div className="settings__preview" role="status">
        {settled !== '' && preview.data === null && error === null && <p className="soft">Looking at what it hides…</p>}
        {settled !== '' && preview.data !== null && (
          <Hidden count={preview.data.count} samples={preview.data.samples} />
        )}
      </div>
    </div>
  );
}

type Preview = Awaited<ReturnType<typeof api.settings.previewExclusions>>;

function Hidden({ count, samples }: Preview) {
  if (count === 0) return <p className="soft">Would hide nothing of what was captured in the last days.</p>;
  return (
    <>
      <p>
        Would have hidden <strong>{plural(count, 'thing')}</strong> of the last days, as a whole or in part:
      </p>
      <ul className="settings__samples">
        {samples.map(({ title, kind }, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- titles may be alike, and their order stands
          <li key={at} className="row">
            <KindIcon kind={kind} size={14} />
            <span className="visually-hidden">{kind}: </span>
            <span className="captured">{title}</span>
          </li>
        ))}
      </ul>
      {count > samples.length && <p className="soft">and {count - samples.length} more</p>}
    </>
  );
}
