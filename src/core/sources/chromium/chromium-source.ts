// The sources of the Chromium family: tabs from the extension where it is, at once; else from the session files that the browser appends to, about
// 2.5 s after each change. Where a browser writes the sealed form only, the source says so and opens no keyring.

import { statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { toTabItems, type BrowserProfile, type BrowserWindow } from '../browser/browser-tab.ts';
import { addFileFacts } from '../browser/extension/join-readings.ts';
import { readLiveProfiles, watchLiveProfiles, type TellProfile } from '../browser/extension/live-profiles.ts';
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
import type { ChromiumBrowser } from './chromium-browsers.ts';
import { createChromiumOpener, type ChromiumSourceOptions } from './chromium-opener.ts';
import { findChromiumProfiles, isSessionFile, newestSession, type ChromiumProfile } from './chromium-profiles.ts';
import { createTellProfile, findLiveChromium } from './extension-profile.ts';
import { parseSnss } from './parse-snss.ts';

/** 10,000 tabs with six pages each take about a third of it. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** What a source remembers between captures. */
interface Memory {
  readonly windows: Map<string, { token: string; windows: readonly BrowserWindow[] }>;
  readonly tellProfile: TellProfile<ChromiumProfile>;
}

export function createChromiumSource(browser: ChromiumBrowser, options: ChromiumSourceOptions = {}): Source {
  const memory: Memory = { windows: new Map(), tellProfile: createTellProfile() };
  const openerFor = (host: Host) => createChromiumOpener(host, browser, memory.tellProfile, options);
  return {
    id: browser.source,
    title: browser.title,
    kinds: ['tab'],
    readsPaths: false,
    detect: (host) => detect(host, browser),
    capture: (context) => capture(context, browser, memory),
    watch: (context) => watchSessions(context, browser),
    preview: async (item) => previewTab(item),
    planRestore: (items, context) => planTabs(browser.source, items, context, openerFor(context.host)),
    applyRestore: (steps, context) => applyTabs(steps, context, openerFor(context.host)),
    undoRestore: (result, context) =>
      undoTab(result, context, (profileDir, host, signal) =>
        findLiveChromium(browser, memory.tellProfile, { profileDir, host, signal }),
      ),
  };
}

async function detect(host: Host, browser: ChromiumBrowser): Promise<SourceDetection> {
  const profiles = findChromiumProfiles(host, browser).filter(
    (profile) => newestSession(profile, 'Sessions') !== null || newestSession(profile, 'Sessions_Encrypted') !== null,
  );
  return profiles.length === 0
    ? { isPresent: false, summary: 'no profile with open tabs found' }
    : { isPresent: true, summary: `${profiles.length} profile${profiles.length === 1 ? '' : 's'} with tabs` };
}

async function capture(context: CaptureContext, browser: ChromiumBrowser, memory: Memory): Promise<SourceCapture> {
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [];
  const profiles = findChromiumProfiles(context.host, browser);
  const { live, hasUnknown } = await readLiveProfiles(context.host, profiles, memory.tellProfile, context.signal);
  for (const profile of profiles) {
    const files = readFiles(browser, profile, memory);
    // A browser without a window is one that ends: the session file says what there was.
    const shown = live.find(({ dir, windows }) => dir === profile.dir && windows.length > 0)?.windows;
    const facts = browserProfile(browser, profile);
    if (shown !== undefined) items.push(...toTabItems(facts, addFileFacts(shown, files.windows ?? [])));
    else if (files.windows !== null) items.push(...toTabItems(facts, files.windows));
    else if (files.problem !== null) problems.push(files.problem);
  }
  if (hasUnknown)
    problems.push({
      reason: 'partial',
      message: `The extension of ${browser.title} answers, but in which profile it is cannot be told: the session files are read.`,
    });
  return { items, problems, closed: [] };
}

interface FileReading {
  readonly windows: readonly BrowserWindow[] | null;
  /** Why there are none; null where the profile has never had any. */
  readonly problem: SourceProblem | null;
}

function readFiles(browser: ChromiumBrowser, profile: ChromiumProfile, memory: Memory): FileReading {
  const file = newestSession(profile, 'Sessions');
  if (file === null) {
    const isSealed = newestSession(profile, 'Sessions_Encrypted') !== null;
    return { windows: null, problem: isSealed ? sealed(browser, profile) : null };
  }
  try {
    const windows = readSession(profile, file, memory);
    return { windows, problem: windows === null ? sealed(browser, profile) : null };
  } catch (error) {
    const message = `The session file of ${browser.title}, profile ${profile.name}, cannot be read: ${whyUnreadable(error)}.`;
    return { windows: null, problem: { reason: 'unreadable', message, group: profile.dir } };
  }
}

/** Null where it is sealed. @throws AppError SOURCE_UNREADABLE, NodeJS.ErrnoException where the file cannot be read */
function readSession(profile: ChromiumProfile, file: string, memory: Memory): readonly BrowserWindow[] | null {
  const stat = statSync(file, { bigint: true });
  const token = `${file} ${stat.ino} ${stat.size} ${stat.mtimeNs}`;
  const cached = memory.windows.get(profile.dir);
  if (cached?.token === token) return cached.windows;
  const parsed = parseSnss(readRegularFile(file, MAX_FILE_BYTES));
  if (parsed.result === 'encrypted') return null;
  if (parsed.result === 'not-snss') throw new AppError('SOURCE_UNREADABLE', 'it holds no session');
  memory.windows.set(profile.dir, { token, windows: parsed.windows });
  return parsed.windows;
}

function browserProfile(browser: ChromiumBrowser, profile: ChromiumProfile): BrowserProfile {
  return {
    source: browser.source,
    browser: browser.title,
    profile: profile.name,
    profileDir: profile.dir,
    isRunning: profile.isRunning,
  };
}

function sealed(browser: ChromiumBrowser, profile: ChromiumProfile): SourceProblem {
  return {
    reason: 'unreadable',
    message: `${browser.title}, profile ${profile.name}, writes its tabs in a sealed form (SNSS 5). They come through the browser extension: run \`cairn browser install ${browser.source}\`.`,
    group: profile.dir,
  };
}

async function watchSessions(context: WatchContext, browser: ChromiumBrowser): Promise<void> {
  const roots = (): string[] =>
    findChromiumProfiles(context.host, browser).map((profile) => join(profile.dir, 'Sessions'));
  const isRelevant = (path: string): boolean => isSessionFile(basename(path));
  watchFolders({ roots, isRelevant, signal: context.signal, onChange: () => context.onChange() });
  watchLiveProfiles(context, () => findChromiumProfiles(context.host, browser));
}
