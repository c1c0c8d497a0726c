// Which browser profiles have the extension, live: a helper program is the child of its browser, whose process number the profile's own lock
// names. Where several profiles share one browser process, the profile is told by the probe that the extension keeps in its storage there.

import { readProcess } from '../../host/proc.ts';
import { watchFolders } from '../../host/watch-folders.ts';
import type { Host, WatchContext } from '../../source.ts';
import { readHost, watchHost } from './host-client.ts';
import { parseState, type ExtensionState } from './parse-state.ts';
import { findSockets, pidOf, runtimeFolders, type FoundSocket } from './runtime-folder.ts';

/** A socket is there a moment before it can be connected to. */
const SETTLE_MS = 300;

/** A profile of a browser that may run. */
export interface RunningProfile {
  readonly dir: string;
  /** The browser's process; null where it does not run. */
  readonly browserPid: number | null;
}

export interface LiveProfile extends ExtensionState {
  readonly dir: string;
  readonly socketPath: string;
}

/** Tells which of the profiles of one browser process it is; null where that cannot be known. */
export type TellProfile<Profile extends RunningProfile> = (
  state: ExtensionState,
  profiles: readonly Profile[],
) => Profile | null;

export interface LiveReading {
  readonly live: readonly LiveProfile[];
  /** An extension answered, and no profile could be told to be its own. */
  readonly hasUnknown: boolean;
}

/** Reads what the extensions of these profiles say. Profiles without one are not in the result. Never throws. */
export async function readLiveProfiles<Profile extends RunningProfile>(
  host: Host,
  profiles: readonly Profile[],
  tellProfile: TellProfile<Profile>,
  signal: AbortSignal,
): Promise<LiveReading> {
  const live: LiveProfile[] = [];
  let hasUnknown = false;
  for (const { socket, candidates } of findOwn(host, profiles)) {
    const state = parseState(await readHost(socket, signal));
    if (state === null) continue;
    const profile = tellProfile(state, candidates);
    if (profile === null) hasUnknown = true;
    else if (live.every(({ dir }) => dir !== profile.dir))
      live.push({ ...state, dir: profile.dir, socketPath: socket.path });
  }
  return { live, hasUnknown };
}

/** Signals each change that the extensions of these profiles tell, and when one comes or goes; until the signal. */
export function watchLiveProfiles(context: WatchContext, findProfiles: () => readonly RunningProfile[]): void {
  const { host, signal } = context;
  const watched = new Set<string>();
  let isDue = false;
  const look = (): void => {
    isDue = false;
    if (signal.aborted) return;
    for (const { socket } of findOwn(host, findProfiles())) {
      if (watched.has(socket.path)) continue;
      watched.add(socket.path);
      watchHost(socket, {
        signal,
        onChange: () => context.onChange(),
        onEnd: () => {
          watched.delete(socket.path);
          if (!signal.aborted) context.onChange();
        },
      });
      context.onChange();
    }
  };
  const lookSoon = (): void => {
    if (isDue) return;
    isDue = true;
    setTimeout(look, SETTLE_MS).unref();
  };
  const isRelevant = (path: string): boolean => pidOf(path.slice(path.lastIndexOf('/') + 1)) > 0;
  watchFolders({ roots: runtimeFolders(host), isRelevant, signal, onChange: lookSoon });
  lookSoon();
}

/** The helper programs that a browser of these profiles has started. */
function findOwn<Profile extends RunningProfile>(
  host: Host,
  profiles: readonly Profile[],
): { readonly socket: FoundSocket; readonly candidates: readonly Profile[] }[] {
  if (profiles.every(({ browserPid }) => browserPid === null)) return [];
  return findSockets(host).flatMap((socket) => {
    const parent = readProcess(host.procDir, socket.pid)?.parentPid;
    const candidates = profiles.filter(({ browserPid }) => browserPid !== null && browserPid === parent);
    return candidates.length === 0 ? [] : [{ socket, candidates }];
  });
}
