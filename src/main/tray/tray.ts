// Keeps the tray and the application menu at what is going on. Not every desktop shows a tray: nothing depends on it.

import { join } from 'node:path';

import type { Clock } from '../../core/clock.ts';
import type { PerformAction } from '../actions.ts';
import type { ElectronApi } from '../electron-api.ts';
import { every } from '../every.ts';
import type { ShellSession } from '../shell-session.ts';
import { describeState, trayLook } from './describe-state.ts';
import { applicationTemplate, menuTemplate } from './menu-template.ts';
import { trayMenu, type TrayFacts } from './tray-menu.ts';

const REFRESH_EVERY_MS = 15_000;

export interface TrayDeps {
  readonly electron: Pick<ElectronApi, 'Menu' | 'Tray' | 'nativeImage'>;
  readonly session: ShellSession;
  readonly clock: Clock;
  readonly platform: NodeJS.Platform;
  /** The folder of the tray's pictures. */
  readonly images: string;
  readonly perform: PerformAction;
  readonly facts: () => TrayFacts;
}

/** The result shows what changed without an event of the session. */
export function setupTray(deps: TrayDeps): () => void {
  const { electron, session, clock, platform, images, perform, facts } = deps;
  const pictureOf = (look: ReturnType<typeof trayLook>) => electron.nativeImage.createFromPath(picturePath(look));
  const picturePath = (look: ReturnType<typeof trayLook>): string =>
    join(images, platform === 'darwin' ? `${look}Template.png` : `${look}.png`);
  const shown = { look: trayLook(session.status()), menu: '' };
  const tray = new electron.Tray(pictureOf(shown.look));
  if (platform !== 'darwin') tray.on('click', () => void perform('open'));
  const refresh = (): void => {
    const status = session.status();
    const now = facts();
    const look = trayLook(status);
    if (look !== shown.look) tray.setImage(pictureOf(look));
    shown.look = look;
    const entries = trayMenu(status, now);
    const text = JSON.stringify(entries);
    // A menu that is set anew closes under the pointer on some desktops.
    if (text === shown.menu) return;
    shown.menu = text;
    tray.setToolTip(`Cairn: ${describeState(status, now)}`);
    tray.setContextMenu(electron.Menu.buildFromTemplate(menuTemplate(entries, perform)));
    electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(applicationTemplate(entries, perform)));
  };
  refresh();
  session.on(refresh);
  every(REFRESH_EVERY_MS, refresh, clock);
  return refresh;
}
