// The sources of the Chromium family: tabs from the session files that the browser appends to, about 2.5 s after each change. Where a
// browser writes the sealed form only, the source says so and opens no keyring.

import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { toTabItems } from '../browser/browser-tab.ts';
import { previewTab } from '../browser/preview.ts';
import { applyTabs, planTabs, undoTab, type OpenWindow } from '../browser/restore-tabs.ts';
import { readProcess } from '../host/proc.ts';
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
import type { ChromiumBrowser } from './chromium-browsers.ts';
import { parseSnss } from './parse-snss.ts';

const MAX_FILE_BYTES = 128 * 1024 * 1024;
const SESSION_FILE = /^Session_\d+$/;

export interface ChromiumSourceOptions {
  /** Arguments that a test needs to run a browser as root or without a screen. */
  readonly extraArgs?: readonly string[];
}

interface ChromiumProfile {
  readonly dataDir: string;
  /** `Default`, `Profile 1` ... */
  readonly name: string;
  readonly dir: string;
  readonly isRunning: boolean;
}

type TabCache = Map<string, { token: string; items: readonly CapturedItem[] }>;

export function createChromiumSource(browser: ChromiumBrowser, options: ChromiumSourceOptions = {}): Source {
  const cache: TabCache = new Map();
  return {
    id: browser.source,
    title: browser.title,
    kinds: ['tab'],
    readsPaths: false,
    detect: (host) => detect(host, browser),
    capture: (context) => capture(context, browser, cache),
    watch: (context) => watchSessions(context, browser),
    preview: async (item) => previewTab(item),
    planRestore: async (items, context) =>
      planTabs(browser.source, items, context, whyUnavailable(context.host, browser, options)),
    applyRestore: (steps, context) => applyTabs(steps, context, openerFor(browser, options)),
    undoRestore: undoTab,
  };
}

async function detect(host: Host, browser: ChromiumBrowser): Promise<SourceDetection> {
  const profiles = findProfiles(host, browser).filter((profile) => newestSession(profile, 'Sessions') !== null);
  return profiles.length === 0
    ? { isPresent: false, summary: 'no profile with open tabs found' }
    : { isPresent: true, summary: `${profiles.length} profile${profiles.length === 1 ? '' : 's'} with tabs` };
}

async function capture(context: CaptureContext, browser: ChromiumBrowser, cache: TabCache): Promise<SourceCapture> {
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [];
  for (const profile of findProfiles(context.host, browser)) {
    const file = newestSession(profile, 'Sessions');
    if (file === null) {
      if (newestSession(profile, 'Sessions_Encrypted') !== null) problems.push(sealed(browser, profile));
      continue;
    }
    try {
      const read = readProfile(browser, profile, file, cache);
      if (read === 'encrypted') problems.push(sealed(browser, profile));
      else items.push(...read);
    } catch (error) {
      problems.push({
        reason: 'unreadable',
        message: `The session file of ${browser.title}, profile ${profile.name}, cannot be read: ${whyUnreadable(error)}.`,
        group: profile.dir,
      });
    }
  }
  return { items, problems, closed: [] };
}

/** @throws AppError SOURCE_UNREADABLE, NodeJS.ErrnoException where the file cannot be read */
function readProfile(
  browser: ChromiumBrowser,
  profile: ChromiumProfile,
  file: string,
  cache: TabCache,
): readonly CapturedItem[] | 'encrypted' {
  const stat = statSync(file, { bigint: true });
  const token = `${file} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${profile.isRunning}`;
  const cached = cache.get(profile.dir);
  if (cached?.token === token) return cached.items;
  const parsed = parseSnss(readRegularFile(file, MAX_FILE_BYTES));
  if (parsed.result === 'encrypted') return 'encrypted';
  if (parsed.result === 'not-snss') throw new AppError('SOURCE_UNREADABLE', 'it holds no session');
  const items = toTabItems(
    {
      source: browser.source,
      browser: browser.title,
      profile: profile.name,
      profileDir: profile.dir,
      isRunning: profile.isRunning,
    },
    parsed.windows,
  );
  cache.set(profile.dir, { token, items });
  return items;
}

function sealed(browser: ChromiumBrowser, profile: ChromiumProfile): SourceProblem {
  return {
    reason: 'unreadable',
    message: `${browser.title}, profile ${profile.name}, writes its tabs in a sealed form (SNSS 5). They will come through the browser extension, which is not part of Cairn yet.`,
    group: profile.dir,
  };
}

function findProfiles(host: Host, browser: ChromiumBrowser): ChromiumProfile[] {
  return browser.dataDirs.flatMap((relative) => {
    const dataDir = join(host.homeDir, relative);
    const isRunning = isBrowserRunning(host, dataDir);
    // A new profile appears late in `Local State`; its `Preferences` is there from the start. Guests have none of their own.
    return listFolder(dataDir)
      .filter(
        (name) => !/^(Guest Profile|System Profile)$/.test(name) && existsSync(join(dataDir, name, 'Preferences')),
      )
      .map((name) => ({ dataDir, name, dir: join(dataDir, name), isRunning }));
  });
}

/** The file with the highest number is the current session. */
function newestSession(profile: ChromiumProfile, folder: 'Sessions' | 'Sessions_Encrypted'): string | null {
  const names = listFolder(join(profile.dir, folder)).filter((name) => SESSION_FILE.test(name));
  const newest = names.toSorted((a, b) => Number(BigInt(b.slice(8)) - BigInt(a.slice(8))))[0];
  return newest === undefined ? null : join(profile.dir, folder, newest);
}

/** `SingletonLock` is a link to `host-pid`; after a kill it stays, so the process is looked at. */
function isBrowserRunning(host: Host, dataDir: string): boolean {
  try {
    const pid = Number(/-(\d+)$/.exec(readlinkSync(join(dataDir, 'SingletonLock')))?.[1]);
    const process = Number.isInteger(pid) ? readProcess(host.procDir, pid) : null;
    return process !== null && !process.isZombie;
  } catch {
    return false; // no lock: it does not run
  }
}

async function watchSessions(context: WatchContext, browser: ChromiumBrowser): Promise<void> {
  const roots = findProfiles(context.host, browser).map((profile) => join(profile.dir, 'Sessions'));
  const isRelevant = (path: string): boolean => SESSION_FILE.test(basename(path));
  watchFolders({ roots, isRelevant, signal: context.signal, onChange: () => context.onChange() });
}

function whyUnavailable(host: Host, browser: ChromiumBrowser, options: ChromiumSourceOptions): string | null {
  if (findProgram(host, browser) === null) return `${browser.title} is not installed here.`;
  const hasScreen = Boolean(host.env['DISPLAY'] || host.env['WAYLAND_DISPLAY']) || host.platform !== 'linux';
  return hasScreen || options.extraArgs?.some((argument) => argument.startsWith('--headless')) === true
    ? null
    : 'There is no screen to open it on.';
}

/** One call a window: a running instance of the profile takes it over. Never `--incognito`. */
function openerFor(browser: ChromiumBrowser, options: ChromiumSourceOptions): OpenWindow {
  return async ({ profileDir, profile, urls }, context) => {
    const program = findProgram(context.host, browser);
    if (program === null) throw new Error(`${browser.title} is not installed here`);
    const dataDir = profileDir.slice(0, profileDir.length - profile.length - 1);
    await startDetached(
      program,
      [
        ...(options.extraArgs ?? []),
        `--user-data-dir=${dataDir}`,
        `--profile-directory=${profile}`,
        '--new-window',
        ...urls,
      ],
      context.host.env,
    );
  };
}

function findProgram(host: Host, browser: ChromiumBrowser): string | null {
  return findOnPath(browser.programs, host.env['PATH'] ?? '');
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not there
  }
}
