// The Firefox source: windows and tabs from the session file that Firefox itself writes, at most every 15 s and hourly when idle. Our
// capture is as fresh as that file, no fresher.

import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { parseSourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { toTabItems, type BrowserProfile } from '../browser/browser-tab.ts';
import { previewTab } from '../browser/preview.ts';
import { applyTabs, planTabs, undoTab, type OpenWindow } from '../browser/restore-tabs.ts';
import { readRegularFile, whyUnreadable } from '../host/read-file.ts';
import { findOnPath, startDetached } from '../host/start-detached.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type {
  CaptureContext,
  Host,
  Source,
  SourceCapture,
  SourceDetection,
  SourceProblem,
  WatchContext,
} from '../source.ts';
import { findFirefoxProfiles, sessionFiles, type FirefoxProfile } from './firefox-profiles.ts';
import { decodeMozLz4 } from './mozlz4.ts';
import { parseFirefoxSession } from './parse-session.ts';

const FIREFOX = parseSourceId('firefox');
const PROGRAMS = ['firefox', 'firefox-esr'] as const;
/** Between two writes Firefox has no recovery file for a moment. */
const RETRY_MS = 50;
const START_MS = 3_000;
const MAX_FILE_BYTES = 128 * 1024 * 1024;

export interface FirefoxSourceOptions {
  /** Arguments that a test needs to run a browser where there is no screen. */
  readonly extraArgs?: readonly string[];
}

type TabCache = Map<string, { token: string; items: readonly CapturedItem[] }>;

export function createFirefoxSource(options: FirefoxSourceOptions = {}): Source {
  const cache: TabCache = new Map();
  return {
    id: FIREFOX,
    title: 'Firefox',
    kinds: ['tab'],
    readsPaths: false,
    detect: detectFirefox,
    capture: (context) => captureFirefox(context, cache),
    watch: watchFirefox,
    preview: async (item) => previewTab(item),
    planRestore: async (items, context) => planTabs(FIREFOX, items, context, whyUnavailable(context.host, options)),
    applyRestore: (steps, context) => applyTabs(steps, context, openerFor(options)),
    undoRestore: undoTab,
  };
}

async function detectFirefox(host: Host): Promise<SourceDetection> {
  const profiles = findFirefoxProfiles(host).filter((profile) =>
    sessionFiles(profile).some((file) => existsSync(file)),
  );
  return profiles.length === 0
    ? { isPresent: false, summary: 'no profile with open tabs found' }
    : { isPresent: true, summary: `${profiles.length} profile${profiles.length === 1 ? '' : 's'} with tabs` };
}

async function captureFirefox(context: CaptureContext, cache: TabCache): Promise<SourceCapture> {
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [];
  for (const profile of findFirefoxProfiles(context.host)) {
    const first = readProfile(profile, cache);
    const read = first.items === null ? (await delay(RETRY_MS), readProfile(profile, cache)) : first;
    if (read.items !== null) items.push(...read.items);
    else if (read.why !== null)
      problems.push({
        reason: 'unreadable',
        message: `The session file of the Firefox profile ${profile.name} cannot be read: ${read.why}.`,
        group: profile.dir,
      });
  }
  return { items, problems, closed: [] };
}

interface ProfileReading {
  /** Null where no file of the profile can be read. */
  readonly items: readonly CapturedItem[] | null;
  /** Why the first of its files cannot be read; null where there is none. */
  readonly why: string | null;
}

function readProfile(profile: FirefoxProfile, cache: TabCache): ProfileReading {
  let why: string | null = null;
  for (const file of sessionFiles(profile)) {
    try {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) continue;
      const token = `${file} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${profile.isRunning}`;
      const cached = cache.get(profile.dir);
      if (cached?.token === token) return { items: cached.items, why: null };
      const content = decodeMozLz4(readRegularFile(file, MAX_FILE_BYTES));
      const windows = content === null ? null : parseFirefoxSession(content);
      if (windows !== null) {
        const items = toTabItems(browserProfile(profile), windows);
        cache.set(profile.dir, { token, items });
        return { items, why: null };
      }
      why ??= 'it holds no session';
    } catch (error) {
      // Perhaps renamed in between: the next file, or the retry, has it.
      why ??= whyUnreadable(error);
    }
  }
  return { items: null, why };
}

function browserProfile({ name, dir, isRunning }: FirefoxProfile): BrowserProfile {
  return { source: FIREFOX, browser: 'Firefox', profile: name, profileDir: dir, isRunning };
}

async function watchFirefox(context: WatchContext): Promise<void> {
  const roots = findFirefoxProfiles(context.host).map((profile) => join(profile.dir, 'sessionstore-backups'));
  const isRelevant = (path: string): boolean => basename(path).startsWith('recovery.jsonlz4');
  watchFolders({ roots, isRelevant, signal: context.signal, onChange: () => context.onChange() });
}

function whyUnavailable(host: Host, options: FirefoxSourceOptions): string | null {
  if (findProgram(host) === null) return 'Firefox is not installed here.';
  const hasScreen = Boolean(host.env['DISPLAY'] || host.env['WAYLAND_DISPLAY']) || host.platform !== 'linux';
  return hasScreen || options.extraArgs?.includes('--headless') === true ? null : 'There is no screen to open it on.';
}

function openerFor(options: FirefoxSourceOptions): OpenWindow {
  return async ({ profileDir, urls }, context) => {
    const program = findProgram(context.host);
    const [first, ...others] = urls;
    if (program === null || first === undefined) throw new Error('Firefox is not installed here');
    const base = [...(options.extraArgs ?? []), '--profile', profileDir];
    const isRunning = (): boolean =>
      findFirefoxProfiles(context.host).some((profile) => profile.dir === profileDir && profile.isRunning);
    if (!isRunning()) {
      // A profile that is not open yet is started with all addresses at once: they become the tabs of its first window.
      await startDetached(program, [...base, ...urls], context.host.env);
      for (let waited = 0; waited < START_MS && !isRunning(); waited += RETRY_MS) await delay(RETRY_MS);
      return;
    }
    // One call: the tabs land in the window that it opens.
    await startDetached(
      program,
      [...base, '--new-window', first, ...others.flatMap((url) => ['--new-tab', url])],
      context.host.env,
    );
  };
}

function findProgram(host: Host): string | null {
  return findOnPath(PROGRAMS, host.env['PATH'] ?? '');
}
