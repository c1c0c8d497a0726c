// Asks the app that runs over the same folder how its captures stand.

import { statusSchema } from '../../shared/contract/schemas.ts';
import { AppError } from '../../shared/model/app-error.ts';
import type { RunningCaptures } from '../status/running-captures.ts';
import { findRunningApp } from './running-app.ts';

/** Null where none runs, or it does not answer as this version expects. */
export async function readRunningCaptures(
  ...[files, isProcessAlive]: Parameters<typeof findRunningApp>
): Promise<RunningCaptures | null> {
  const running = await findRunningApp(files, isProcessAlive);
  if (running === null) return null;
  try {
    const parsed = statusSchema.safeParse(await running.get('/api/status'));
    return parsed.success ? { shell: parsed.data.shell, capture: parsed.data.capture } : null;
  } catch (error) {
    if (error instanceof AppError) return null; // it has just ended
    throw error;
  }
}
