// Programs that speak with a model, which are no dependencies: `$CAIRN_TEST_<NAME>` names one, or PATH has it.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The absolute path of a program, or null where it is not installed. */
export function findAiProgram(name: string): string | null {
  const named = process.env[`CAIRN_TEST_${name.toUpperCase().replaceAll('-', '_')}`];
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  for (const path of named === undefined ? candidates : [named]) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return null;
}
