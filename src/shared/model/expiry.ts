// Tools that delete old conversations by themselves: how many of them are about to go.

import type { JsonObject } from './json.ts';

/** What is called soon, in days. */
export const EXPIRES_SOON_DAYS = 10;

/** True where the tool says, in the attribute `expiresAtMs`, that it deletes the item within the next days, or should have already. */
export function expiresSoon(attributes: JsonObject, nowMs: number): boolean {
  const { expiresAtMs, isOriginGone } = attributes;
  return (
    isOriginGone !== true && typeof expiresAtMs === 'number' && expiresAtMs - nowMs < EXPIRES_SOON_DAYS * 86_400_000
  );
}
