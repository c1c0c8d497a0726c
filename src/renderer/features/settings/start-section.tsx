// How the desktop app starts, what it asks then, and its updates.

import { Button } from '../../components/button.tsx';
import { ErrorMessage, Message } from '../../components/feedback.tsx';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useStatus } from '../../stores/status.ts';
import { DesktopOnly, Part, Section } from './section.tsx';
import { SettingChoice, SettingSwitch, SettingText } from './setting-fields.tsx';

const CHANNELS = [
  { value: 'stable', label: 'Stable' },
  { value: 'beta', label: 'Beta: earlier, less tried' },
  { value: 'none', label: 'None: never look for updates' },
];

const PROMPTS = [
  { value: 'ask', label: 'Ask when something was lost' },
  { value: 'never', label: 'Never ask' },
];

export function Start() {
  const isDesktop = useStatus(({ status }) => status?.shell === 'desktop');
  const desktop = useStatus(({ status }) => status?.desktop);
  const installing = useAction(() => api.desktop.installUpdate());
  return (
    <Section title="Start and updates" intro="What the desktop app does by itself.">
      <DesktopOnly isHere={isDesktop} />
      <Part title="Start">
        <SettingSwitch settingKey="app.startAtLogin" label="Start at login" hint="Hidden: it opens no window." />
        <SettingChoice
          settingKey="app.restorePrompt"
          label="After a crash or a restart of the machine"
          hint="“Not now” never deletes a point. This counts in the browser too."
          options={PROMPTS}
        />
        <SettingText
          settingKey="app.checkpointShortcut"
          label="Shortcut for a checkpoint, anywhere"
          hint="In Electron’s words, such as CommandOrControl+Shift+K. Empty turns it off."
          emptyMeans="none"
        />
        {desktop?.shortcutProblem !== undefined && <Message tone="warn">{desktop.shortcutProblem}</Message>}
      </Part>
      <Part title="Updates">
        <SettingChoice
          settingKey="app.updateChannel"
          label="Update channel"
          hint="Looking for updates is the only thing that would ask a server. An update is never put in during a restore."
          options={CHANNELS}
        />
        {desktop?.update !== undefined && (
          <p className="row wrap" role="status">
            {desktop.update.text}
            {desktop.update.isReady && (
              <Button
                aria-disabled={installing.isRunning}
                onClick={() => !installing.isRunning && void installing.run()}
              >
                End Cairn and put it in now
              </Button>
            )}
          </p>
        )}
        {installing.error !== null && <ErrorMessage error={installing.error} />}
      </Part>
    </Section>
  );
}
