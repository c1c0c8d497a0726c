// How long snapshots stay. What would go, and how many bytes come back, is shown before anything goes.

import { useState } from 'react';

import type { RetentionLimits } from '../../../shared/model/retention.ts';
import { Button } from '../../components/button.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { LIMITS, parseLimits, type LimitTexts } from './retention-limits.ts';
import { RetentionPreview } from './retention-preview.tsx';
import { Part, Section } from './section.tsx';
import { SettingSwitch, SettingText } from './setting-fields.tsx';
import { useSettingValue } from './settings-access.tsx';
import { ThinNow } from './thin-now.tsx';

export function Retention() {
  const saved: LimitTexts = {
    allHours: String(useSettingValue('retention.allHours')),
    hourlyDays: String(useSettingValue('retention.hourlyDays')),
    dailyDays: String(useSettingValue('retention.dailyDays')),
    checkpointDays: String(useSettingValue('retention.checkpointDays')),
    inactiveDays: String(useSettingValue('retention.inactiveDays')),
  };
  return (
    <Section
      title="Retention"
      intro="Old snapshots are thinned while Cairn runs. The newest one, pinned checkpoints and the last good state of every source always stay."
    >
      <LimitsForm saved={saved} />
      <Part title="Thin now">
        <ThinNow limits={parseLimits(saved)} />
      </Part>
      <Part title="Sessions">
        <p className="soft">
          These hold for sessions that lie in Cairn alone. Captured conversations go with their snapshots; pinned
          sessions and only copies stay.
        </p>
        <SettingSwitch settingKey="sessions.autoCleanup" label="Let old sessions go by themselves" />
        <SettingText settingKey="sessions.maxSessions" label="Sessions that stay" isNumber />
        <SettingText
          settingKey="sessions.retentionDays"
          label="Days that a session stays after its last change"
          isNumber
        />
      </Part>
    </Section>
  );
}

function LimitsForm({ saved }: { readonly saved: LimitTexts }) {
  const [changes, setChanges] = useState<Partial<LimitTexts>>({});
  const [failedAt, setFailedAt] = useState<keyof RetentionLimits | null>(null);
  const [hasSaved, setSaved] = useState(false);
  const texts: LimitTexts = { ...saved, ...changes };
  const changed = LIMITS.filter(({ name }) => texts[name].trim() !== saved[name]);
  const limits = parseLimits(texts);
  const saving = useAction(async () => {
    for (const { name } of changed) {
      setFailedAt(name);
      await api.settings.set({ key: `retention.${name}`, value: texts[name].trim() });
    }
    setFailedAt(null);
  });
  const handleSave = (): void => {
    if (changed.length === 0 || saving.isRunning) return;
    void saving.run().then(setSaved);
  };
  return (
    <Part>
      <div className="settings__numbers">
        {LIMITS.map(({ name, label, hint }) => (
          <TextField
            key={name}
            label={label}
            hint={hint}
            inputMode="numeric"
            autoComplete="off"
            value={texts[name]}
            onValue={(text) => {
              setSaved(false);
              saving.clear();
              setChanges((before) => ({ ...before, [name]: text }));
            }}
            error={errorAt(texts[name], failedAt === name && saving.error !== null ? saving.error.message : undefined)}
          />
        ))}
      </div>
      {limits !== null && <RetentionPreview limits={limits} isChanged={changed.length > 0} />}
      {saving.error !== null && <ErrorMessage error={saving.error} />}
      <div className="row wrap settings__bar">
        <Button look="primary" aria-disabled={changed.length === 0 || saving.isRunning} onClick={handleSave}>
          Save the limits
        </Button>
        {changed.length > 0 && (
          <Button look="quiet" onClick={() => setChanges({})}>
            Take the changes back
          </Button>
        )}
        <span className="soft small" role="status">
          {changed.length > 0 ? 'Not saved yet.' : hasSaved && 'Saved.'}
        </span>
      </div>
    </Part>
  );
}

function errorAt(text: string, refused: string | undefined): string | undefined {
  return /^\d{1,5}$/.test(text.trim()) ? refused : 'A whole number, please.';
}
