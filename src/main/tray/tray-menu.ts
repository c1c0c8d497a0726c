// What stands in the tray's menu, as data: every state can be tested without a tray. The application menu shows the same.

import type { Status } from '../../shared/contract/schemas.ts';
import type { ShellAction } from '../actions.ts';
import { describeState, type StateFacts } from './describe-state.ts';

export type MenuEntry =
  | { readonly type: 'words'; readonly text: string }
  | { readonly type: 'separator' }
  | {
      readonly type: 'action';
      readonly label: string;
      readonly action: ShellAction;
      readonly isEnabled: boolean;
      /** Shown beside the label; it is registered elsewhere. */
      readonly shortcut?: string;
    }
  | {
      readonly type: 'submenu';
      readonly label: string;
      readonly isEnabled: boolean;
      readonly entries: readonly MenuEntry[];
    };

export interface TrayFacts extends StateFacts {
  readonly isRestoring: boolean;
  /** Empty for none. */
  readonly checkpointShortcut: string;
  /** How the updates stand, in words; null where there is nothing to say. */
  readonly update: { readonly text: string; readonly isReady: boolean } | null;
}

const SEPARATOR = { type: 'separator' } as const;

export function trayMenu(status: Status, facts: TrayFacts): readonly MenuEntry[] {
  const isOpen = status.vault === 'unlocked';
  return [
    { type: 'words', text: `Cairn: ${describeState(status, facts)}` },
    ...describeUpdate(facts),
    SEPARATOR,
    {
      ...action('Checkpoint now', 'checkpoint', isOpen),
      ...(facts.checkpointShortcut === '' ? {} : { shortcut: facts.checkpointShortcut }),
    },
    pauseEntry(status),
    action('Forget the last 10 minutes...', 'forget', isOpen),
    action('Restore latest...', 'restore-latest', status.vault !== 'missing'),
    SEPARATOR,
    action('Lock', 'lock', isOpen && !facts.isRestoring),
    action('Open Cairn', 'open'),
    ...(facts.update?.isReady === true ? [action('Install the update', 'install-update', !facts.isRestoring)] : []),
    action('Quit', 'quit'),
  ];
}

function pauseEntry({ vault, capture }: Status): MenuEntry {
  if (capture.state === 'paused') return action('Resume', 'resume');
  const isCapturing = vault === 'unlocked' || capture.state === 'locked-writing';
  return {
    type: 'submenu',
    label: 'Pause',
    isEnabled: isCapturing && capture.state !== 'off',
    entries: [action('For 15 minutes', 'pause-15'), action('For 1 hour', 'pause-60'), action('Until resumed', 'pause')],
  };
}

function describeUpdate({ update }: TrayFacts): readonly MenuEntry[] {
  return update === null ? [] : [{ type: 'words', text: update.text }];
}

function action(label: string, name: ShellAction, isEnabled = true): MenuEntry & { readonly type: 'action' } {
  return { type: 'action', label, action: name, isEnabled };
}
