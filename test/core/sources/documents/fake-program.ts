// A program that only writes down the words it was called with.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeProgram {
  /** A folder for PATH. */
  readonly folder: string;
  /** The words of each call. */
  calls(): string[][];
}

export function makeFakeProgram(folder: string, name: string): FakeProgram {
  const bin = join(folder, 'bin');
  const log = join(folder, 'calls');
  mkdirSync(bin, { recursive: true });
  const script = `#!/bin/sh\n{ for word in "$@"; do printf '%s\\0' "$word"; done; printf '\\n\\0'; } >> '${log}'\n`;
  writeFileSync(join(bin, name), script);
  chmodSync(join(bin, name), 0o755);
  return {
    folder: bin,
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .split('\n\0')
            .filter((call) => call !== '')
            .map((call) => call.split('\0').slice(0, -1))
        : [],
  };
}
