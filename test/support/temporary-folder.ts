// A folder that is gone when the test is over.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder extends AsyncDisposable, Disposable {
  readonly path: string;
}

/** Makes an empty private folder; disposing removes it with everything in it. */
export function makeTemporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'cairn-test-'));
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  return {
    path,
    [Symbol.dispose]: remove,
    [Symbol.asyncDispose]: async () => remove(),
  };
}
