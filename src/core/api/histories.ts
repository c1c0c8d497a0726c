// Whose history a question is about: the own one, or another device's as it is here.

import { AppError } from '../../shared/model/app-error.ts';
import type { AppSession } from '../session/session.ts';
import { Timeline } from '../timeline/timeline.ts';
import type { Vault } from '../vault/vault.ts';

export interface History {
  readonly vault: Vault;
  readonly timeline: Timeline;
  /** False for the own one. */
  readonly isOther: boolean;
}

/** @throws AppError DEVICE_NOT_FOUND, and as `AppSession.unlocked` */
export async function withHistory<Result>(
  session: AppSession,
  device: string | undefined,
  work: (history: History) => Promise<Result> | Result,
): Promise<Result> {
  const { app, timeline, sync } = session.unlocked();
  if (device === undefined) return work({ vault: app.vault, timeline, isOther: false });
  if (sync === null)
    throw new AppError('DEVICE_NOT_FOUND', 'There is no such device.', { hint: 'This vault does not sync.' });
  if (await sync.isThisDevice(device)) return work({ vault: app.vault, timeline, isOther: false });
  return sync.withDevice(device, async (vault) => {
    const other = new Timeline({ vault, nowMs: () => session.app.clock.nowMs(), settings: () => app.config() });
    return work({ vault, timeline: other, isOther: true });
  });
}

/** Reads of another device's history, each of which opens it as long as it lasts. */
export function historyReader(
  session: AppSession,
  device: string,
): Pick<Vault, 'resolveSnapshot' | 'readSnapshot' | 'readStream'> {
  return {
    resolveSnapshot: (...values) => withHistory(session, device, ({ vault }) => vault.resolveSnapshot(...values)),
    readSnapshot: (...values) => withHistory(session, device, ({ vault }) => vault.readSnapshot(...values)),
    readStream: (...values) => withHistory(session, device, ({ vault }) => vault.readStream(...values)),
  };
}
