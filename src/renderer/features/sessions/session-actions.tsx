// What can be done with a session, as buttons.

import { CircleDot, Download, Pencil, Pin, PinOff, Play, Share2, Trash2 } from 'lucide-react';
import { useState } from 'react';

import type { SessionView } from '../../../shared/contract/sessions.ts';
import { SESSION_STATUSES, type SessionStatus } from '../../../shared/model/session.ts';
import { api } from '../../client/client.ts';
import { useToldAction } from '../../client/use-told-action.ts';
import { IconButton } from '../../components/button.tsx';
import { Menu } from '../../components/menu.tsx';
import { saveText } from '../../components/save-text.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { ofDevice, useSync } from '../../stores/sync.ts';
import { showToast } from '../../stores/toasts.ts';
import { PublishSheet } from './publish/publish-sheet.tsx';
import { DeleteDialog, RenameDialog, ResumeDialog, type ResumeHint } from './session-dialogs.tsx';

const STATUS_NAMES: Readonly<Record<SessionStatus, string>> = {
  active: 'Active',
  paused: 'Paused',
  complete: 'Complete',
  failed: 'Failed',
};

export interface SessionActionsProps {
  readonly session: SessionView;
  readonly onDeleted: () => void;
}

export function SessionActions({ session, onDeleted }: SessionActionsProps) {
  const { id, pinned, live } = session;
  const name = plainTitle(session.name);
  const [open, setOpen] = useState<'rename' | 'delete' | 'publish' | null>(null);
  const [hint, setHint] = useState<ResumeHint | null>(null);
  const pin = useToldAction(() => api.sessions.update({ id, pinned: !pinned }));
  const setStatus = useToldAction((status: SessionStatus) => api.sessions.update({ id, status }));
  const resume = useToldAction(async () => {
    const { openedIn, line, cwd } = await api.sessions.resume({ id, open: true });
    if (openedIn === null) setHint({ line, cwd });
    else showToast({ tone: 'info', text: `It goes on in ${openedIn}.` });
  });
  // Another device's session is read here; what is made of it, is made there.
  const isOwn = useSync(({ device }) => device === null);
  if (!isOwn)
    return (
      <div className="row sessions__actions">
        <ExportMenu id={id} name={name} />
      </div>
    );
  return (
    <div className="row sessions__actions">
      <IconButton
        label={live ? `${name} is open in a terminal already` : `Resume ${name}`}
        icon={<Play size={16} />}
        disabled={live || resume.isRunning}
        onClick={() => void resume.run()}
      />
      <IconButton
        label={pinned ? `Unpin ${name}` : `Pin ${name}`}
        aria-pressed={pinned}
        icon={pinned ? <PinOff size={16} /> : <Pin size={16} />}
        onClick={() => void pin.run()}
      />
      <IconButton label={`Rename ${name}`} icon={<Pencil size={16} />} onClick={() => setOpen('rename')} />
      <ExportMenu id={id} name={name} />
      <IconButton label={`Publish ${name}`} icon={<Share2 size={16} />} onClick={() => setOpen('publish')} />
      {session.tool === 'agents' && (
        <Menu
          trigger={<IconButton label={`Status of ${name}`} icon={<CircleDot size={16} />} />}
          items={SESSION_STATUSES.map((status) => ({
            label: STATUS_NAMES[status],
            onSelect: () => void setStatus.run(status),
          }))}
        />
      )}
      <IconButton label={`Delete ${name}`} icon={<Trash2 size={16} />} onClick={() => setOpen('delete')} />
      {open === 'rename' && <RenameDialog session={session} onClose={() => setOpen(null)} />}
      {open === 'publish' && <PublishSheet session={session} onClose={() => setOpen(null)} />}
      {open === 'delete' && (
        <DeleteDialog
          session={session}
          onClose={() => setOpen(null)}
          onDeleted={() => {
            setOpen(null);
            onDeleted();
          }}
        />
      )}
      {hint !== null && <ResumeDialog hint={hint} onClose={() => setHint(null)} />}
    </div>
  );
}

function ExportMenu({ id, name }: Pick<SessionView, 'id' | 'name'>) {
  const save = useToldAction(async (format: 'markdown' | 'json') => {
    const { fileName, text } = await api.sessions.export({ id, format, ...ofDevice() });
    saveText(fileName, text);
  });
  return (
    <Menu
      trigger={<IconButton label={`Export ${name}`} icon={<Download size={16} />} />}
      items={[
        { label: 'As Markdown', onSelect: () => void save.run('markdown') },
        { label: 'As JSON', onSelect: () => void save.run('json') },
      ]}
    />
  );
}
