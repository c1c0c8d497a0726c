// Where the data lies, and its upkeep.

import { CopyButton } from '../../components/copy-button.tsx';
import { ErrorMessage, Loading } from '../../components/feedback.tsx';
import { BackupResult, VerifyResult } from '../../components/upkeep-results.tsx';
import { WorkPanel } from '../../components/work-panel.tsx';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { cancelWork, startWork, useWork } from '../../stores/works.ts';
import { Part, Section } from './section.tsx';
import { SettingNumber, SettingText } from './setting-fields.tsx';

export function Data() {
  const folder = useQuery('dataFolder', (signal) => api.settings.dataFolder(undefined, { signal }));
  return (
    <Section title="Data" intro="One encrypted file holds everything. Keep a copy of it on another disk.">
      <Part title="Data folder">
        {folder.error !== null && <ErrorMessage error={folder.error} onRetry={folder.reload} />}
        {folder.data === null && folder.error === null && <Loading />}
        {folder.data !== null && (
          <>
            <p className="row wrap">
              <code className="mono captured">{folder.data.path}</code>
              <CopyButton text={folder.data.path} />
            </p>
            <p className="soft small">Another folder is chosen when Cairn is started: with --home, or CAIRN_HOME.</p>
          </>
        )}
      </Part>
      <Part title="Backups">
        <SettingText
          settingKey="backup.folder"
          label="Folder for backups"
          hint="An absolute folder, best on another disk. Empty means backups/ beside the vault."
          emptyMeans="none"
        />
        <SettingNumber
          settingKey="backup.everyHours"
          label="Hours between two backups"
          hint="While Cairn runs; 0 makes none by itself."
        />
        <SettingNumber settingKey="backup.keep" label="Backups that are kept" hint="From 1 to 100; the oldest goes." />
        <BackupNow />
      </Part>
      <Part title="Verify">
        <p className="soft">Opens the seal of every record. What is damaged is told, and never changed.</p>
        <VerifyNow />
      </Part>
    </Section>
  );
}

function BackupNow() {
  const work = useWork('backup');
  return (
    <WorkPanel
      work={work}
      label="Backing up, and reading the backup back"
      starts={[
        {
          label: 'Back up now',
          onStart: () => void startWork('backup', (signal) => api.upkeep.backup(undefined, { signal })),
        },
      ]}
      onCancel={() => cancelWork('backup')}
      cancelled="Cancelled. The backups before it are all there."
    >
      {work.result !== null && <BackupResult {...work.result} />}
    </WorkPanel>
  );
}

function VerifyNow() {
  const work = useWork('verify');
  return (
    <WorkPanel
      work={work}
      label="Verifying"
      starts={[
        {
          label: 'Verify now',
          onStart: () => void startWork('verify', (signal) => api.upkeep.verify({ deep: false }, { signal })),
        },
      ]}
      onCancel={() => cancelWork('verify')}
    >
      {work.result !== null && <VerifyResult {...work.result} />}
    </WorkPanel>
  );
}
