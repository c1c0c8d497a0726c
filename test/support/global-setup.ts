// Before the tests: the workers and what tests start as processes of their own, bundled as they ship, in a folder of this run's.

import { rmSync } from 'node:fs';

import { bundle } from './bundle.ts';
import { BUNDLE_VARIABLE } from './worker-path.ts';

export async function setup(): Promise<() => void> {
  const folder = await bundle(`test-${process.pid}`, {
    cli: 'src/cli/main.ts',
    workload: 'test/faults/workload.ts',
    'locking-process': 'test/support/locking-process.ts',
    'measure-capture': 'test/faults/huge/measure-capture.ts',
  });
  process.env[BUNDLE_VARIABLE] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
