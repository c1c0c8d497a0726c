// Tells trouble once, and again only after two hours: never every hour, and not anew each time that something comes and goes.

import type { Status } from '../../shared/contract/schemas.ts';
import type { Clock } from '../../core/clock.ts';
import type { ShellSession } from '../shell-session.ts';
import { describeState } from '../tray/describe-state.ts';
import type { Notifier } from './notifier.ts';

const TELL_AGAIN_AFTER_MS = 2 * 3_600_000;

export interface Trouble {
  /** The same key is the same trouble. */
  readonly key: string;
  readonly text: string;
}

export interface TroubleTellerDeps {
  readonly session: ShellSession;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly show: () => void;
  /** In front, the window shows notices itself. */
  readonly isWindowFocused: () => boolean;
  readonly formatTime: (timeMs: number) => string;
}

/** Listens to the session; the result looks at the status as it stands now, since silence is no event. */
export function setupTroubleTeller(deps: TroubleTellerDeps): () => void {
  const { session, clock, notifier, isWindowFocused } = deps;
  const toldAtMs = new Map<string, number>();
  const tell = ({ key, text }: Trouble): void => {
    const nowMs = clock.monotonicMs();
    const earlierMs = toldAtMs.get(key);
    // Being locked is no trouble that grows: once is enough.
    if (earlierMs !== undefined && (key === 'locked' || nowMs - earlierMs < TELL_AGAIN_AFTER_MS)) return;
    toldAtMs.set(key, nowMs);
    notifier.show({ title: 'Cairn', body: text, onClick: deps.show });
  };
  const look = (status: Status): void => {
    const trouble = findTrouble(status, { nowMs: clock.nowMs(), formatTime: deps.formatTime });
    // Who looks at the window sees that it is locked.
    if (trouble !== null && !(trouble.key === 'locked' && isWindowFocused())) tell(trouble);
  };
  session.on((event) => {
    if (event.type === 'status') look(event.status);
    if (event.type === 'notice' && event.undo === undefined && !isWindowFocused())
      tell({ key: event.text, text: event.text });
  });
  return () => look(session.status());
}

/** What the user has to know of, or null. A single capture that failed is none: the next one is half a minute away. */
export function findTrouble(
  status: Status,
  facts: { readonly nowMs: number; readonly formatTime: (timeMs: number) => string },
): Trouble | null {
  const { vault, problem, capture } = status;
  if (vault === 'damaged') {
    return { key: 'damaged', text: problem?.message ?? 'The vault cannot be opened. Open Cairn to see what is safe.' };
  }
  const isOn = status.sources.some(({ isEnabled }) => isEnabled);
  if (vault === 'locked' && capture.state === 'off' && isOn)
    return { key: 'locked', text: 'Cairn is locked and captures nothing. Click to unlock it.' };
  const isFailing = capture.state === 'failing' && (capture.isLate || vault === 'locked');
  if (!isFailing && (!capture.isLate || capture.state === 'paused' || capture.state === 'off')) return null;
  const why = capture.failure === undefined ? '' : ` ${capture.failure.message}`;
  return { key: 'no-capture', text: `${sentence(describeState(status, facts))}${why}` };
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
