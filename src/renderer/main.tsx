// The entry of the window: connects to the core and shows the app.

import './app/without-eval.ts';
import './components/tokens.css';
import './components/components.css';
import './app/app.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app/app.tsx';
import { LazyUnlock } from './app/lazy.tsx';
import { followTheme } from './app/theme.ts';
import { connect } from './client/client.ts';
import { followRestores } from './stores/restoring.ts';
import { followStatus } from './stores/status.ts';
import { followSync } from './stores/sync.ts';
import { saveNow } from './stores/ui.ts';

// What is most likely to be shown first, while the connection is made.
LazyUnlock.preload();
followTheme();
followStatus();
followRestores();
followSync();
connect();
window.addEventListener('pagehide', saveNow);

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
