// Passwords of accounts (S32): Argon2id, few at a time, and as slow for an address that nobody has as for one that somebody has.

import argon2 from 'argon2';

import { Refusal } from '../http/refusal.ts';

const OPTIONS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Each takes 19 MiB and a core for a while. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 50;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** With null (nobody has this address) it takes as long, and is false. */
  isRight(password: string, hash: string | null): Promise<boolean>;
}

export function createPasswords(): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];
  // A hash of nothing that anybody types, made once: what it costs to compare with it is the same.
  let nobody: Promise<string> | null = null;

  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= MAX_AT_ONCE) {
      if (waiting.length >= MAX_WAITING)
        throw new Refusal('unavailable', 'Too many log-ins at once.', 'Try again in a moment.', {
          retryAfterMs: 2_000,
        });
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
  return {
    hash: (password) => inTurn(() => argon2.hash(password, OPTIONS)),
    isRight: (password, hash) =>
      inTurn(async () => {
        nobody ??= argon2.hash('no account', OPTIONS);
        const isSame = await argon2.verify(hash ?? (await nobody), password);
        return isSame && hash !== null;
      }),
  };
}
