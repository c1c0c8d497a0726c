// The Firefox source: windows and tabs from the extension where it is, at once; else from the session file that Firefox itself writes, at most
// every 15 s and hourly when idle. A capture is as fresh as that file then, no fresher.

import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { parseSourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { tabKeyStart, toTabItems, type BrowserProfile, type BrowserWindow } from '../browser/browser-tab.ts';
import { addFileFacts, FormerIds, previousTabs } from '../browser/extension/join-readings.ts';
import { readLiveProfiles, watchLiveProfiles } from '../browser/extension/live-profiles.ts';
import { previewTab } from '../browser/preview.ts';
import { applyTabs, planTabs, undoTab } from '../browser/restore-tabs.ts';
import { readRegularFile, whyUnreadable } from '../host/read-file.ts';
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
import {
  createFirefoxOpener,
  findLiveFirefox,
  tellFirefoxProfile,
  type FirefoxSourceOptions,
} from './firefox-opener.ts';
import { findFirefoxProfiles, sessionFiles, type FirefoxProfile } from './firefox-profiles.ts';
import { decodeMozLz4 } from './mozlz4.ts';
import { parseFirefoxSession } from './parse-session.ts';

const FIREFOX = parseSourceId('firefox');
/** Between two writes Firefox has no recovery file for a moment. */
const RETRY_MS = 50;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

type WindowCache = Map<string, { token: string; windows: readonly BrowserWindow[] }>;

export function createFirefoxSource(options: FirefoxSourceOptions = {}): Source {
  const cache: WindowCache = new Map();
  const former = new FormerIds();
  return {
    id: FIREFOX,
    title: 'Firefox',
    kinds: ['tab'],
    readsPaths: false,
    detect: detectFirefox,
    capture: (context) => captureFirefox(context, cache, former),
    watch: watchFirefox,
    preview: async (item) => previewTab(item),
    planRestore: (items, context) => planTabs(FIREFOX, items, context, createFirefoxOpener(context.host, options)),
    applyRestore: (steps, context) => applyTabs(steps, context, createFirefoxOpener(context.host, options)),
    undoRestore: (result, context) => undoTab(result, context, findLiveFirefox),
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

async function captureFirefox(context: CaptureContext, cache: WindowCache, former: FormerIds): Promise<SourceCapture> {
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [];
  const profiles = findFirefoxProfiles(context.host);
  const { live } = await readLiveProfiles(context.host, profiles, tellFirefoxProfile, context.signal);
  for (const profile of profiles) {
    const first = readProfile(profile, cache);
    const read = first.windows === null ? (await delay(RETRY_MS), readProfile(profile, cache)) : first;
    const facts = browserProfile(profile);
    const before = previousTabs(context.previous, tabKeyStart(facts));
    const files = read.windows === null ? null : former.settleFiles(read.windows, before);
    // A browser without a window is one that ends: the session file says what there was.
    const shown = live.find(({ dir, windows }) => dir === profile.dir && windows.length > 0)?.windows;
    if (shown !== undefined) {
      const settled = former.settleLive(shown.map(withPlace), before);
      items.push(...toTabItems(facts, addFileFacts(settled, files ?? [])));
    } else if (files !== null) items.push(...toTabItems(facts, files));
    else if (read.why !== null)
      problems.push({
        reason: 'unreadable',
        message: `The session file of the Firefox profile ${profile.name} cannot be read: ${read.why}.`,
        group: profile.dir,
      });
  }
  return { items, problems, closed: [] };
}

/** The session file knows windows by their place only. */
function withPlace(window: BrowserWindow, index: number): BrowserWindow {
  return { ...window, id: String(index) };
}

interface ProfileReading {
  /** Null where no file of the profile can be read. */
  readonly windows: readonly BrowserWindow[] | null;
  /** Why the first of its files cannot be read; null where there is none. */
  readonly why: string | null;
}

function readProfile(profile: FirefoxProfile, cache: WindowCache): ProfileReading {
  let why: string | null = null;
  for (const file of sessionFiles(profile)) {
    try {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) continue;
      const token = `${file} ${stat.ino} ${stat.size} ${stat.mtimeNs}`;
      const cached = cache.get(profile.dir);
      if (cached?.token === token) return { windows: cached.windows, why: null };
      const content = decodeMozLz4(readRegularFile(file, MAX_FILE_BYTES));
      const windows = content === null ? null : parseFirefoxSession(content);
      if (windows !== null) {
        cache.set(profile.dir, { token, windows });
        return { windows, why: null };
      }
      why ??= 'it holds no session';
    } catch (error) {
      // Perhaps renamed in between: the next file, or the retry, has it.
      why ??= whyUnreadable(error);
    }
  }
  return { windows: null, why };
}

function browserProfile({ name, dir, isRunning }: FirefoxProfile): BrowserProfile {
  return { source: FIREFOX, browser: 'Firefox', profile: name, profileDir: dir, isRunning };
}

async function watchFirefox(context: WatchContext): Promise<void> {
  const roots = (): string[] =>
    findFirefoxProfiles(context.host).map((profile) => join(profile.dir, 'sessionstore-backups'));
  const isRelevant = (path: string): boolean => basename(path).startsWith('recovery.jsonlz4');
  watchFolders({ roots, isRelevant, signal: context.signal, onChange: () => context.onChange() });
  watchLiveProfiles(context, () => findFirefoxProfiles(context.host));
}
