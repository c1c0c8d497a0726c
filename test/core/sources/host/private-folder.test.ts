import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { makePrivateFolder, removeLeftFolders } from '../../../../src/core/sources/host/private-folder.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';

const uid = process.getuid?.() ?? 0;

describe('private folders', () => {
  it('that a process killed with SIGKILL left are removed', async () => {
    using parent = makeTemporaryFolder();
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const left = join(parent.path, `cairn-private-${child.pid}-abcdef`);
    mkdirSync(left);
    writeFileSync(join(left, 'old-text'), 'what stood in the terminal');

    await removeLeftFolders([parent.path], uid);
    expect(readFileSync(join(left, 'old-text'), 'utf8')).toBe('what stood in the terminal');

    child.kill('SIGKILL');
    await once(child, 'close');
    await removeLeftFolders([parent.path], uid);
    expect(existsSync(left)).toBe(false);
  });

  it('are private, and nobody takes away what this process still uses, or what is not ours', async () => {
    using parent = makeTemporaryFolder();
    const own = await makePrivateFolder([parent.path]);
    const other = join(parent.path, 'cairn-notes-1-abcdef');
    mkdirSync(other);

    await removeLeftFolders([parent.path, join(parent.path, 'missing')], uid);

    expect(statSync(own).mode & 0o777).toBe(0o700);
    expect(existsSync(other)).toBe(true);
  });
});
