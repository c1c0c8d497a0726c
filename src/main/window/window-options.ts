// How a window of Cairn is made: the page in a sandbox, without Node, and without anything kept on disk.

import type { BrowserWindowConstructorOptions } from 'electron';

import { MIN_HEIGHT, MIN_WIDTH, type WindowBounds } from './window-state.ts';

/** Without the prefix "persist:" it lives in memory: no cache, no storage, nothing of what was shown. */
export const MEMORY_PARTITION = 'cairn';

export interface WindowOptions {
  readonly bounds: WindowBounds;
  readonly preload: string;
  readonly icon: string;
  readonly hasDevTools: boolean;
}

export function windowOptions(options: WindowOptions): BrowserWindowConstructorOptions {
  return {
    ...options.bounds,
    minWidth: MIN_WIDTH,
    minHeight: MIN_HEIGHT,
    title: 'Cairn',
    icon: options.icon,
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      partition: MEMORY_PARTITION,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      disableDialogs: true,
      plugins: false,
      spellcheck: false,
      devTools: options.hasDevTools,
    },
  };
}
