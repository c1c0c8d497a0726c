// The described menu as Electron takes it.

import type { MenuItemConstructorOptions } from 'electron';

import { assertNever } from '../../shared/model/app-error.ts';
import type { PerformAction } from '../actions.ts';
import type { MenuEntry } from './tray-menu.ts';

export function menuTemplate(entries: readonly MenuEntry[], perform: PerformAction): MenuItemConstructorOptions[] {
  return entries.map((entry) => toItem(entry, perform));
}

/** The menu of the application itself: the tray's, since not every desktop shows a tray, and what editing text needs. */
export function applicationTemplate(
  entries: readonly MenuEntry[],
  perform: PerformAction,
): MenuItemConstructorOptions[] {
  return [
    { label: 'Cairn', submenu: menuTemplate(entries, perform) },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
  ];
}

function toItem(entry: MenuEntry, perform: PerformAction): MenuItemConstructorOptions {
  switch (entry.type) {
    case 'separator':
      return { type: 'separator' };
    case 'words':
      return { label: entry.text, enabled: false };
    case 'submenu':
      return { label: entry.label, enabled: entry.isEnabled, submenu: menuTemplate(entry.entries, perform) };
    case 'action':
      return {
        label: entry.label,
        enabled: entry.isEnabled,
        click: () => void perform(entry.action),
        ...(entry.shortcut === undefined ? {} : { accelerator: entry.shortcut, registerAccelerator: false }),
      };
    default:
      return assertNever(entry);
  }
}
