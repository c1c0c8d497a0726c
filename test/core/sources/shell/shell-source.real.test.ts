import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { readProcesses } from '../../../../src/core/sources/host/proc.ts';
import { createShellSource } from '../../../../src/core/sources/shell/shell-source.ts';
import { findTmuxTerminal } from '../../../../src/core/sources/tmux/open-tmux-terminal.ts';
import type { RestoreContext } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { StepResult } from '../../../../src/shared/model/restore.ts';
import { describeWith } from '../../../support/programs.ts';
import { makeCaptureContext, makeRestoreContext, toSnapshotItems, waitFor } from '../../../support/test-host.ts';
import { openTmuxWorkshop, type TmuxWorkshop } from '../tmux/tmux-workshop.ts';

describeWith(['tmux', 'bash'], 'the shell source on a real terminal', () => {
  const source = createShellSource();
  let shop: TmuxWorkshop;
  let keyboard: WriteStream;

  beforeEach(async () => {
    shop = openTmuxWorkshop();
    const fifo = join(shop.folder, 'keyboard');
    await shop.host.run('mkfifo', [fifo]);
    // On its own, so that the terminal of the tests is none of its ancestors.
    const script = 'setsid -f script -q -c "bash --norc --noprofile" /dev/null <keyboard >screen 2>&1';
    const started = shop.host.run('sh', ['-c', script], { cwd: shop.folder });
    keyboard = createWriteStream(fifo);
    await started;
    await waitFor('the terminal', async () => (await capture()).length === 1);
  });

  afterEach(async () => {
    const shell = (await capture())[0];
    const pid = Number(
      JSON.stringify(shell?.attributes['identity'] ?? '')
        .replaceAll('"', '')
        .split('-')
        .at(-2),
    );
    const ours = readProcesses({ procDir: '/proc' }).filter(
      (process) => process.sessionId === pid || process.pid === pid,
    );
    if (pid > 1) for (const process of ours) globalThis.process.kill(process.pid, 'SIGKILL');
    keyboard.destroy();
    await shop[Symbol.asyncDispose]();
  });

  async function capture(): Promise<readonly CapturedItem[]> {
    return (await source.capture(makeCaptureContext(shop.host))).items;
  }

  it('follows its folder and program, and brings both back in a tmux window, once', async () => {
    const place = join(shop.folder, 'my place');
    mkdirSync(place);
    keyboard.write(`cd '${place}'\nsleep 1000\n`);
    await waitFor('the program', async () => (await capture())[0]?.attributes['isIdle'] === false);
    const items = await capture();
    expect(items[0]).toMatchObject({ key: expect.stringMatching(/^shell:pts\/\d+$/), group: 'script' });
    expect(items[0]?.attributes).toMatchObject({ cwd: place, argv: ['sleep', '1000'], shell: 'bash' });
    expect(JSON.stringify(items)).not.toContain('PATH');

    const apply = async (overrides: Partial<RestoreContext>): Promise<StepResult[]> => {
      const openTerminal = await findTmuxTerminal(shop.host);
      const context = makeRestoreContext(shop.host, shop.folder, items, { openTerminal, ...overrides });
      const results: StepResult[] = [];
      for await (const result of source.applyRestore(await source.planRestore(context.selected, context), context))
        results.push(result);
      return results;
    };
    const results = await apply({});

    expect(results).toMatchObject([{ status: 'done' }]);
    await shop.waitForScreen('cairn', 'sleep 1000');
    expect(
      await shop.tmux('list-panes', '-a', '-F', '#{session_name} #{pane_current_command} #{pane_current_path}'),
    ).toBe(`cairn bash ${place}\n`);
    expect(await apply({ present: toSnapshotItems(await shop.capture()).items })).toEqual([]);
    expect(await apply({ present: toSnapshotItems(await capture()).items })).toEqual([]);
    expect(await shop.undo(results)).toMatchObject([{ status: 'done' }]);
    expect(await shop.capture()).toEqual([]);
  });
});
