// Stands in for every worker-path.ts in tests: the workers that global-setup.ts has bundled.

import { join } from 'node:path';

/** Where global-setup.ts says what it has made. */
export const BUNDLE_VARIABLE = 'CAIRN_TEST_BUNDLE';

/** A bundled program: a worker, the command line or a workload. */
export function bundledPath(name: string): string {
  const folder = process.env[BUNDLE_VARIABLE];
  if (folder === undefined) throw new Error('test/support/global-setup.ts has not run');
  return join(folder, `${name}.js`);
}

export function workerPath(name: 'vault-worker' | 'codec-worker' | 'inbox-worker' | 'redaction-worker'): string {
  return bundledPath(name);
}
