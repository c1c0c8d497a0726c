// What an app that runs over the same folder says of its captures, as far as commands look at it.

import type { Status } from '../../shared/contract/schemas.ts';

/** The desktop app or `cairn serve`, and how its captures stand. */
export type RunningCaptures = Pick<Status, 'shell' | 'capture'>;

/** True where it captures by itself, be it that the newest attempts failed. */
export function isCapturing({ capture }: RunningCaptures): boolean {
  return capture.state !== 'off' && capture.state !== 'paused';
}
