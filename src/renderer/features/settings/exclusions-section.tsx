// What is never captured, by the user's own rules: four kinds, one rule a line. What a rule would hide is shown before it counts.

import { useState } from 'react';

import type { Exclusions as Rules } from '../../../shared/contract/schemas.ts';
import { Button } from '../../components/button.tsx';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { LeftOut } from './left-out.tsx';
import { RulesField, type RuleKind } from './rules-field.tsx';
import { Part, Section } from './section.tsx';

const KINDS: readonly RuleKind[] = ['paths', 'urls', 'commands', 'sources'];

export function Exclusions() {
  const { data, error, reload } = useQuery('exclusions', (signal) => api.settings.exclusions(undefined, { signal }), {
    reloadOn: ['settings.changed'],
  });
  return (
    <Section
      title="Exclusions"
      intro="What Cairn must not keep. The rules are sealed in the vault, since they name what you hide, and count from the next capture on: what was captured before stays until it is thinned."
    >
      {error !== null && data === null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && error === null && <Loading what="Reading the rules" />}
      {data !== null && <RulesForm saved={data} />}
      {data !== null && <LeftOut />}
    </Section>
  );
}

function RulesForm({ saved }: { readonly saved: Rules }) {
  const [texts, setTexts] = useState<Readonly<Partial<Record<RuleKind, string>>>>({});
  const draft = Object.fromEntries(
    KINDS.map((kind) => [kind, texts[kind] === undefined ? saved[kind] : linesOf(texts[kind])]),
  ) as Rules; // every kind is listed
  const isChanged = KINDS.some((kind) => draft[kind].join('\n') !== saved[kind].join('\n'));
  const saving = useAction(async () => {
    await api.settings.setExclusions(draft);
    setTexts({});
  });
  const [hasSaved, setSaved] = useState(false);
  return (
    <Part>
      {KINDS.map((kind) => (
        <RulesField
          key={kind}
          kind={kind}
          text={texts[kind] ?? saved[kind].join('\n')}
          rules={draft[kind]}
          onText={(text) => {
            setSaved(false);
            saving.clear();
            setTexts((before) => ({ ...before, [kind]: text }));
          }}
        />
      ))}
      {saving.error !== null && <ErrorMessage error={saving.error} />}
      <div className="row wrap settings__bar">
        <Button
          look="primary"
          aria-disabled={!isChanged || saving.isRunning}
          onClick={() => isChanged && !saving.isRunning && void saving.run().then(setSaved)}
        >
          Save the rules
        </Button>
        {isChanged && (
          <Button look="quiet" onClick={() => setTexts({})}>
            Take the changes back
          </Button>
        )}
        <span className="soft small" role="status">
          {isChanged ? 'Not saved yet.' : hasSaved && 'Saved. They count from the next capture on.'}
        </span>
      </div>
    </Part>
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
