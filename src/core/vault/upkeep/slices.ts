// Long work goes in slices: between two of them the worker answers whoever waits, and a cancellation is noticed.

import { setImmediate } from 'node:timers/promises';

import { AppError } from '../../../shared/model/app-error.ts';
import type { Progress } from '../vault.ts';

/** What long work reports to and listens to inside the worker. */
export interface WorkControl {
  readonly signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** Lets other requests run. @throws AppError CANCELLED */
export async function yieldToOthers(signal: AbortSignal): Promise<void> {
  await setImmediate();
  assertNotCancelled(signal);
}

/** @throws AppError CANCELLED */
export function assertNotCancelled(signal: AbortSignal): void {
  if (signal.aborted)
    throw new AppError('CANCELLED', 'The work was cancelled; what was done so far stays done.', { isRetryable: true });
}
