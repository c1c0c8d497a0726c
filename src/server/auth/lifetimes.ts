// How long codes and tokens live.

export const ACCESS_TOKEN_MS = 15 * 60_000;
/** A device that was away for longer logs in again. */
export const REFRESH_TOKEN_MS = 90 * 24 * 3_600_000;
export const DEVICE_CODE_MS = 10 * 60_000;
/** A device that waits for its code does not ask more often. */
export const POLL_INTERVAL_MS = 2_000;
