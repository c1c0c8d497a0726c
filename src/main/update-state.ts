// How the updates stand, and how that changes: a small machine without any machinery.

import { assertNever } from '../shared/model/app-error.ts';

export type UpdateState =
  | { readonly name: 'off' }
  | { readonly name: 'idle' }
  | { readonly name: 'checking' }
  | { readonly name: 'downloading'; readonly version: string; readonly percent: number }
  | { readonly name: 'ready'; readonly version: string }
  | { readonly name: 'failed' };

export type UpdateEvent =
  | { readonly type: 'turned-off' }
  | { readonly type: 'turned-on' }
  | { readonly type: 'checking' }
  | { readonly type: 'none' }
  | { readonly type: 'available'; readonly version: string }
  | { readonly type: 'progress'; readonly percent: number }
  | { readonly type: 'downloaded'; readonly version: string }
  | { readonly type: 'failed' };

/** An event that does not belong to a state changes nothing: what is ready stays so, and what is off hears nothing. */
export function nextUpdateState(state: UpdateState, event: UpdateEvent): UpdateState {
  if (event.type === 'turned-off') return { name: 'off' };
  if (state.name === 'off') return event.type === 'turned-on' ? { name: 'idle' } : state;
  if (event.type === 'downloaded') return { name: 'ready', version: event.version };
  // A newer one may follow; until it is here, the one that is ready can be installed.
  if (state.name === 'ready') return state;
  switch (event.type) {
    case 'turned-on':
      return state;
    case 'checking':
      return { name: 'checking' };
    case 'none':
      return { name: 'idle' };
    case 'available':
      return { name: 'downloading', version: event.version, percent: 0 };
    case 'progress':
      return state.name === 'downloading' ? { ...state, percent: Math.round(event.percent) } : state;
    case 'failed':
      return { name: 'failed' };
    default:
      return assertNever(event);
  }
}

/** What the settings say of it, which is more than the tray does. */
export function explainUpdates(state: UpdateState): { readonly text: string; readonly isReady: boolean } {
  const told = describeUpdates(state);
  if (told !== null) return told;
  if (state.name === 'off') return { text: 'No updates are looked for.', isReady: false };
  return { text: state.name === 'checking' ? 'Looking for updates.' : 'There was no newer version.', isReady: false };
}

/** What the tray says of it; null where there is nothing to say. */
export function describeUpdates(state: UpdateState): { readonly text: string; readonly isReady: boolean } | null {
  switch (state.name) {
    case 'off':
    case 'idle':
    case 'checking':
      return null;
    case 'downloading':
      return { text: `Fetching update ${state.version}: ${state.percent} %`, isReady: false };
    case 'ready':
      return { text: `Update ${state.version} is installed when Cairn quits`, isReady: true };
    case 'failed':
      return { text: 'Updates could not be looked for', isReady: false };
    default:
      return assertNever(state);
  }
}
