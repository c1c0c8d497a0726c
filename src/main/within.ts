// Waits, but not for ever.

import type { Clock } from '../core/clock.ts';

/** True where the work ended in time, whatever came of it; what is late goes on unseen. */
export async function within(work: Promise<unknown>, limitMs: number, clock: Clock): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const cancel = clock.setTimer(() => late.resolve(false), limitMs);
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late.promise]);
  } finally {
    cancel();
  }
}
