// What the window shows and how. It comes back after a restart; since it may name what was captured, it is kept sealed in the vault. The
// theme alone is needed before the vault is open, and says nothing: it stands in the browser's own storage too.

import { create } from 'zustand';

import type { TimelineFilter, UiState } from '../../shared/contract/schemas.ts';
import { api } from '../client/client.ts';

export type Theme = NonNullable<UiState['theme']>;

interface UiStore {
  readonly theme: Theme;
  readonly filter: TimelineFilter;
  readonly setup: UiState['setup'];
  /** Where the window was when it was last open; null once that was used. */
  readonly lastPath: string | null;
  readonly hasLoaded: boolean;
}

const SAVE_AFTER_MS = 600;
const THEME_KEY = 'cairn-theme';

export const useUi = create<UiStore>(() => ({
  theme: readTheme(),
  filter: {},
  setup: undefined,
  lastPath: null,
  hasLoaded: false,
}));

let path: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads what was kept, after an unlock. */
export async function loadUiState(): Promise<void> {
  const { state } = await api.settings.uiState();
  useUi.setState((before) => ({
    theme: state?.theme ?? before.theme,
    filter: state?.filter ?? {},
    setup: state?.setup,
    lastPath: state?.path ?? null,
    hasLoaded: true,
  }));
}

/** Forgets what was loaded: the vault was locked. */
export function forgetUiState(): void {
  useUi.setState({ filter: {}, lastPath: null, hasLoaded: false });
}

export function setTheme(theme: Theme): void {
  useUi.setState({ theme });
  localStorage.setItem(THEME_KEY, theme);
  save();
}

export function setFilter(filter: TimelineFilter): void {
  useUi.setState({ filter });
  save();
}

export function setSetup(setup: UiState['setup']): void {
  useUi.setState({ setup });
  save();
}

/** Notes where the window is. */
export function notePath(next: string): void {
  path = next;
  if (useUi.getState().hasLoaded) save();
}

function save(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const { theme, filter, setup, hasLoaded } = useUi.getState();
    if (!hasLoaded) return;
    const state: UiState = {
      theme,
      filter,
      ...(setup === undefined ? {} : { setup }),
      ...(path === undefined ? {} : { path }),
    };
    // A lock in between loses a position, nothing more.
    api.settings.setUiState({ state }).catch(() => undefined);
  }, SAVE_AFTER_MS);
}

function readTheme(): Theme {
  const stored = localStorage.getItem(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}
