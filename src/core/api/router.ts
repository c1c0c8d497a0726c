// All handlers of the contract, for every transport.

import type { ApiDeps } from './api-deps.ts';
import { checkpointHandlers } from './checkpoints.ts';
import { os } from './handlers.ts';
import { desktopHandlers } from './desktop.ts';
import { keyHandlers } from './keys.ts';
import { publishingHandlers } from './publishing.ts';
import { recoveryHandlers } from './recovery.ts';
import { restoreHandlers } from './restore.ts';
import { sessionHandlers } from './sessions.ts';
import { settingsHandlers } from './settings.ts';
import { snapshotHandlers } from './snapshots.ts';
import { syncHandlers } from './sync.ts';
import { timelineHandlers } from './timeline.ts';
import { upkeepHandlers } from './upkeep.ts';
import { vaultHandlers } from './vault.ts';

/** Binds the contract to a session. Nothing is cached here: one router serves any number of connections. */
export function createApiRouter(deps: ApiDeps) {
  return os.router({
    ...vaultHandlers(deps),
    ...snapshotHandlers(deps),
    ...timelineHandlers(deps),
    checkpoints: checkpointHandlers(deps),
    restore: restoreHandlers(deps),
    ...sessionHandlers(deps),
    ...publishingHandlers(deps),
    ...settingsHandlers(deps),
    recovery: recoveryHandlers(deps),
    keys: keyHandlers(deps),
    sync: syncHandlers(deps),
    upkeep: upkeepHandlers(deps),
    desktop: desktopHandlers(deps),
  });
}

export type ApiRouter = ReturnType<typeof createApiRouter>;
