// The frame around the screens of an open vault: where to go, how captures stand, what can be done from anywhere.

import {
  Activity,
  BookMarked,
  ChartNoAxesColumn,
  Clock,
  MessagesSquare,
  Search,
  Settings as SettingsIcon,
} from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, Redirect, Route, Switch, useLocation, useSearch } from 'wouter';

import { keyOfItemAddress } from '../components/addresses.ts';
import { Button } from '../components/button.tsx';
import { Message } from '../components/feedback.tsx';
import { formatSpan, plural } from '../components/format.ts';
import { useNow } from '../components/use-now.ts';
import { plainTitle } from '../components/visible-text.ts';
import { RestorePromptBanner } from '../features/restore/restore-prompt.tsx';
import { CaptureBar } from '../features/shell/capture-bar.tsx';
import { NewCheckpoint } from '../features/checkpoints/new-checkpoint.tsx';
import { Timeline } from '../features/timeline/timeline.tsx';
import { AwayCard } from '../features/where-was-i/away-card.tsx';
import { closeCheckpointDialog, openCheckpointDialog, useCheckpointDialog } from '../stores/checkpoint-dialog.ts';
import { lookAtDevice, useSync } from '../stores/sync.ts';
import { useStatus } from '../stores/status.ts';
import { notePath, useUi } from '../stores/ui.ts';
import {
  LazyCheckpoints,
  LazyCompare,
  LazyDiagnostics,
  LazyItemHistory,
  LazyPalette,
  LazyPublished,
  LazyPublishedSession,
  LazyRecovery,
  LazyRestore,
  LazySearch,
  LazySession,
  LazySessions,
  LazySettings,
  LazySnapshot,
  LazyStatistics,
  LazyWhereWasI,
  preloadWhenIdle,
  Screen,
} from './lazy.tsx';
import { useGlobalKeys } from './global-keys.ts';

const PLACES = [
  { path: '/', label: 'Timeline', icon: Clock },
  { path: '/search', label: 'Search', icon: Search },
  { path: '/sessions', label: 'Sessions', icon: MessagesSquare },
  { path: '/checkpoints', label: 'Checkpoints', icon: BookMarked },
  { path: '/statistics', label: 'Statistics', icon: ChartNoAxesColumn },
  { path: '/diagnostics', label: 'Diagnostics', icon: Activity },
  { path: '/settings', label: 'Settings', icon: SettingsIcon },
] as const;

export function Shell() {
  const [location, navigate] = useLocation();
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const checkpointOf = useCheckpointDialog(({ snapshot }) => snapshot);
  const shown = useRef<HTMLDivElement>(null);
  const isThere = useLastPlace();
  const device = useSync((sync) => sync.device);
  useEffect(() => {
    // What was pressed went with the screen that it stood on: the keys go on with what is shown now.
    if (document.activeElement === document.body) shown.current?.focus({ preventScroll: true });
  }, [location]);
  useEffect(preloadWhenIdle, []);
  useGlobalKeys({
    isOff: isPaletteOpen || checkpointOf !== null,
    openPalette: () => setPaletteOpen(true),
    search: () => navigate('/search'),
    newCheckpoint: openCheckpointDialog,
  });
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <aside className="sidebar" aria-label="Cairn">
        <div className="brand">
          <img src="/icon.svg" alt="" width={28} height={28} />
          <span>Cairn</span>
        </div>
        <nav aria-label="Places">
          <ul className="places">
            {PLACES.map(({ path, label, icon: Icon }) => {
              const isHere = path === '/' ? location === '/' : location.startsWith(path);
              return (
                <li key={path}>
                  <Link href={path} className="place" aria-current={isHere ? 'page' : undefined}>
                    <Icon size={17} aria-hidden />
                    {label}
                  </Link>
                </li>
              );
            })}
          </ul>
        </nav>
        <CaptureBar onCheckpoint={() => openCheckpointDialog()} onPalette={() => setPaletteOpen(true)} />
      </aside>
      <main className="main">
        <ConnectionNotice />
        <DamageNotice />
        <WatchdogNotice />
        <DeviceNotice />
        <RestorePromptBanner />
        <AwayCard />
        <div className="main__screen" id="main" tabIndex={-1} ref={shown}>
          {/* Another device's history is another content of every screen. */}
          {isThere && (
            <Switch key={device?.id}>
              <Route path="/">
                <Timeline />
              </Route>
              {screen('/snapshot/:id', ({ id = '' }) => (
                <LazySnapshot id={id} />
              ))}
              {/* The router's own parameter was decoded once already: a percent sign in a key would be taken for a code. */}
              {screen('/item/:key', () => (
                <LazyItemHistory itemKey={keyOfItemAddress(window.location.pathname)} />
              ))}
              {screen('/compare/:from/:to', ({ from = '', to = '' }) => (
                <LazyCompare from={from} to={to} />
              ))}
              {screen('/restore/:id', ({ id = '' }) => (
                <LazyRestore id={id} />
              ))}
              {screen('/search', () => (
                <LazySearch />
              ))}
              {screen('/sessions', () => (
                <LazySessions />
              ))}
              {screen('/sessions/:id', ({ id = '' }) => (
                <LazySession key={id} id={id} />
              ))}
              {screen('/published', () => (
                <LazyPublished />
              ))}
              {screen('/published/:id', ({ id = '' }) => (
                <LazyPublishedSession key={id} id={id} />
              ))}
              {screen('/checkpoints', () => (
                <LazyCheckpoints />
              ))}
              {screen('/settings/:section?', ({ section = '' }) => (
                <LazySettings section={section} />
              ))}
              {screen('/statistics', () => (
                <LazyStatistics />
              ))}
              {screen('/where-was-i', () => (
                <LazyWhereWasI />
              ))}
              {screen('/recovery', () => (
                <LazyRecovery />
              ))}
              {screen('/diagnostics', () => (
                <LazyDiagnostics />
              ))}
              <Route>
                <Redirect to="/" />
              </Route>
            </Switch>
          )}
        </div>
      </main>
      {isPaletteOpen && (
        <Screen>
          <LazyPalette onClose={() => setPaletteOpen(false)} onCheckpoint={() => openCheckpointDialog()} />
        </Screen>
      )}
      {checkpointOf !== null && (
        <NewCheckpoint snapshot={checkpointOf === '' ? undefined : checkpointOf} onClose={closeCheckpointDialog} />
      )}
    </div>
  );
}

function screen(path: string, render: (parameters: Readonly<Record<string, string | undefined>>) => ReactNode) {
  return (
    <Route path={path}>
      {(parameters: Readonly<Record<string, string | undefined>>) => <Screen key={path}>{render(parameters)}</Screen>}
    </Route>
  );
}

/** Goes where the window was when it was last open, and notes where it goes. False until it is there: no screen begins to read in vain. */
function useLastPlace(): boolean {
  const [location, navigate] = useLocation();
  const { lastPath, wantedPath } = useUi();
  const search = useSearch();
  useEffect(() => {
    if (wantedPath === null) return;
    useUi.setState({ wantedPath: null, lastPath: null });
    navigate(wantedPath);
  }, [wantedPath, navigate]);
  useEffect(() => {
    if (lastPath === null || wantedPath !== null) return;
    useUi.setState({ lastPath: null });
    // An address that was opened on purpose goes before.
    const isFresh = location === '/' && window.location.search === '';
    if (isFresh && lastPath.startsWith('/') && !lastPath.startsWith('/restore/')) navigate(lastPath, { replace: true });
  }, [lastPath, wantedPath, location, navigate]);
  // The router's own search was decoded once already.
  useEffect(() => {
    if (lastPath === null) notePath(location + window.location.search);
  }, [location, search, lastPath]);
  return lastPath === null;
}

function ConnectionNotice() {
  const { connection } = useStatus();
  if (connection !== 'lost') return null;
  return (
    <div className="notice">
      <Message tone="warn">The connection to Cairn was lost. It is tried again by itself.</Message>
    </div>
  );
}

/** Whose history is shown, where it is another device's: on every screen, with the way back. */
function DeviceNotice() {
  const [, navigate] = useLocation();
  const device = useSync((sync) => sync.device);
  if (device === null) return null;
  const handleBack = (): void => {
    // What is shown of it is not here of this one.
    navigate('/');
    lookAtDevice(null);
  };
  return (
    <div className="notice">
      <Message action={<Button onClick={handleBack}>Back to this device</Button>}>
        You are looking at the history of <strong className="captured">{plainTitle(device.name)}</strong>.
      </Message>
    </div>
  );
}

interface LinkNoticeProps {
  readonly tone: 'warn' | 'bad';
  readonly href: string;
  readonly link: string;
  readonly children: ReactNode;
}

/** A notice on every screen, with the way to the one that tells more. */
function LinkNotice({ tone, href, link, children }: LinkNoticeProps) {
  return (
    <div className="notice">
      <Message
        tone={tone}
        action={
          <Link className="button" href={href}>
            {link}
          </Link>
        }
      >
        {children}
      </Message>
    </div>
  );
}

/** Nothing was captured for three intervals, though it should have been: said once, on every screen, until something is. */
function WatchdogNotice() {
  const capture = useStatus(({ status }) => status?.capture);
  const now = useNow();
  const [location] = useLocation();
  if (capture?.isLate !== true || capture.state === 'paused' || capture.state === 'off') return null;
  if (location === '/diagnostics') return null;
  const age =
    capture.lastAt === undefined ? 'since Cairn was started' : `for ${formatSpan(now - Date.parse(capture.lastAt))}`;
  return (
    <LinkNotice tone="warn" href="/diagnostics" link="Look at it">
      <strong>Nothing was captured {age}.</strong> It should be every {plural(capture.intervalSeconds, 'second')}.
      {capture.failure !== undefined && ` ${capture.failure.message} ${capture.failure.hint}`}
    </LinkNotice>
  );
}

/** What was found damaged at opening or since: first what is safe, then what is not. */
function DamageNotice() {
  const status = useStatus(({ status }) => status);
  const damage = (status?.notices ?? []).filter(({ isDamage }) => isDamage);
  const found = status?.health?.damage;
  const [location] = useLocation();
  if ((damage.length === 0 && found === undefined) || location === '/recovery') return null;
  if (status?.readOnly !== undefined)
    return (
      <LinkNotice tone="bad" href="/recovery" link="Repair, or use a backup">
        <strong>The vault is damaged and open for reading only.</strong> You can look at it and restore from it; nothing
        is recorded until it is repaired.
      </LinkNotice>
    );
  if (found !== undefined)
    return (
      <LinkNotice tone="warn" href="/recovery" link="See what is touched">
        {found.text}
      </LinkNotice>
    );
  return (
    <LinkNotice tone="warn" href="/diagnostics" link="Look at it">
      Cairn works with everything that is whole. {damage[0]?.message}
      {damage.length > 1 && ` And ${damage.length - 1} more.`}
    </LinkNotice>
  );
}
