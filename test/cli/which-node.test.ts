// bin/cairn looks for a Node that can run it, and knows what each needs: with stand-ins that claim a version and print what they are given.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../bin/cairn', import.meta.url));
const folders: TemporaryFolder[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder[Symbol.dispose]();
});

/** Runs an installed copy of bin/cairn where the only Node is one of this version. */
function runUnder(version: string) {
  const folder = makeTemporaryFolder();
  folders.push(folder);
  for (const name of ['bin', 'path']) mkdirSync(join(folder.path, name));
  copyFileSync(SCRIPT, join(folder.path, 'bin/cairn'));
  const node = join(folder.path, 'path/node');
  writeFileSync(
    node,
    `#!/bin/sh
for last; do :; done
case " $* " in
  *" -e "*) exec '${process.execPath}' -e "Object.defineProperty(process, 'versions', { value: { node: '${version}' } }); $last" ;;
esac
printf '%s\\n' "$@"
`,
  );
  chmodSync(node, 0o755);
  const { status, stdout, stderr } = spawnSync(join(folder.path, 'bin/cairn'), ['list', '--all'], {
    encoding: 'utf8',
    env: { PATH: [join(folder.path, 'path'), '/usr/bin', '/bin'].join(delimiter) },
  });
  return { status, given: stdout.trim().split('\n'), stderr };
}

describe('bin/cairn', () => {
  it.each(['22.12.0', '24.21.0'])('starts under Node %s', (version) => {
    const { status, given } = runUnder(version);

    expect(status).toBe(0);
    expect(given).not.toContain('--no-maglev-osr');
    expect(given.slice(-2)).toEqual(['list', '--all']);
  });

  it.each(['25.0.0', '26.12.1'])('leaves out under Node %s the optimization that gives wrong bytes', (version) => {
    const { given } = runUnder(version);

    expect(given.indexOf('--no-maglev-osr')).toBeGreaterThan(0);
    expect(given.indexOf('--no-maglev-osr')).toBeLessThan(given.findIndex((word) => word.endsWith('cli.js')));
  });

  it.each(['20.19.0', '22.11.0'])('refuses Node %s, and says what it needs', (version) => {
    const { status, stderr } = runUnder(version);

    expect(status).toBe(1);
    expect(stderr).toContain('needs Node 22.12 or newer');
  });
});
