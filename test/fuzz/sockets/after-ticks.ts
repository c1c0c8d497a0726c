const TICK_MS = 100;

/** Calls back after so long in which this process ran: one that is stopped for a while has not waited. The result undoes it. */
export function afterTicks(delayMs: number, callback: () => void): () => void {
  let left = Math.ceil(delayMs / TICK_MS);
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    callback();
  }, TICK_MS);
  return () => clearInterval(timer);
}
