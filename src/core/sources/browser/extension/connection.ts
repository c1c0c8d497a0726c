// A connection to the extension of one profile, for a restore and its undo.

import { setTimeout as delay } from 'node:timers/promises';

import type { Host, RestoreContext } from '../../source.ts';
import type { LiveProfile } from './live-profiles.ts';

/** A browser that has to start, on a slow machine, with many extensions. */
const START_MS = 20_000;
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

export type ConnectExtension = (profileDir: string, context: RestoreContext) => Promise<ExtensionConnection | null>;
/** The extension of a profile as it answers now; null where it does not. */
export type FindConnection = (profileDir: string, host: Host, signal: AbortSignal) => Promise<LiveProfile | null>;

/** The live extension of a profile; where there is none the browser is started, and waited for. Null where it does not come. */
export async function connectExtension(
  profileDir: string,
  context: RestoreContext,
  deps: { readonly find: FindConnection; readonly start: () => Promise<void> },
): Promise<ExtensionConnection | null> {
  const { host, signal } = context;
  const present = await deps.find(profileDir, host, signal);
  if (present !== null) return { profile: present, wasStarted: false, broughtBack: new Map() };
  try {
    await deps.start();
    let seen = '';
    let quietMs = 0;
    for (let waitedMs = 0; waitedMs < START_MS; waitedMs += POLL_MS) {
      await delay(POLL_MS, undefined, { signal });
      const profile = await deps.find(profileDir, host, signal);
      if (profile === null || profile.windows.length === 0) continue;
      const tabs = profile.windows.map((window) => window.tabs.map(({ browserId }) => browserId)).join(';');
      quietMs = tabs === seen ? quietMs + POLL_MS : 0;
      seen = tabs;
      if (quietMs >= QUIET_MS) return { profile, wasStarted: true, broughtBack: windowsByUrl(profile) };
    }
  } catch {
    // It could not be started, or the restore was cancelled: the other way says which.
  }
  return null;
}

function windowsByUrl({ windows }: LiveProfile): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { browserId, tabs } of windows) {
    for (const url of tabs.map(({ history }) => history[0]?.url ?? ''))
      found.set(url, [...(found.get(url) ?? []), browserId]);
  }
  return found;
}
