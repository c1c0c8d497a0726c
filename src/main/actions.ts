// What the tray, the application menu and the shortcut do. Success is silent, but for a checkpoint made without a window; a failure is
// told at once, since somebody waits for it.

import { assertNever, toPlainError } from '../shared/model/app-error.ts';
import type { Checkpoint } from '../shared/model/checkpoint.ts';
import type { Clock } from '../core/clock.ts';
import type { ElectronApi } from './electron-api.ts';
import type { Notifier } from './notices/notifier.ts';
import type { ShellSession } from './shell-session.ts';

const MINUTE_MS = 60_000;
const FORGET_MINUTES = 10;
const FORGET_BUTTON = 0;

export const SHELL_ACTIONS = [
  'checkpoint',
  'pause-15',
  'pause-60',
  'pause',
  'resume',
  'forget',
  'restore-latest',
  'lock',
  'open',
  'install-update',
  'quit',
] as const;
export type ShellAction = (typeof SHELL_ACTIONS)[number];
/** Never rejects. */
export type PerformAction = (action: ShellAction) => Promise<void>;

export interface ActionsDeps {
  readonly electron: Pick<ElectronApi, 'app' | 'dialog'>;
  readonly session: ShellSession;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly show: (path?: string) => void;
  readonly installUpdate: () => Promise<void>;
  /** A moment as the user writes it: it becomes part of a name. */
  readonly formatMoment: (timeMs: number) => string;
}

export function createActions(deps: ActionsDeps): PerformAction {
  return async (action) => {
    try {
      await perform(action, deps);
    } catch (error) {
      const { message, hint } = toPlainError(error);
      deps.notifier.show({ title: 'Cairn', body: `${message} ${hint}`.trim(), onClick: () => deps.show() });
    }
  };
}

async function perform(action: ShellAction, deps: ActionsDeps): Promise<void> {
  const { session, clock } = deps;
  switch (action) {
    case 'checkpoint':
      return makeCheckpoint(deps);
    case 'pause-15':
      return session.pause(clock.nowMs() + 15 * MINUTE_MS);
    case 'pause-60':
      return session.pause(clock.nowMs() + 60 * MINUTE_MS);
    case 'pause':
      return session.pause(null);
    case 'resume':
      return session.resume();
    case 'forget':
      return forget(deps);
    case 'restore-latest':
      return deps.show('/restore/latest');
    case 'lock':
      return session.lock();
    case 'open':
      return deps.show();
    case 'install-update':
      return deps.installUpdate();
    case 'quit':
      return deps.electron.app.quit();
    default:
      return assertNever(action);
  }
}

async function makeCheckpoint(deps: ActionsDeps): Promise<void> {
  const { session, clock, notifier, formatMoment } = deps;
  const name = `Checkpoint ${formatMoment(clock.nowMs())}`;
  const made = await session.checkpoint({ name, description: '', tags: [], priority: 'normal', pinned: false });
  notifier.show({
    title: 'Checkpoint made',
    body: name,
    action: { label: 'Undo', run: () => void undoCheckpoint(made, deps) },
  });
}

async function undoCheckpoint({ id }: Checkpoint, { session, notifier }: ActionsDeps): Promise<void> {
  try {
    await session.deleteCheckpoint(id);
  } catch (error) {
    const { message, hint } = toPlainError(error);
    notifier.show({ title: 'The checkpoint is still there', body: `${message} ${hint}`.trim() });
  }
}

async function forget({ electron, session }: ActionsDeps): Promise<void> {
  const { response } = await electron.dialog.showMessageBox({
    type: 'warning',
    title: 'Cairn',
    message: `Forget the last ${FORGET_MINUTES} minutes?`,
    detail: 'Everything captured in them is removed and cannot be brought back. Checkpoints stay.',
    buttons: ['Forget', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  if (response === FORGET_BUTTON) await session.forget(FORGET_MINUTES);
}
