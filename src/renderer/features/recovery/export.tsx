// Everything that can be read, as plain files: for when nothing else helps, or to leave with what is one's own.

import { useEffect, useState } from 'react';

import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Message } from '../../components/feedback.tsx';
import { SelectField, TextField } from '../../components/fields.tsx';
import { formatBytes, formatCount, plural } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { WorkPanel } from '../../components/work-panel.tsx';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { cancelWork, startWork, useWork } from '../../stores/works.ts';

const MAX_SHOWN = 20;

type Which = 'usual' | 'all';
type ExportResult = NonNullable<ReturnType<typeof useWork<'export'>>['result']>;

export function Export() {
  const [isAsked, setAsked] = useState(false);
  return (
    <section className="card recovery__part" aria-labelledby="recovery-export">
      <h2 id="recovery-export">Take it out as plain files</h2>
      <p className="soft">
        Writes whatever can be read, from a damaged vault too: terminals as text, conversations as Markdown, unsaved
        files, patches and lists of tabs. Nothing in the vault changes.
      </p>
      {isAsked ? (
        <ExportForm />
      ) : (
        <div className="row">
          <Button onClick={() => setAsked(true)}>Export…</Button>
        </div>
      )}
    </section>
  );
}

function ExportForm() {
  const { data } = useQuery('export-place', (signal) => api.recovery.exportPlace(undefined, { signal }));
  const [folder, setFolder] = useState('');
  const [which, setWhich] = useState<Which>('usual');
  const work = useWork('export');
  const proposed = data?.folder;
  useEffect(() => {
    if (proposed !== undefined) setFolder((given) => (given === '' ? proposed : given));
  }, [proposed]);
  const handleStart = (): void =>
    void startWork('export', (signal) => api.recovery.export({ folder: folder.trim(), snapshots: which }, { signal }));
  return (
    <>
      <Message tone="warn">
        <strong>What is written is not encrypted.</strong> Whoever can read the folder can read your terminals,
        conversations and files, and the secrets in them. Only you can, where it is made; copies of it are yours to look
        after.
      </Message>
      <TextField
        label="Folder"
        hint="With its full path, on the machine that Cairn runs on. It is made, and must not be there yet, or be empty."
        value={folder}
        onValue={setFolder}
        spellCheck={false}
        autoComplete="off"
      />
      <SelectField<Which>
        label="Which snapshots"
        value={which}
        onValue={setWhich}
        options={[
          { value: 'usual', label: 'The newest, and every checkpoint' },
          { value: 'all', label: 'All of them' },
        ]}
      />
      <WorkPanel
        work={work}
        label="Exporting"
        starts={[{ label: 'Export now', onStart: handleStart, isPrimary: true, isHeld: folder.trim() === '' }]}
        onCancel={() => cancelWork('export')}
        cancelled="Cancelled. What was written so far stays in the folder; the vault is as it was."
      >
        {work.result !== null && <Exported result={work.result} />}
      </WorkPanel>
    </>
  );
}

function Exported({ result }: { readonly result: ExportResult }) {
  const { folder, snapshots, items, files, sizeBytes, unreadable, unreadableCount } = result;
  return (
    <div className="stack" role="region" aria-label="What was exported" tabIndex={-1}>
      <Message tone={unreadableCount === 0 ? 'good' : 'warn'}>
        <strong>
          {plural(snapshots, 'snapshot')} with {plural(items, 'item')}: {plural(files, 'file')},{' '}
          {formatBytes(sizeBytes)}.
        </strong>{' '}
        {unreadableCount === 0
          ? 'Everything could be read.'
          : `${plural(unreadableCount, 'thing')} could not be read; the manifest in the folder names each.`}
      </Message>
      <p className="row wrap soft">
        <code className="mono captured">{folder}</code>
        <CopyButton text={folder} label="Copy the folder" />
      </p>
      {unreadable.length > 0 && (
        <details>
          <summary>What could not be read</summary>
          <ul className="recovery__findings">
            {unreadable.slice(0, MAX_SHOWN).map(({ title, stream, length }, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- parts have no id and never move
              <li key={at}>
                <span className="captured">{plainTitle(title)}</span>{' '}
                {stream !== undefined && (
                  <span className="soft">
                    {formatBytes(length ?? 0)} of {plainTitle(stream)}
                  </span>
                )}
              </li>
            ))}
            {unreadableCount > MAX_SHOWN && (
              <li className="soft">And {formatCount(unreadableCount - MAX_SHOWN)} more.</li>
            )}
          </ul>
        </details>
      )}
    </div>
  );
}
