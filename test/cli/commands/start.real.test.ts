import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createRunProgram, type RunProgram } from '../../../src/core/sources/host/run-program.ts';
import { describeWith } from '../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const WAIT_MS = 30_000;

let folder: TemporaryFolder;
/** tmux as the terminal that a person types into. */
let run: RunProgram;

beforeEach(() => {
  folder = makeTemporaryFolder();
  run = createRunProgram({ PATH: process.env['PATH'], HOME: folder.path, TMUX_TMPDIR: folder.path, TERM: 'xterm' });
});
afterEach(async () => {
  await run('tmux', ['-L', 'terminal', 'kill-server']);
  folder[Symbol.dispose]();
});

async function openTerminal(command: string): Promise<void> {
  const size = ['-x', '110', '-y', '90'];
  await run('tmux', [
    '-L',
    'terminal',
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-s',
    't',
    ...size,
    `${command}; echo "exit code $?"; cat`,
  ]);
}

async function type(...keys: readonly string[]): Promise<void> {
  await run('tmux', ['-L', 'terminal', 'send-keys', '-t', 't', ...keys]);
}

async function waitFor(text: string): Promise<string> {
  const deadline = AbortSignal.timeout(WAIT_MS);
  let screen = '';
  while (!deadline.aborted) {
    screen = (await run('tmux', ['-L', 'terminal', 'capture-pane', '-p', '-t', 't'])).stdout.toString('utf8');
    if (screen.includes(text)) return screen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`"${text}" did not come; the screen is\n${screen}`);
}

describeWith(['tmux', 'bash'], 'cairn start on a real terminal', () => {
  it('leads to a proven restore, and never shows the password', async () => {
    const home = join(folder.path, 'data');
    await openTerminal(`${process.execPath} ${MAIN} start --home ${home}`);

    await waitFor('Password (12 characters at least):');
    await type('-l', TEST_PASSWORD);
    await type('Enter');
    await waitFor('Password again:');
    await type('-l', TEST_PASSWORD);
    await type('Enter');
    const screen = await waitFor('Type its last four characters');
    await type('-l', /-([0-9A-Z]{4})$/m.exec(screen)?.[1] ?? '');
    await type('Enter');
    await waitFor('Numbers to turn on or off');
    await type('-l', '1');
    await type('Enter');
    await waitFor('[x] 1');
    await type('Enter');
    const end = await waitFor('exit code');

    expect(end).toContain('Captured 1 item');
    expect(end).toContain('| this line was captured by Cairn');
    expect(end).toContain('Captured, lost, and brought back.');
    expect(end).toContain('exit code 0');
    expect(end).not.toContain(TEST_PASSWORD);
  });

  it('ends at Ctrl-C with the terminal as before', async () => {
    await openTerminal(`${process.execPath} ${MAIN} start --home ${join(folder.path, 'data')}`);

    await waitFor('Password (12 characters at least):');
    await type('C-c');
    await waitFor('exit code 1');
    await type('-l', 'echoed again');

    expect(await waitFor('echoed again')).toContain('cairn: Cancelled.');
  });
});
