// What the window shows and how. It comes back after a restart; since it may name what was captured, it is kept sealed in the vault. The
// theme alone is needed before the vault is open, and says nothing: it is a setting, and stands in the browser's own storage until that
// is known.

import { create } from 'zustand';

import type { Status, TimelineFilter, UiState } from '../../shared/contract/schemas.ts';
import type { Theme } from '../../shared/model/theme.ts';
import { api } from '../client/client.ts';

interface UiStore {
  readonly theme: Theme;
  readonly filter: TimelineFilter;
  readonly setup: UiState['setup'];
  /** The time of leaving that somebody was told of already. */
  readonly seenAbsence: string | null;
  /** Where the window was when it was last open; null once that was used. */
  readonly lastPath: string | null;
  /** Where somebody asked to go while the window could not: it goes there first. */
  readonly wantedPath: string | null;
  readonly hasLoaded: boolean;
}

const SAVE_EVERY_MS = 600;
const THEME_KEY = 'cairn-theme';

export const useUi = create<UiStore>(() => ({
  theme: readTheme(),
  filter: {},
  setup: undefined,
  seenAbsence: null,
  lastPath: null,
  wantedPath: null,
  hasLoaded: false,
}));

let path: string | undefined;
let isUnsaved = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads what was kept, after an unlock. */
export async function loadUiState(): Promise<void> {
  const { state } = await api.settings.uiState();
  path = state?.path;
  useUi.setState({
    filter: state?.filter ?? {},
    setup: state?.setup,
    seenAbsence: state?.seenAbsence ?? null,
    lastPath: state?.path ?? null,
    hasLoaded: true,
  });
}

/** Forgets what was loaded: the vault was locked. */
export function forgetUiState(): void {
  useUi.setState({ filter: {}, seenAbsence: null, lastPath: null, hasLoaded: false });
}

/** Takes the theme that the settings say. */
export function takeTheme({ theme }: Status): void {
  if (theme === useUi.getState().theme) return;
  localStorage.setItem(THEME_KEY, theme);
  useUi.setState({ theme });
}

/** Chooses one, for every window from now on. @throws AppError where the settings cannot be written; the window keeps it until it closes */
export async function setTheme(theme: Theme): Promise<void> {
  useUi.setState({ theme });
  localStorage.setItem(THEME_KEY, theme);
  await api.settings.set({ key: 'app.theme', value: theme });
}

export function setFilter(filter: TimelineFilter): void {
  useUi.setState({ filter });
  save();
}

export function setSetup(setup: UiState['setup']): void {
  useUi.setState({ setup });
  save();
}

/** Somebody was told where they were when they left then. */
export function setSeenAbsence(leftAt: string | null): void {
  if (leftAt === useUi.getState().seenAbsence) return;
  useUi.setState({ seenAbsence: leftAt });
  save();
}

/** Notes where the window is. */
export function notePath(next: string): void {
  if (next === path) return;
  path = next;
  if (useUi.getState().hasLoaded) save();
}

/** The first change at once, those that follow it shortly together. */
function save(): void {
  isUnsaved = true;
  if (timer === undefined) saveNow();
}

/** Saves what is not saved yet: the page is about to go. */
export function saveNow(): void {
  clearTimeout(timer);
  timer = undefined;
  const { filter, setup, seenAbsence, hasLoaded } = useUi.getState();
  if (!isUnsaved || !hasLoaded) return;
  isUnsaved = false;
  timer = setTimeout(saveNow, SAVE_EVERY_MS);
  const state: UiState = {
    filter,
    ...(setup === undefined ? {} : { setup }),
    ...(seenAbsence === null ? {} : { seenAbsence }),
    ...(path === undefined ? {} : { path }),
  };
  // A lock in between loses a position, nothing more.
  api.settings.setUiState({ state }).catch(() => undefined);
}

function readTheme(): Theme {
  const stored = localStorage.getItem(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}
