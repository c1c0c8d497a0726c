// What the handlers work with: the session, and what only a shell can give.

import type { AppSession } from '../session/session.ts';
import type { Keychain } from './keychain.ts';

/** What the desktop app does for its window. */
export interface DesktopPort {
  /** Ends the app and starts the new one. @throws AppError VAULT_BUSY while a restore runs */
  installUpdate(): Promise<void>;
  /** Keeps the window out of pictures of the screen while a secret shows in it, as far as the system can. */
  protect(isOn: boolean): void;
  /** Asks for a vault's file or its data folder; null where nothing was chosen. */
  chooseVault(what: 'file' | 'folder'): Promise<string | null>;
}

export interface ApiDeps {
  readonly session: AppSession;
  /** Null where the shell has none: serve runs in any browser. */
  readonly keychain: Keychain | null;
  /** Null in a browser. */
  readonly desktop: DesktopPort | null;
  /** Shows with a scratch thing that a restore works; false where there is nothing to show it with. */
  readonly proveRestore: (say: (line: string) => void, signal: AbortSignal) => Promise<boolean>;
}
