// What the window shows: the state of connection and vault decides first, the address then.

import { useEffect } from 'react';
import { Router } from 'wouter';

import { Loading } from '../components/feedback.tsx';
import { Toasts } from '../components/toasts.tsx';
import { goAfterNotes } from '../stores/leaving.ts';
import { forgetUiState, loadUiState, useUi } from '../stores/ui.ts';
import { onAppEvent, useStatus } from '../stores/status.ts';
import { forgetRestoring } from '../stores/restoring.ts';
import { showToast } from '../stores/toasts.ts';
import { forgetWorks } from '../stores/works.ts';
import { LazyDamaged, LazyFirstRun, LazyUnlock, Screen } from './lazy.tsx';
import { Shell } from './shell.tsx';

export function App() {
  return (
    <Router aroundNav={goAfterNotes}>
      <Content />
      <Toasts />
    </Router>
  );
}

function Content() {
  const { connection, status } = useStatus();
  const { hasLoaded, setup } = useUi();
  const vault = status?.vault;

  useEffect(
    () =>
      onAppEvent((event) => {
        // A link or the tray may lead somewhere while the vault is locked: the window goes there once it is open.
        if (event.type === 'navigate') useUi.setState({ wantedPath: event.path });
        if (event.type === 'notice') showToast({ text: event.text, tone: 'info' });
      }),
    [],
  );
  useEffect(() => {
    if (vault !== 'unlocked') {
      forgetUiState();
      forgetWorks();
      forgetRestoring();
    } else if (!useUi.getState().hasLoaded) {
      // A vault that the first run has just made holds no state yet: what is known here counts.
      loadUiState().catch(() => useUi.setState({ hasLoaded: true }));
    }
  }, [vault]);

  if (connection === 'refused') return <NotLoggedIn />;
  if (status === null) return <Loading what="Connecting to Cairn" />;
  // One element for both, so that the first run stays as it is while its vault comes to be.
  if (vault === 'missing' || (vault === 'unlocked' && hasLoaded && setup !== undefined && setup !== 'done'))
    return (
      <Screen>
        <LazyFirstRun />
      </Screen>
    );
  if (vault === 'locked')
    return (
      <Screen>
        <LazyUnlock />
      </Screen>
    );
  if (vault === 'damaged')
    return (
      <Screen>
        <LazyDamaged />
      </Screen>
    );
  if (!hasLoaded) return <Loading />;
  return <Shell />;
}

/** Serve only: the address that was opened carried no code that holds. */
function NotLoggedIn() {
  return (
    <main className="empty">
      <h1>This browser is not logged in</h1>
      <p className="soft">
        Each address that <code className="mono">cairn serve</code> prints is good once. Run it again in a terminal: it
        gives a new one, and the window opens.
      </p>
    </main>
  );
}
