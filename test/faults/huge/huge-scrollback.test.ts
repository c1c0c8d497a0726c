// A million lines of scrollback in a real tmux pane: the newest are taken in, the pane says that it was cut, its neighbour is whole.

import { existsSync } from 'node:fs';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { describeWith } from '../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeTestHost, waitFor } from '../../support/test-host.ts';
import { measureCapture } from './measured-capture.ts';

const LINES = 1_000_000;
const MAX_EXTRA_MB = 300;
const TIMEOUT_MS = 120_000;

let folder: TemporaryFolder;

async function tmux(...args: string[]): Promise<string> {
  const { stdout } = await makeTestHost(folder.path).run('tmux', ['-f', '/dev/null', ...args], { timeoutMs: 10_000 });
  return stdout.toString();
}

beforeAll(() => {
  folder = makeTemporaryFolder();
});

afterAll(async () => {
  await tmux('kill-server').catch(() => undefined);
  folder[Symbol.dispose]();
});

describeWith(['tmux'], 'a pane of tmux', () => {
  it.skipIf(!existsSync('/proc/self/clear_refs'))(
    'with a million lines of coloured scrollback gives its newest, and costs its neighbour nothing',
    async () => {
      const colours = `yes "$(printf '\\033[31mone of very many lines\\033[0m')" | head -n ${LINES}`;
      await tmux('new-session', '-d', '-s', 'well', '-x', '120', '-y', '40', 'echo all is well; exec sleep 600');
      await tmux('set-option', '-g', 'history-limit', String(LINES + 1_000));
      await tmux('new-session', '-d', '-s', 'huge', '-x', '120', '-y', '40', `${colours}; exec sleep 600`);
      const history = async (): Promise<number> =>
        Number(await tmux('display-message', '-p', '-t', 'huge', '#{history_size}'));
      await waitFor('the lines', async () => (await history()) > LINES - 100, 60_000);

      const { captures, extraMb } = await measureCapture({
        source: 'tmux',
        folder: folder.path,
        emptyFolder: `${folder.path}/empty`,
        maxCaptures: 2,
      });

      process.stdout.write(`a million lines of scrollback: ${Math.round(extraMb)} MB extra\n`);
      expect(captures[0]?.problems).toEqual([]);
      const [huge, well] = ['huge', 'well'].map((name) =>
        captures[0]?.items.find(({ title }) => title.startsWith(`${name}:`)),
      );
      expect(huge).toMatchObject({ attributes: { isScrollbackCut: true } });
      expect(huge?.sizeBytes).toBeGreaterThan(10_000 * 'one of very many lines'.length);
      expect(huge?.sizeBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
      expect(well?.attributes['isScrollbackCut']).toBeUndefined();
      expect(well?.sizeBytes).toBeGreaterThan('all is well'.length);
      expect(extraMb).toBeLessThan(MAX_EXTRA_MB);
    },
    TIMEOUT_MS,
  );
});
