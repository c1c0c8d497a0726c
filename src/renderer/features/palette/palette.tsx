// Everything that can be done, by typing: places, actions, checkpoints.

import './palette.css';

import { Command } from 'cmdk';
import {
  Activity,
  BookmarkPlus,
  BookMarked,
  Camera,
  ChartNoAxesColumn,
  Clock,
  Footprints,
  LifeBuoy,
  Lock,
  MessagesSquare,
  Moon,
  Pause,
  Play,
  Search,
  Settings,
  Sun,
  Undo2,
} from 'lucide-react';
import { Dialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { useLocation } from 'wouter';

import { fromContractError } from '../../../shared/contract/errors.ts';
import { tellFailure } from '../../client/use-told-action.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { formatMoment } from '../../components/format.ts';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { takeStatus, useStatus } from '../../stores/status.ts';
import { showToast } from '../../stores/toasts.ts';
import { setTheme } from '../../stores/ui.ts';

const QUARTER_MS = 15 * 60_000;

interface Entry {
  readonly label: string;
  readonly icon: ReactNode;
  readonly run: () => void;
}

export function Palette({
  onClose,
  onCheckpoint,
}: {
  readonly onClose: () => void;
  readonly onCheckpoint: () => void;
}) {
  const [, navigate] = useLocation();
  const returnFocus = useReturnFocus(true);
  const isPaused = useStatus(({ status }) => status?.capture.state === 'paused');
  const { data } = useQuery('checkpoints', () => api.checkpoints.list());
  const go = (path: string) => () => navigate(path);
  const places: readonly Entry[] = [
    { label: 'Timeline', icon: <Clock size={16} />, run: go('/') },
    { label: 'Timeline by item', icon: <Clock size={16} />, run: go('/?by=item') },
    { label: 'Where was I?', icon: <Footprints size={16} />, run: go('/where-was-i') },
    { label: 'Search', icon: <Search size={16} />, run: go('/search') },
    { label: 'Sessions', icon: <MessagesSquare size={16} />, run: go('/sessions') },
    { label: 'Published sessions', icon: <MessagesSquare size={16} />, run: go('/published') },
    { label: 'Checkpoints', icon: <BookMarked size={16} />, run: go('/checkpoints') },
    { label: 'Statistics', icon: <ChartNoAxesColumn size={16} />, run: go('/statistics') },
    { label: 'Diagnostics', icon: <Activity size={16} />, run: go('/diagnostics') },
    { label: 'Recovery', icon: <LifeBuoy size={16} />, run: go('/recovery') },
    { label: 'Settings', icon: <Settings size={16} />, run: go('/settings') },
    { label: 'Sync and devices', icon: <Settings size={16} />, run: go('/settings/sync') },
  ];
  const actions: readonly Entry[] = [
    { label: 'Checkpoint now…', icon: <BookmarkPlus size={16} />, run: onCheckpoint },
    {
      label: 'Capture now',
      icon: <Camera size={16} />,
      run: () => attempt(async () => void (await api.captures.create())),
    },
    { label: 'Restore the latest point…', icon: <Undo2 size={16} />, run: go('/restore/latest') },
    isPaused
      ? {
          label: 'Resume captures',
          icon: <Play size={16} />,
          run: () => attempt(async () => takeStatus(await api.captures.resume())),
        }
      : { label: 'Pause captures for 15 minutes', icon: <Pause size={16} />, run: () => attempt(pauseAQuarter) },
    { label: 'Undo the last restore', icon: <Undo2 size={16} />, run: () => attempt(undoRestore) },
    { label: 'Light theme', icon: <Sun size={16} />, run: () => void setTheme('light').catch(tellFailure) },
    { label: 'Dark theme', icon: <Moon size={16} />, run: () => void setTheme('dark').catch(tellFailure) },
    { label: 'Lock', icon: <Lock size={16} />, run: () => attempt(async () => takeStatus(await api.vault.lock())) },
  ];
  const item = ({ label, icon, run }: Entry, value = label) => (
    <Command.Item
      key={value}
      value={value}
      onSelect={() => {
        onClose();
        run();
      }}
    >
      {icon}
      <span className="captured">{label}</span>
    </Command.Item>
  );
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="palette" aria-describedby={undefined} onCloseAutoFocus={returnFocus}>
          <Dialog.Title className="visually-hidden">Commands</Dialog.Title>
          <Command label="Commands">
            <Command.Input placeholder="What do you want to do?" aria-label="What do you want to do?" />
            <Command.List>
              <Command.Empty>Nothing is called so.</Command.Empty>
              <Command.Group heading="Do">{actions.map((entry) => item(entry))}</Command.Group>
              <Command.Group heading="Go to">{places.map((entry) => item(entry))}</Command.Group>
              <Command.Group heading="Checkpoints">
                {(data?.checkpoints ?? []).slice(0, 50).map((checkpoint) =>
                  item(
                    {
                      label: `${plainTitle(checkpoint.name)} (${formatMoment(checkpoint.takenAt ?? checkpoint.createdAt)})`,
                      icon: <BookMarked size={16} />,
                      run: go(`/snapshot/${checkpoint.snapshotId}`),
                    },
                    checkpoint.id + plainTitle(checkpoint.name),
                  ),
                )}
              </Command.Group>
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The palette is gone by the time it fails: a notice tells. */
function attempt(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    const { message, hint } = fromContractError(error);
    showToast({ tone: 'bad', text: `${message} ${hint}` });
  });
}

async function pauseAQuarter(): Promise<void> {
  takeStatus(await api.captures.pause({ until: new Date(Date.now() + QUARTER_MS).toISOString() }));
}

async function undoRestore(): Promise<void> {
  const { steps } = await api.restore.undo();
  const done = steps.filter(({ status }) => status === 'done').length;
  showToast({ tone: 'info', text: `The last restore was taken back: ${done} of ${steps.length} steps.` });
}
