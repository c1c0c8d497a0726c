// How Cairn stands, as the core tells it: the one source of truth for every screen's locked, missing and damaged states.

import { create } from 'zustand';

import type { AppEvent, Status } from '../../shared/contract/schemas.ts';
import { api, onConnection, type Connection } from '../client/client.ts';

interface StatusStore {
  readonly connection: Connection;
  /** Null until the core has said it for the first time. */
  readonly status: Status | null;
}

export const useStatus = create<StatusStore>(() => ({ connection: 'connecting', status: null }));

const listeners = new Set<(event: AppEvent) => void>();
const returnListeners = new Set<() => void>();
let wasLost = false;

/** Calls back on each event of the core; the result undoes it. */
export function onAppEvent(listener: (event: AppEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls back each time the connection has come back, once it is known how Cairn stands: what happened meanwhile was not heard of. */
export function onReturn(listener: () => void): () => void {
  returnListeners.add(listener);
  return () => returnListeners.delete(listener);
}

/** Takes a status that a call has answered with, so that the screen need not wait for the event. */
export function takeStatus(status: Status): void {
  useStatus.setState({ status });
}

/** Listens to the core, again after each loss of the connection. Called once. */
export function followStatus(): void {
  onConnection((connection) => {
    useStatus.setState({ connection });
    if (connection === 'lost') wasLost = true;
    if (connection === 'connected') void listen();
  });
}

async function listen(): Promise<void> {
  try {
    for await (const event of await api.events()) {
      if (event.type === 'status') takeStatus(event.status);
      for (const listener of listeners) listener(event);
      if (!wasLost) continue;
      wasLost = false;
      for (const listener of returnListeners) listener();
    }
  } catch {
    // The connection was lost: the next one listens again.
  }
}
