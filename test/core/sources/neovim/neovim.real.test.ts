import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createNeovimSource } from '../../../../src/core/sources/neovim/neovim-source.ts';
import type { SourceCapture } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';
import {
  openEditorWorkshop,
  presentOf,
  readFile,
  unsavedText,
  type EditorWorkshop,
} from '../documents/editor-workshop.ts';

const NVIM = 'nvim -u NONE -i NONE';

describeWith(['nvim', 'tmux'], 'the Neovim source with the real program', () => {
  let workshop: EditorWorkshop;
  let folder: string;

  beforeEach(() => {
    workshop = openEditorWorkshop(createNeovimSource());
    ({ folder } = workshop.shop);
    writeFileSync(join(folder, 'a.txt'), 'one\ntwo\nthree\n');
    writeFileSync(join(folder, 'b.txt'), 'first\nsecond\n');
  });
  afterEach(() => workshop[Symbol.asyncDispose]());

  function itemOf({ items }: SourceCapture, name: string): CapturedItem | undefined {
    return items.find(({ title, key }) => title === name && key.includes(folder));
  }

  async function captureUntil(holds: (capture: SourceCapture) => boolean): Promise<SourceCapture> {
    let capture = await workshop.capture();
    await waitFor('the state of Neovim', async () => {
      capture = await workshop.capture();
      return holds(capture);
    });
    return capture;
  }

  it('reads files, tabs, windows, cursors, the terminal, and unsaved text to the byte', async () => {
    await workshop.start('edit', `${NVIM} a.txt`);
    await waitFor('Neovim', async () => (await workshop.capture()).items.length === 1);
    await workshop.keys(
      'edit',
      ':vsplit b.txt',
      'Enter',
      ':tabnew a.txt',
      'Enter',
      ':2',
      'Enter',
      ':normal! $ahere',
      'Enter',
    );

    const capture = await captureUntil((now) => itemOf(now, 'a.txt')?.attributes['isModified'] === true);

    const tty = (await workshop.shop.tmux('display-message', '-p', '-t', 'edit', '#{pane_tty}')).trim();
    expect(capture.problems).toEqual([]);
    expect(itemOf(capture, 'a.txt')?.attributes).toMatchObject({
      path: join(folder, 'a.txt'),
      line: 2,
      column: 7,
      isModified: true,
      isActive: true,
      isShown: true,
      cwd: folder,
      tty,
      unsaved: 'whole',
      windows: [
        { tab: 1, place: 2, split: 'row' },
        { tab: 2, place: 1, line: 2, column: 7 },
      ],
    });
    expect(itemOf(capture, 'b.txt')?.attributes).toMatchObject({ isModified: false, isActive: false });
    expect(unsavedText(itemOf(capture, 'a.txt'))).toBe('one\ntwohere\nthree\n');
    expect(readFile(folder, 'a.txt')).toBe('one\ntwo\nthree\n');
  });

  it('keeps bytes that are no UTF-8, zeros, line ends and a missing last newline', async () => {
    const bytes = Buffer.from([0x61, 0x00, 0xff, 0x0d, 0x0a, 0x62, 0x0d, 0x0a, 0x63]);
    writeFileSync(join(folder, 'odd.txt'), 'x\r\nb\r\nc');
    await workshop.start('edit', `${NVIM} --cmd 'set nofixeol' '+call setline(1, "a\\n\\xff")' odd.txt`);

    const capture = await captureUntil((now) => itemOf(now, 'odd.txt')?.streams.length === 1);

    const content = itemOf(capture, 'odd.txt')?.streams[0]?.content;
    expect(content?.type === 'whole' ? Buffer.from(content.bytes) : null).toEqual(bytes);
  });

  it('reads a text again only when it changed, and none that is excluded', async () => {
    await workshop.start('edit', `${NVIM} a.txt`);
    await waitFor('Neovim', async () => (await workshop.capture()).items.length === 1);
    await workshop.keys('edit', ':normal! Onew', 'Enter');
    const first = await captureUntil((now) => unsavedText(itemOf(now, 'a.txt')) === 'new\none\ntwo\nthree\n');

    const second = await workshop.captureAfter(first);
    const hidden = await workshop.capture({
      excludes: { path: (path) => path.endsWith('a.txt'), url: () => false, command: () => false },
    });

    expect(itemOf(second, 'a.txt')?.streams[0]?.content).toEqual({ type: 'unchanged' });
    expect(itemOf(second, 'a.txt')?.attributes).toEqual(itemOf(first, 'a.txt')?.attributes);
    expect(hidden.items).toEqual([]);
    await workshop.keys('edit', ':normal! Omore', 'Enter');
    await waitFor(
      'the change',
      async () => unsavedText(itemOf(await workshop.captureAfter(first), 'a.txt'))?.startsWith('more') === true,
    );
  });

  it('says which instance waits for a key, presses none, and reads the others', async () => {
    await workshop.start('waits', `${NVIM} a.txt`);
    await workshop.start('works', `${NVIM} b.txt`);
    const before = await captureUntil((now) => now.items.length === 2);
    await workshop.keys('waits', ':echo "1\\n2\\n3"', 'Enter');
    await workshop.shop.waitForScreen('waits', 'Press ENTER');

    const capture = await workshop.captureAfter(before);

    expect(capture.problems).toEqual([
      expect.objectContaining({ reason: 'unreadable', group: itemOf(before, 'a.txt')?.group }),
    ]);
    expect(capture.problems[0]?.message).toContain('it waits for a key');
    expect(capture.items.map(({ title }) => title)).toEqual(['b.txt']);
    expect(capture.closed).toEqual([]);
    expect(await workshop.shop.screen('waits')).toContain('Press ENTER');
  });

  it('knows a file that was closed from one that a kill took, and recovers the text of the latter', async () => {
    await workshop.start('edit', `${NVIM} a.txt b.txt`);
    await waitFor('Neovim', async () => (await workshop.capture()).items.length === 2);
    await workshop.keys('edit', ':normal! Olost', 'Enter', ':preserve', 'Enter');
    const before = await captureUntil((now) => unsavedText(itemOf(now, 'a.txt')) === 'lost\none\ntwo\nthree\n');
    await workshop.keys('edit', ':bdelete b.txt', 'Enter');
    await waitFor('one file less', async () => (await workshop.capture()).items.length === 1);
    process.kill(await workshop.pidOf('edit'), 'SIGKILL');
    await waitFor('the end', async () => !(await workshop.shop.tmux('ls').catch(() => '')).includes('edit'));
    const swapFolder = join(workshop.shop.host.homeDir, '.local/share/nvim/swap');
    const stateFolder = join(workshop.shop.host.homeDir, '.local/state/nvim/swap');
    const swaps = [swapFolder, stateFolder].filter(existsSync).flatMap((path) => readdirSync(path));

    const after = await workshop.captureAfter(before, { known: () => undefined });

    expect(swaps).toHaveLength(1);
    expect(after.items.map(({ key }) => key)).toEqual([itemOf(before, 'a.txt')?.key]);
    expect(after.items[0]?.attributes).toMatchObject({ isRecoverable: true, isRunning: false, isModified: true });
    expect(unsavedText(after.items[0])).toBe('lost\none\ntwo\nthree\n');
    expect(after.closed).toContain(itemOf(before, 'b.txt')?.key);
    expect([swapFolder, stateFolder].filter(existsSync).flatMap((path) => readdirSync(path))).toEqual(swaps);
  });

  it('brings files back as they stood, unsaved text beside its file, and takes the copy back', async () => {
    mkdirSync(join(folder, 'it is'));
    writeFileSync(join(folder, 'it is', '%bad | name$(touch x).txt'), 'odd\nname\n', { mode: 0o640 });
    await workshop.start('edit', `${NVIM} -n a.txt`);
    await waitFor('Neovim', async () => (await workshop.capture()).items.length === 1);
    await workshop.keys('edit', ':cd %:h', 'Enter', '3G', ':split b.txt', 'Enter', '2G');
    await workshop.keys(
      'edit',
      ":exe 'tabnew ' . fnameescape(glob('it*/*'))",
      'Enter',
      ':2',
      'Enter',
      ':normal! Anew',
      'Enter',
      ':normal! 0',
      'Enter',
    );
    const before = await captureUntil((now) =>
      now.items.some(({ attributes }) => attributes['isModified'] === true && attributes['column'] === 1),
    );
    await workshop.shop.tmux('kill-session', '-t', 'edit');
    await waitFor('the end', async () =>
      (await workshop.capture()).items.every(({ attributes }) => attributes['isRunning'] === false),
    );

    const { plan, results } = await workshop.restore(before.items, {
      options: {
        shouldRunCommands: true,
        shouldApplyGit: false,
        worktreeDir: null,
        allowsFileUrls: false,
        withScrollback: true,
      },
    });
    const back = await captureUntil(
      (now) => now.items.filter(({ attributes }) => attributes['isShown'] === true).length === 3,
    );

    expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    const odd = itemOf(before, '%bad | name$(touch x).txt');
    const copy = join(folder, 'it is', '%bad | name$(touch x).cairn-recovered-20261120-140200.txt');
    expect(plan.find(({ key }) => key === odd?.key)?.detail).toContain(copy);
    expect(readFile(copy)).toBe('odd\nnamenew\n');
    expect(statSync(copy).mode & 0o777).toBe(0o640);
    expect(readFile(folder, 'it is', '%bad | name$(touch x).txt')).toBe('odd\nname\n');
    for (const name of ['a.txt', 'b.txt', '%bad | name$(touch x).txt']) {
      const { windows, line } = itemOf(before, name)?.attributes ?? {};
      expect(itemOf(back, name)?.attributes).toMatchObject({ windows, line });
    }
    expect(existsSync(join(folder, 'it is', 'x'))).toBe(false);

    const again = await workshop.restore(before.items, { present: presentOf(back) });
    expect(again.plan.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
    const undone = await workshop.undo(results);
    expect(undone.map(({ status }) => status).toSorted()).toEqual(['done', 'skipped', 'skipped']);
    expect(existsSync(copy)).toBe(false);
  });

  it('hears of a change when Neovim writes it to its swap file', async () => {
    const watching = new AbortController();
    let changes = 0;
    await workshop.source.watch?.({
      host: workshop.shop.host,
      signal: watching.signal,
      onChange: () => (changes += 1),
    });
    await workshop.start('edit', `${NVIM} --cmd 'set updatetime=50' a.txt`);
    await captureUntil((now) => now.items.length === 1);
    const before = changes;
    await workshop.keys('edit', ':normal! Onew', 'Enter', ':preserve', 'Enter');

    await waitFor('a sign', () => changes > before);
    watching.abort();
  });

  it('closes what ended by itself, and keeps what was open when the machine went down', async () => {
    await workshop.start('edit', `${NVIM} a.txt`);
    const before = await captureUntil((now) => now.items.length === 1);
    await workshop.keys('edit', ':q', 'Enter');
    await waitFor('the end', async () => (await workshop.capture()).items.length === 0);

    const key = before.items[0]?.key;
    expect((await workshop.captureAfter(before)).closed).toEqual([key]);
    const earlier = before.items.map((item) => ({
      ...item,
      attributes: { ...item.attributes, instance: { pid: 1, startTime: 1, boot: 'an earlier run of the machine' } },
      stale: false,
    }));
    expect((await workshop.capture({ previous: earlier })).closed).toEqual([]);
  });
});
