// Each screen is loaded when it is first shown, which keeps the start small.

import { Component, useEffect, useState, type ComponentType, type ErrorInfo, type ReactNode } from 'react';

import { AppError } from '../../shared/model/app-error.ts';
import { ErrorMessage, Loading } from '../components/feedback.tsx';

export const LazyFirstRun = lazyScreen(async () => (await import('../features/first-run/first-run.tsx')).FirstRun);
export const LazyUnlock = lazyScreen(async () => (await import('../features/unlock/unlock.tsx')).Unlock);
export const LazyDamaged = lazyScreen(async () => (await import('../features/unlock/damaged.tsx')).Damaged);
export const LazyRecovery = lazyScreen(async () => (await import('../features/recovery/recovery.tsx')).Recovery);
export const LazySnapshot = lazyScreen(async () => (await import('../features/snapshot/snapshot.tsx')).SnapshotScreen);
export const LazyItemHistory = lazyScreen(
  async () => (await import('../features/snapshot/item-history.tsx')).ItemHistory,
);
export const LazyCompare = lazyScreen(async () => (await import('../features/compare/compare.tsx')).Compare);
export const LazyRestore = lazyScreen(async () => (await import('../features/restore/restore.tsx')).Restore);
export const LazyCheckpoints = lazyScreen(
  async () => (await import('../features/checkpoints/checkpoints.tsx')).Checkpoints,
);
export const LazySessions = lazyScreen(async () => (await import('../features/sessions/sessions.tsx')).Sessions);
export const LazySession = lazyScreen(
  async () => (await import('../features/sessions/session-screen.tsx')).SessionScreen,
);
export const LazyPublished = lazyScreen(
  async () => (await import('../features/sessions/publish/published.tsx')).Published,
);
export const LazyPublishedSession = lazyScreen(
  async () => (await import('../features/sessions/publish/published-session.tsx')).PublishedSession,
);
export const LazySearch = lazyScreen(async () => (await import('../features/search/search.tsx')).SearchScreen);
export const LazySettings = lazyScreen(async () => (await import('../features/settings/settings.tsx')).Settings);
export const LazyStatistics = lazyScreen(
  async () => (await import('../features/statistics/statistics.tsx')).StatisticsScreen,
);
export const LazyDiagnostics = lazyScreen(
  async () => (await import('../features/diagnostics/diagnostics.tsx')).Diagnostics,
);
export const LazyWhereWasI = lazyScreen(
  async () => (await import('../features/where-was-i/where-was-i.tsx')).WhereWasI,
);
export const LazyPalette = lazyScreen(async () => (await import('../features/palette/palette.tsx')).Palette);

/** Loads in idle time what must not keep anybody waiting. */
export function preloadWhenIdle(): void {
  const load = (): void => {
    for (const screen of [LazySnapshot, LazyPalette, LazyRestore, LazySearch]) screen.preload();
  };
  requestIdleCallback(load, { timeout: 2_000 });
}

interface LazyScreen<Props> {
  (props: Props): ReactNode;
  /** Begins to load it; what fails is tried again when it is shown. */
  readonly preload: () => void;
}

/**
 * A screen in a file of its own. React's own `lazy` shows its fallback for 300 ms at least, also where the file was there already: this
 * one shows what has been loaded at once.
 */
function lazyScreen<Props extends object>(load: () => Promise<ComponentType<Props>>): LazyScreen<Props> {
  let loaded: ComponentType<Props> | null = null;
  let loading: Promise<void> | null = null;
  const begin = (): Promise<void> => {
    loading ??= load().then(
      (screen) => {
        loaded = screen;
      },
      (error: unknown) => {
        loading = null;
        throw error;
      },
    );
    return loading;
  };
  function Lazy(props: Props): ReactNode {
    const [turn, setTurn] = useState({ error: null as unknown });
    useEffect(() => {
      if (loaded !== null) return;
      begin().then(
        () => setTurn({ error: null }),
        (error: unknown) => setTurn({ error: error ?? new Error('not loaded') }),
      );
    }, []);
    // The boundary around it tells, and offers to try again.
    if (turn.error !== null) throw turn.error;
    const Loaded = loaded;
    return Loaded === null ? <Loading /> : <Loaded {...props} />;
  }
  return Object.assign(Lazy, { preload: () => void begin().catch(() => undefined) });
}

/** Waits for a screen, and keeps an error in it from taking the window down. */
export function Screen({ children }: { readonly children: ReactNode }) {
  return <ErrorBoundary>{children}</ErrorBoundary>;
}

class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(_error: Error, _info: ErrorInfo): void {
    // Told on the screen; an error's own text may hold what was captured, so it goes nowhere.
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    const hint = 'What was captured is safe. Go to another screen, or load the window again.';
    return (
      <div className="page">
        <ErrorMessage
          error={new AppError('BUG', 'This screen could not be shown.', { hint, isRetryable: true })}
          onRetry={() => this.setState({ hasFailed: false })}
        />
      </div>
    );
  }
}
