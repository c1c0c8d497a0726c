// Light, dark, or as the system says.

import type { Theme } from '../../../shared/model/theme.ts';
import { useToldAction } from '../../client/use-told-action.ts';
import { setTheme, useUi } from '../../stores/ui.ts';
import { Part, Section } from './section.tsx';

const THEMES: ReadonlyArray<{ readonly value: Theme; readonly label: string; readonly hint: string }> = [
  { value: 'system', label: 'As the system', hint: 'Changes when the system does.' },
  { value: 'light', label: 'Light', hint: 'Dark text on light stone.' },
  { value: 'dark', label: 'Dark', hint: 'Light text on dark stone.' },
];

export function Appearance() {
  const theme = useUi(({ theme }) => theme);
  const choose = useToldAction(setTheme);
  return (
    <Section title="Appearance">
      <Part>
        <fieldset className="settings__choices">
          <legend className="field__label">Theme</legend>
          {THEMES.map(({ value, label, hint }) => (
            <label key={value} className="settings__choice">
              <input
                type="radio"
                name="theme"
                value={value}
                checked={theme === value}
                onChange={() => void choose.run(value)}
              />
              <span>
                <span className="field__label">{label}</span>
                <span className="field__hint settings__choice-hint">{hint}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <p className="soft small">Where the system asks for less motion, Cairn moves nothing.</p>
      </Part>
    </Section>
  );
}
