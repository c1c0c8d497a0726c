// When the vault locks by itself: three triggers, each a switch of its own.

import { useStatus } from '../../stores/status.ts';
import { DesktopOnly, Part, Section } from './section.tsx';
import { SettingNumber, SettingSwitch } from './setting-fields.tsx';

export function Lock() {
  const isDesktop = useStatus(({ status }) => status?.shell === 'desktop');
  return (
    <Section
      title="Lock"
      intro="When the vault locks by itself. Each of these counts alone; whether captures go on behind the lock is set under Capture."
    >
      <DesktopOnly isHere={isDesktop} />
      <Part>
        <SettingNumber
          settingKey="lock.afterIdleMinutes"
          label="After so many minutes without any input"
          hint="Keyboard and mouse of the whole machine count. 0 never locks."
        />
        <SettingSwitch
          settingKey="lock.onScreenLock"
          label="When the screen locks"
          hint="With the system’s own lock."
        />
        <SettingSwitch
          settingKey="lock.onSleep"
          label="When the machine goes to sleep"
          hint="Suspend and hibernation, before they begin."
        />
      </Part>
    </Section>
  );
}
