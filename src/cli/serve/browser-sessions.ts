// Which browsers may use the window: a code that is good once, and for a few minutes, becomes a cookie that no script can read.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { isSameSecret } from '../../core/api/local/api-token.ts';

const CODE_LIFE_MS = 10 * 60_000;
const MAX_CODES = 20;
const MAX_SESSIONS = 100;

export class BrowserSessions {
  readonly #nowMs: () => number;
  readonly #codes = new Map<string, number>();
  readonly #sessions = new Set<string>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A code for the address that is opened. It stands in the fragment, which no server and no log sees. */
  newCode(): string {
    const code = randomBytes(24).toString('base64url');
    this.#codes.set(code, this.#nowMs() + CODE_LIFE_MS);
    for (const oldest of this.#codes.keys()) if (this.#codes.size > MAX_CODES) this.#codes.delete(oldest);
    return code;
  }

  /** The value of a cookie for a code that holds; null otherwise. A code holds once. */
  redeem(code: string): string | null {
    const found = [...this.#codes].find(([other]) => isSameSecret(other, code));
    if (found === undefined) return null;
    this.#codes.delete(found[0]);
    if (found[1] < this.#nowMs()) return null;
    const session = randomBytes(32).toString('base64url');
    this.#sessions.add(session);
    // The oldest login goes: it may be a window that was closed long ago.
    for (const oldest of this.#sessions) if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest);
    return session;
  }

  /** True where the request carries a cookie that was given out. */
  isKnown({ headers }: IncomingMessage, port: number): boolean {
    const name = cookieName(port);
    const values = (headers.cookie ?? '')
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part.startsWith(`${name}=`))
      .map((part) => part.slice(name.length + 1));
    return values.some((value) => [...this.#sessions].some((session) => isSameSecret(session, value)));
  }
}

/** Cookies know no ports: each server has a name of its own. */
export function cookieName(port: number): string {
  return `cairn-${port}`;
}

export function sessionCookie(port: number, value: string): string {
  return `${cookieName(port)}=${value}; Path=/; HttpOnly; SameSite=Strict`;
}
