// A line above the timeline for somebody who has just come back. It asks for nothing, and goes for good once it was closed or followed.

import './where-was-i.css';

import { Footprints, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';

import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { IconButton } from '../../components/button.tsx';
import { useNow } from '../../components/use-now.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { setSeenAbsence, useUi } from '../../stores/ui.ts';
import { hasJustReturned, tellAbsence, tellInShort } from './tell-absence.ts';

const ASK_AGAIN_MS = 10 * 60_000;

export function AwayCard() {
  const [location] = useLocation();
  const isHome = location === '/';
  const turn = useReturns();
  const seen = useUi((ui) => ui.seenAbsence);
  const now = useNow();
  // Where it cannot be told nobody misses it: the screen itself says why.
  const { data, reload } = useQuery('where-was-i', (signal) => api.timeline.whereWasI({}, { signal }), {
    isEnabled: isHome && turn > 0,
  });
  useEffect(() => {
    if (turn > 1) reload();
  }, [turn, reload]);
  if (!isHome || data === null || data.leftAt === seen || !hasJustReturned(data, now)) return null;
  const { leftAt } = data;
  return (
    <section className="away" aria-label="Where was I?">
      <Footprints size={18} aria-hidden style={{ flex: 'none' }} />
      <p className="grow">
        <strong>{tellAbsence(data, now)}</strong> <span className="captured">{plainTitle(tellInShort(data))}</span>
      </p>
      <Link className="button" href="/where-was-i" onClick={() => setSeenAbsence(leftAt)}>
        Where was I?
      </Link>
      <IconButton label="Close this note" icon={<X size={16} />} onClick={() => setSeenAbsence(leftAt)} />
    </section>
  );
}

/** Counts the times that somebody may have come back: the first is when the window has nothing better to do. */
function useReturns(): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let askedAtMs = 0;
    const ask = (): void => {
      if (document.visibilityState !== 'visible' || Date.now() - askedAtMs < ASK_AGAIN_MS) return;
      askedAtMs = Date.now();
      setTurn((before) => before + 1);
    };
    const first = requestIdleCallback(ask, { timeout: 3_000 });
    window.addEventListener('focus', ask);
    document.addEventListener('visibilitychange', ask);
    return () => {
      cancelIdleCallback(first);
      window.removeEventListener('focus', ask);
      document.removeEventListener('visibilitychange', ask);
    };
  }, []);
  return turn;
}
