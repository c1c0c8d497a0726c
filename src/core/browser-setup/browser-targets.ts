// The browsers that the extension can be set up for: where each looks for the file that names the helper program, and whether it is here.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { SourceId } from '../../shared/model/ids.ts';
import { parseSourceId } from '../../shared/model/ids.ts';
import { HOST_NAME } from '../sources/browser/extension/names.ts';
import { CHROMIUM_BROWSERS, type ChromiumBrowser } from '../sources/chromium/chromium-browsers.ts';
import { findOnPath } from '../sources/host/start-detached.ts';
import type { Host } from '../sources/source.ts';
import type { BrowserFamily } from './host-manifest.ts';

export interface BrowserTarget {
  readonly id: SourceId;
  readonly title: string;
  readonly family: BrowserFamily;
  /** It is installed, or has been used. */
  readonly isPresent: boolean;
  readonly manifestPath: string;
  /** Present only in a sandbox of its own (snap, flatpak), which starts no programs outside of it. */
  readonly isSandboxed: boolean;
  readonly chromium: ChromiumBrowser | null;
}

/** All browsers that are known, the present ones and the others. */
export function findBrowserTargets(host: Host): readonly BrowserTarget[] {
  return [...CHROMIUM_BROWSERS.map((browser) => chromiumTarget(host, browser)), firefoxTarget(host)];
}

function chromiumTarget(host: Host, browser: ChromiumBrowser): BrowserTarget {
  const isMac = host.platform === 'darwin';
  const own = browser.dataDirs.find((dir) => (isMac ? dir.startsWith('Library/') : dir.startsWith('.config/'))) ?? '';
  const dataDir = join(host.homeDir, own);
  const isHere = existsSync(dataDir) || findOnPath(browser.programs, host.env['PATH'] ?? '') !== null;
  const hasSandboxed = browser.dataDirs.some((dir) => isSandbox(dir) && existsSync(join(host.homeDir, dir)));
  return {
    id: browser.source,
    title: browser.title,
    family: 'chromium',
    isPresent: isHere,
    manifestPath: join(dataDir, 'NativeMessagingHosts', `${HOST_NAME}.json`),
    isSandboxed: !isHere && hasSandboxed,
    chromium: browser,
  };
}

function firefoxTarget(host: Host): BrowserTarget {
  const { homeDir, platform, env } = host;
  const isMac = platform === 'darwin';
  const places = isMac ? ['Library/Application Support/Firefox'] : ['.mozilla/firefox', '.config/mozilla/firefox'];
  const folder = isMac
    ? join(homeDir, 'Library/Application Support/Mozilla/NativeMessagingHosts')
    : join(homeDir, '.mozilla/native-messaging-hosts');
  const isHere =
    places.some((place) => existsSync(join(homeDir, place))) ||
    findOnPath(['firefox', 'firefox-esr'], env['PATH'] ?? '') !== null;
  const sandboxes = ['snap/firefox', '.var/app/org.mozilla.firefox'];
  return {
    id: parseSourceId('firefox'),
    title: 'Firefox',
    family: 'firefox',
    isPresent: isHere,
    manifestPath: join(folder, `${HOST_NAME}.json`),
    isSandboxed: !isHere && sandboxes.some((place) => existsSync(join(homeDir, place))),
    chromium: null,
  };
}

function isSandbox(dir: string): boolean {
  return dir.startsWith('snap/') || dir.startsWith('.var/');
}
