// Logging in by a code (S32): it is shown here and entered on the server's page, on this machine or another. The account's password is never
// typed here. One code at a time; it is forgotten when it is used, too old, or another is asked for.

import type { SyncCode } from '../../shared/contract/sync.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { requestCode, takeTokens, type LoginDevice } from './log-in.ts';
import { SyncRefusal, type LoginServer, type Tokens } from './server-port.ts';

export interface ShownCode {
  /** What a person types, `BCDF-2345`. */
  readonly userCode: string;
  /** The page where it is entered. */
  readonly address: string;
  readonly expiresAtMs: number;
  /** Asking more often is of no use. */
  readonly checkEveryMs: number;
}

interface Waiting {
  readonly url: string;
  readonly server: LoginServer;
  readonly device: LoginDevice;
  readonly deviceCode: string;
}

export class CodeLogIn {
  readonly #nowMs: () => number;
  #waiting: Waiting | null = null;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @throws AppError SYNC_OFFLINE, SYNC_TOO_OLD, SYNC_REFUSED */
  async begin(url: string, server: LoginServer, device: LoginDevice): Promise<ShownCode> {
    await server.hello();
    const { deviceCode, userCode, verificationPath, expiresInMs, intervalMs } = await requestCode(server, device);
    this.#waiting = { url, server, device, deviceCode };
    return {
      userCode,
      address: `${url.replace(/\/+$/, '')}${verificationPath}`,
      expiresAtMs: this.#nowMs() + expiresInMs,
      checkEveryMs: intervalMs,
    };
  }

  /** Null while nobody has entered the code. @throws AppError SYNC_REFUSED where it is too old, SYNC_REVOKED, SYNC_OFFLINE */
  async check(): Promise<{ readonly url: string; readonly tokens: Tokens } | null> {
    const waiting = this.#waiting;
    if (waiting === null)
      throw new AppError('SYNC_LOGIN', 'No code is shown, or it was used.', { hint: 'Ask for a new code.' });
    const { url, server, device, deviceCode } = waiting;
    try {
      const tokens = await takeTokens(server, device, deviceCode, this.#nowMs());
      this.#forget(waiting);
      return { url, tokens };
    } catch (error) {
      if (error instanceof SyncRefusal && ['pending', 'rate'].includes(error.refusal.code)) return null;
      // A line that broke says nothing about the code.
      if (!(error instanceof AppError) || !error.isRetryable) this.#forget(waiting);
      throw error;
    }
  }

  /** Another may have been asked for meanwhile. */
  #forget(waiting: Waiting): void {
    if (this.#waiting === waiting) this.#waiting = null;
  }
}

/** A code as the contract has it. */
export function describeCode({ userCode, address, expiresAtMs, checkEveryMs }: ShownCode): SyncCode {
  return {
    userCode,
    address,
    expiresAt: new Date(expiresAtMs).toISOString(),
    checkEverySeconds: Math.max(1, Math.ceil(checkEveryMs / 1_000)),
  };
}

/**
 * Asks until the code was entered, between two sleeps. A line that breaks meanwhile says nothing of the code, as long as that is good.
 * @param check null while nobody has entered it
 * @throws AppError of `check`; whatever `sleep` throws where it is cancelled
 */
export async function untilEntered<Entered>(
  check: () => Promise<Entered | null>,
  wait: { readonly expiresAtMs: number; readonly nowMs: () => number; readonly sleep: () => Promise<void> },
): Promise<Entered> {
  for (;;) {
    await wait.sleep();
    try {
      const entered = await check();
      if (entered !== null) return entered;
    } catch (error) {
      const mayComeBack = error instanceof AppError && error.isRetryable && wait.nowMs() < wait.expiresAtMs;
      if (!mayComeBack) throw error;
    }
  }
}
