// A connection to the extension of one profile, for a restore and its undo.

import { setTimeout as delay } from 'node:timers/promises';

import type { Host, RestoreContext } from '../../source.ts';
import type { LiveProfile } from './live-profiles.ts';

/** A browser that has to start, on a slow machine, with many extensions. */
const START_MS = 30_000;
const POLL_MS = 250;
/** Browsers bring tabs back by themselves some time after they have begun, and these must not come twice. */
const QUIET_MS = 2_000;

export interface ExtensionConnection {
  readonly profile: LiveProfile;
  /** True where the browser was started for it: then it shows an empty window that may be filled. */
  readonly wasStarted: boolean;
  /** Windows by the address of a tab that a browser which was started has brought back by itself; taken as they are found. */
  readonly broughtBack: Map<string, number[]>;
}

/**
 * `gone`: the browser runs, and its extension does not answer any more. `late`: the browser was started for it, and the extension did not
 * come; what the browser has brought back by itself is not known then.
 */
export type ConnectResult = ExtensionConnection | 'gone' | 'late';
export type ConnectExtension = (profileDir: string, context: RestoreContext) => Promise<ConnectResult>;
/** The extension of a profile as it answers now; null where it does not. */
export type FindConnection = (profileDir: string, host: Host, signal: AbortSignal) => Promise<LiveProfile | null>;

export interface ConnectDeps {
  readonly find: FindConnection;
  readonly isRunning: () => boolean;
  /** @throws Error where the browser cannot be started */
  readonly start: () => Promise<void>;
}

/** The live extension of a profile; where its browser does not run it is started, and waited for. @throws Error of the start */
export async function connectExtension(
  profileDir: string,
  { host, signal }: RestoreContext,
  deps: ConnectDeps,
): Promise<ConnectResult> {
  const present = await deps.find(profileDir, host, signal);
  if (present !== null) return { profile: present, wasStarted: false, broughtBack: new Map() };
  if (deps.isRunning()) return 'gone';
  await deps.start();
  let seen = '';
  let quietMs = 0;
  for (let waitedMs = 0; waitedMs < START_MS && !signal.aborted; waitedMs += POLL_MS) {
    await delay(POLL_MS);
    const profile = await deps.find(profileDir, host, signal);
    if (profile === null || profile.windows.length === 0) continue;
    const tabs = profile.windows.map((window) => window.tabs.map(({ browserId }) => browserId)).join(';');
    quietMs = tabs === seen ? quietMs + POLL_MS : 0;
    seen = tabs;
    if (quietMs >= QUIET_MS) return { profile, wasStarted: true, broughtBack: windowsByUrl(profile) };
  }
  return 'late';
}

function windowsByUrl({ windows }: LiveProfile): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { browserId, tabs } of windows) {
    for (const url of tabs.map(({ history }) => history[0]?.url ?? ''))
      found.set(url, [...(found.get(url) ?? []), browserId]);
  }
  return found;
}
