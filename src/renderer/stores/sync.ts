// How sync stands, for the frame and its settings; and whose history the window shows.

import { create } from 'zustand';

import { fromContractError } from '../../shared/contract/errors.ts';
import type { SyncStatus } from '../../shared/contract/sync.ts';
import type { AppError } from '../../shared/model/app-error.ts';
import { api } from '../client/client.ts';
import { onAppEvent, onReturn, useStatus } from './status.ts';

interface SyncStore {
  /** Null until it was read. */
  readonly status: SyncStatus | null;
  /** Why it could not be read. */
  readonly error: AppError | null;
  /** The other device whose history is looked at; null for this one. */
  readonly device: { readonly id: string; readonly name: string } | null;
}

const NOTHING: SyncStore = { status: null, error: null, device: null };

export const useSync = create<SyncStore>(() => NOTHING);

/** Listens to what concerns sync, while the vault is open. Called once. */
export function followSync(): void {
  let isOpen = false;
  useStatus.subscribe(({ status }) => {
    const isOpenNow = status?.vault === 'unlocked';
    if (isOpenNow === isOpen) return;
    isOpen = isOpenNow;
    // What was known of the vault that was locked is forgotten.
    useSync.setState(NOTHING);
    if (isOpen) readSync();
  });
  onReturn(() => isOpen && readSync());
  onAppEvent(({ type }) => {
    if (isOpen && (type === 'sync.changed' || type === 'devices.changed')) readSync();
  });
}

/** Takes what a call has answered with, so that nobody waits for the event. */
export function takeSync(status: SyncStatus): void {
  useSync.setState({ status, error: null });
}

export function readSync(): void {
  api.sync.status().then(takeSync, (error: unknown) => useSync.setState({ error: fromContractError(error) }));
}

export function lookAtDevice(device: SyncStore['device']): void {
  useSync.setState({ device });
}

/** For calls about the past: of which device, where it is not this one. */
export function ofDevice(): { readonly device?: string } {
  const { device } = useSync.getState();
  return device === null ? {} : { device: device.id };
}
