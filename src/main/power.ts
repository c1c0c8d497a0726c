// What happens to the machine: it sleeps, its screen locks, it goes down, nobody is there. Each is captured before, and the vault is
// locked where the settings say so; but never under a restore that runs.

import type { Clock } from '../core/clock.ts';
import type { ElectronApi } from './electron-api.ts';
import { every } from './every.ts';
import type { SettingsWatch } from './settings-watch.ts';
import type { ShellSession } from './shell-session.ts';
import { within } from './within.ts';

/** What systems grant before they go on. */
const CAPTURE_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 15_000;

export interface PowerDeps {
  readonly powerMonitor: ElectronApi['powerMonitor'];
  readonly session: ShellSession;
  readonly settings: SettingsWatch;
  readonly clock: Clock;
  /** The system goes down: everything is closed, and the app ends. */
  readonly endNow: () => Promise<void>;
}

export function setupPower({ powerMonitor, session, settings, clock, endNow }: PowerDeps): void {
  /** Something asked for a lock while a restore ran. */
  let isLockDue = false;
  const isOpen = (): boolean => session.status().vault === 'unlocked';
  const lock = async (): Promise<void> => {
    isLockDue = session.isRestoring && isOpen();
    // A vault that cannot be locked now is tried again at the next look.
    if (!isLockDue && isOpen()) await session.lock().catch(() => undefined);
  };
  const capture = async (): Promise<void> => {
    if (isOpen() && session.status().capture.state !== 'paused')
      await within(session.capture({ kind: 'automatic' }), CAPTURE_WITHIN_MS, clock);
  };
  const captureAndLock = async (shouldLock: boolean): Promise<void> => {
    await capture();
    if (shouldLock) await lock();
  };

  powerMonitor.on('suspend', () => void captureAndLock(settings.current()?.lock.onSleep ?? false));
  powerMonitor.on('lock-screen', () => void captureAndLock(settings.current()?.lock.onScreenLock ?? false));
  powerMonitor.on('resume', () => void capture());
  powerMonitor.on('shutdown', (event?: { preventDefault(): void }) => {
    event?.preventDefault();
    void endNow();
  });
  every(
    LOOK_EVERY_MS,
    () => {
      const afterIdleMs = settings.current()?.lock.afterIdleMs ?? 0;
      const isIdle = afterIdleMs > 0 && powerMonitor.getSystemIdleTime() * 1_000 >= afterIdleMs;
      if (isLockDue || isIdle) void lock();
    },
    clock,
  );
}
