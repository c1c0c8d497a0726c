// What the handlers work with: the session, and what only a shell can give.

import type { AppSession } from '../session/session.ts';
import type { Keychain } from './keychain.ts';

export interface ApiDeps {
  readonly session: AppSession;
  /** Null where the shell has none: serve runs in any browser. */
  readonly keychain: Keychain | null;
  /** Shows with a scratch thing that a restore works; false where there is nothing to show it with. */
  readonly proveRestore: (say: (line: string) => void, signal: AbortSignal) => Promise<boolean>;
}
