// All that reads bytes of others: files of other programs, records of the vault, what comes in from outside.

import { routerTarget } from './router-target.ts';
import { localSocketTarget, localWebSocketTarget } from './sockets/local-targets.ts';
import { pagePortTarget } from './sockets/page-port-target.ts';
import { syncTargets } from './sockets/sync-targets.ts';
import { vaultTargets } from './vault-targets.ts';
import { inputTargets } from './input-targets.ts';
import { sourceTargets } from './source-targets.ts';
import type { FuzzTarget } from './target.ts';

export function fuzzTargets(): FuzzTarget[] {
  return [
    ...sourceTargets(),
    ...vaultTargets(),
    ...inputTargets(),
    routerTarget(),
    localSocketTarget(),
    localWebSocketTarget(),
    pagePortTarget(),
    ...syncTargets(),
  ];
}
