// The browsers of the Chromium family: where each keeps its profiles, and which programs start it.

import { parseSourceId, type SourceId } from '../../../shared/model/ids.ts';

export interface ChromiumBrowser {
  readonly source: SourceId;
  readonly title: string;
  /** User-data folders, relative to the home folder: Linux, its packagings, macOS. */
  readonly dataDirs: readonly string[];
  readonly programs: readonly string[];
}

export const CHROMIUM_BROWSERS: readonly ChromiumBrowser[] = [
  {
    source: parseSourceId('chromium'),
    title: 'Chromium',
    dataDirs: [
      '.config/chromium',
      'snap/chromium/common/chromium',
      '.var/app/org.chromium.Chromium/config/chromium',
      'Library/Application Support/Chromium',
    ],
    programs: ['chromium', 'chromium-browser'],
  },
  {
    source: parseSourceId('chrome'),
    title: 'Google Chrome',
    dataDirs: [
      '.config/google-chrome',
      '.var/app/com.google.Chrome/config/google-chrome',
      'Library/Application Support/Google/Chrome',
    ],
    programs: ['google-chrome', 'google-chrome-stable'],
  },
  {
    source: parseSourceId('brave'),
    title: 'Brave',
    dataDirs: [
      '.config/BraveSoftware/Brave-Browser',
      '.var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser',
      'Library/Application Support/BraveSoftware/Brave-Browser',
    ],
    programs: ['brave-browser', 'brave'],
  },
  {
    source: parseSourceId('edge'),
    title: 'Microsoft Edge',
    dataDirs: [
      '.config/microsoft-edge',
      '.var/app/com.microsoft.Edge/config/microsoft-edge',
      'Library/Application Support/Microsoft Edge',
    ],
    programs: ['microsoft-edge', 'microsoft-edge-stable'],
  },
];
