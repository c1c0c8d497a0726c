// A field for each shape of a setting. They save by themselves, say so quietly, and show what was wrong where it was entered.

import { useState, type KeyboardEvent, type ReactNode } from 'react';

import { SelectField, SwitchField, TextField } from '../../components/fields.tsx';
import { useSetting, type Setting } from './settings-access.tsx';

interface SettingFieldProps {
  /** The key in the configuration. */
  readonly settingKey: string;
  readonly label: string;
  /** Instead of the core's own description. */
  readonly hint?: ReactNode;
}

export function SettingSwitch({ settingKey, label, hint }: SettingFieldProps) {
  const setting = useSetting(settingKey);
  const { value, error, description, save } = setting;
  return (
    <div className="settings__field">
      <SwitchField
        label={label}
        hint={hint ?? description}
        isOn={value === true}
        onChange={(isOn) => void save(isOn ? 'on' : 'off', isOn)}
      />
      {error !== null && (
        <p className="field__error" role="alert">
          {error.message} {error.hint}
        </p>
      )}
      <Saved setting={setting} />
    </div>
  );
}

export interface SettingTextProps extends SettingFieldProps {
  readonly isNumber?: boolean;
  /** What an empty field means to the core. */
  readonly emptyMeans?: string;
}

/** Saves on Enter, and when it is left. */
export function SettingText({ settingKey, label, hint, isNumber = false, emptyMeans }: SettingTextProps) {
  const setting = useSetting(settingKey);
  const { value, error, description, defaultWords, save } = setting;
  const stored = value === null ? '' : String(value);
  const [draft, setDraft] = useState<string | null>(null);
  const handleCommit = (): void => {
    if (draft === null || draft.trim() === stored) {
      setDraft(null);
      return;
    }
    const text = draft.trim();
    const sent = text === '' && emptyMeans !== undefined ? emptyMeans : text;
    void save(sent, isNumber && /^\d+$/.test(text) ? Number(text) : text).then((isDone) => {
      // What was typed meanwhile is not saved yet, and stays.
      if (isDone) setDraft((typed) => (typed === draft ? null : typed));
    });
  };
  const handleKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') handleCommit();
    if (event.key === 'Escape') setDraft(null);
  };
  return (
    <div className={`settings__field ${isNumber ? 'settings__field--number' : ''}`} onKeyDown={handleKeyDown}>
      <TextField
        label={label}
        hint={
          <>
            {hint ?? description} {defaultWords}
          </>
        }
        error={error === null ? undefined : `${error.message} ${error.hint}`}
        value={draft ?? stored}
        onValue={setDraft}
        onBlur={handleCommit}
        inputMode={isNumber ? 'numeric' : 'text'}
        autoComplete="off"
        spellCheck={false}
      />
      <Saved setting={setting} />
    </div>
  );
}

export function SettingNumber(props: SettingFieldProps) {
  return <SettingText {...props} isNumber />;
}

export interface SettingChoiceProps extends SettingFieldProps {
  readonly options: ReadonlyArray<{ readonly value: string; readonly label: string }>;
}

export function SettingChoice({ settingKey, label, hint, options }: SettingChoiceProps) {
  const setting = useSetting(settingKey);
  const { value, error, description, save } = setting;
  return (
    <div className="settings__field settings__field--choice">
      <SelectField
        label={label}
        hint={hint ?? description}
        error={error === null ? undefined : `${error.message} ${error.hint}`}
        value={String(value)}
        options={options}
        onValue={(chosen) => void save(chosen, chosen)}
      />
      <Saved setting={setting} />
    </div>
  );
}

function Saved({ setting: { isSaving, hasSaved } }: { readonly setting: Setting }) {
  return (
    <span className="settings__saved" role="status">
      {isSaving ? 'Saving…' : hasSaved && 'Saved.'}
    </span>
  );
}
