// Keeps the window out of pictures of the screen while a secret shows, where the shell can.

import { api } from './client.ts';

/** Best effort: a browser cannot, and a lost connection has a notice of its own. */
export function protectWindow(isOn: boolean): void {
  api.desktop.protect({ isOn }).catch(() => undefined);
}
