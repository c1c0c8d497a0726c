// Sync: it does not exist yet, and the section says so.

import { NOTHING_LEAVES } from '../../components/promises.ts';
import { SwitchField } from '../../components/fields.tsx';
import { Part, Section } from './section.tsx';

export function Sync() {
  return (
    <Section title="Sync" intro="The same history on several machines, sealed before it leaves any of them.">
      <Part>
        <SwitchField
          label="Sync with other devices"
          hint="This does not exist yet, so it cannot be turned on."
          isOn={false}
          isDisabled
          onChange={() => undefined}
        />
        <p>{NOTHING_LEAVES}</p>
      </Part>
    </Section>
  );
}
