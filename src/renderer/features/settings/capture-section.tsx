// How captures are made.

import { Part, Section } from './section.tsx';
import { SettingNumber, SettingSwitch } from './setting-fields.tsx';

export function Capture() {
  return (
    <Section title="Capture" intro="How often Cairn looks, and what it leaves out of what it keeps.">
      <Part>
        <SettingNumber
          settingKey="captureIntervalSeconds"
          label="Seconds between two captures"
          hint="From 5 to 3,600. Only what changed takes space."
        />
        <SettingNumber
          settingKey="scrollbackLines"
          label="Lines of scrollback of each terminal"
          hint="Up to 10,000; 0 keeps none."
        />
        <SettingNumber
          settingKey="snapshot.maxMegabytes"
          label="Most that one snapshot may take, in MB"
          hint="Compressed. What does not fit is left out and said."
        />
      </Part>
      <Part>
        <SettingSwitch
          settingKey="redaction"
          label="Take known secrets out"
          hint="Tokens and passwords of well-known shapes are taken out of command lines and scrollback before they are stored. It finds many, not all: the encryption is what protects you."
        />
        <SettingSwitch
          settingKey="lock.captureGoesOn"
          label="Capture while locked"
          hint="Write-only: a locked Cairn can add to the vault and read nothing of it. You see it after the next unlock."
        />
      </Part>
    </Section>
  );
}
