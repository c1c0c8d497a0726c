import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { SourceCapture } from '../../../../src/core/sources/source.ts';
import { parseSwapText } from '../../../../src/core/sources/vim/parse-swap.ts';
import { createVimSource } from '../../../../src/core/sources/vim/vim-source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith, findProgram } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';
import {
  openEditorWorkshop,
  presentOf,
  readFile,
  unsavedText,
  type EditorWorkshop,
} from '../documents/editor-workshop.ts';

// Fast flushes of the swap file: by default it takes four seconds.
const VIM = `${findProgram('wholeVim') ?? 'vim'} -u NONE -i NONE --cmd 'set updatetime=50 updatecount=1 nocompatible'`;
const LONG_LINES = Array.from({ length: 3_000 }, (_, at) => `line ${at + 1} with some text to fill a page`);

describeWith(['wholeVim', 'tmux'], 'the Vim source with the real program', () => {
  let workshop: EditorWorkshop;
  let folder: string;

  beforeEach(() => {
    workshop = openEditorWorkshop(createVimSource());
    ({ folder } = workshop.shop);
    writeFileSync(join(folder, 'a.txt'), 'one\ntwo\nthree\n');
    writeFileSync(join(folder, 'b.txt'), 'first\nsecond\n');
  });
  afterEach(() => workshop[Symbol.asyncDispose]());

  /** Only those of this test: the machine may have others. */
  function ours({ items }: SourceCapture): CapturedItem[] {
    return items.filter(({ key, attributes }) => key.includes(folder) || attributes['cwd'] === folder);
  }

  function itemOf(capture: SourceCapture, name: string): CapturedItem | undefined {
    return ours(capture).find(({ title }) => title === name);
  }

  async function captureUntil(holds: (capture: SourceCapture) => boolean): Promise<SourceCapture> {
    let capture = await workshop.capture();
    await waitFor('the state of Vim', async () => {
      capture = await workshop.capture();
      return holds(capture);
    });
    return capture;
  }

  async function killVim(session: string): Promise<void> {
    process.kill(await workshop.pidOf(session), 'SIGKILL');
    await waitFor('the end', async () => !(await workshop.shop.tmux('ls').catch(() => '')).includes(session));
  }

  /** What Vim itself recovers from a copy of the swap file. */
  function recoverByVim(swapFile: string): string {
    const copy = join(folder, 'recover');
    mkdirSync(copy);
    const own = join(copy, '.copy.swp');
    writeFileSync(own, readFileSync(swapFile));
    const out = join(copy, 'out');
    execFileSync(
      findProgram('wholeVim') ?? 'vim',
      [
        ...['-es', '-u', 'NONE', '-i', 'NONE', '-n', '--cmd', 'set nomodeline'],
        ...['-c', `recover! ${own}`, '-c', `write! ${out}`, '-c', 'qa!'],
      ],
      { env: { ...process.env, LC_ALL: 'C.UTF-8' } },
    );
    return readFileSync(out, 'utf8');
  }

  it('reads files, the terminal and unsaved text of a running one, and changes nothing', async () => {
    await workshop.start('edit', `${VIM} -p a.txt b.txt`);
    await captureUntil((now) => ours(now).length === 2);
    await workshop.keys('edit', ':normal! Onew', 'Enter');

    const capture = await captureUntil((now) => unsavedText(itemOf(now, 'a.txt')) !== null);

    const tty = (await workshop.shop.tmux('display-message', '-p', '-t', 'edit', '#{pane_tty}')).trim();
    expect(itemOf(capture, 'a.txt')?.attributes).toMatchObject({
      path: join(folder, 'a.txt'),
      isModified: true,
      cwd: folder,
      tty,
      unsaved: 'whole',
      swapFile: join(folder, '.a.txt.swp'),
    });
    expect(itemOf(capture, 'b.txt')?.attributes).toMatchObject({ isModified: false });
    expect(itemOf(capture, 'b.txt')?.streams).toEqual([]);
    await waitFor(
      'the text',
      async () => unsavedText(itemOf(await workshop.capture(), 'a.txt')) === 'new\none\ntwo\nthree\n',
    );
    expect(readFile(folder, 'a.txt')).toBe('one\ntwo\nthree\n');
  });

  it('names the files of a Vim without swap files by its words', async () => {
    await workshop.start('edit', `${VIM} -n +2 a.txt -- b.txt`);

    const capture = await captureUntil((now) => ours(now).length === 2);

    expect(ours(capture).map(({ title }) => title)).toEqual(['a.txt', 'b.txt']);
  });

  it('reads of a killed one the text that Vim itself would recover, and touches neither swap file nor file', async () => {
    writeFileSync(join(folder, 'long.txt'), `${LONG_LINES.join('\n')}\n`);
    await workshop.start('edit', `${VIM} long.txt`);
    const before = await captureUntil((now) => ours(now).length === 1);
    await workshop.keys(
      'edit',
      ':2500normal! Owritten',
      'Enter',
      ':7delete',
      'Enter',
      // Longer than a page of the swap file.
      ':call setline(5, repeat("é", 30000))',
      'Enter',
      ':100,900delete',
      'Enter',
      ':$put =range(500)',
      'Enter',
    );
    await workshop.shop.waitForScreen('edit', '499');
    await waitFor(
      'the swap file',
      async () => unsavedText(itemOf(await workshop.capture(), 'long.txt'))?.endsWith('499\n') === true,
    );
    await killVim('edit');
    const swapFile = join(folder, '.long.txt.swp');
    const swap = readFileSync(swapFile);

    const after = await workshop.captureAfter(before);

    const item = itemOf(after, 'long.txt');
    expect(item?.key).toBe(ours(before)[0]?.key);
    expect(item?.attributes).toMatchObject({
      isRecoverable: true,
      isRunning: false,
      isModified: true,
      unsaved: 'whole',
    });
    expect(unsavedText(item)).toBe(recoverByVim(swapFile));
    expect(readFileSync(swapFile)).toEqual(swap);
    expect(readFile(folder, 'long.txt')).toBe(`${LONG_LINES.join('\n')}\n`);
  });

  it('reads a new file, one of latin1, an empty one and one with foreign line ends as Vim recovers them', async () => {
    writeFileSync(join(folder, 'latin.txt'), Buffer.from('caf\xe9\nna\xefve\n', 'latin1'));
    writeFileSync(join(folder, 'dos.txt'), 'a\r\nb\r\n');
    const edits = ['latin.txt', 'dos.txt', 'new.txt', 'empty.txt'];
    await workshop.start('edit', `${VIM} --cmd 'set hidden fileencodings=utf-8,latin1' ${edits.join(' ')}`);
    await captureUntil((now) => ours(now).length >= 1);
    for (const name of edits) await workshop.keys('edit', `:edit ${name}`, 'Enter', `:1put ='x'`, 'Enter');
    await workshop.keys('edit', ':%delete', 'Enter', ':preserve', 'Enter');
    await waitFor(
      'all',
      async () => ours(await workshop.capture()).filter((item) => unsavedText(item) !== null).length === 4,
    );
    await workshop.keys('edit', ':bufdo preserve', 'Enter');
    await waitFor('the text', async () => unsavedText(itemOf(await workshop.capture(), 'empty.txt')) === '');
    await killVim('edit');

    const capture = await workshop.capture({ previous: [] });
    const known = await workshop.captureAfter(
      { ...capture, items: [] },
      { previous: edits.map((name) => previousItem(name)) },
    );

    const texts = Object.fromEntries(edits.map((name) => [name, unsavedText(itemOf(known, name))]));
    expect(texts).toEqual({
      'latin.txt': 'café\nx\nnaïve\n',
      'dos.txt': 'a\r\nx\r\nb\r\n',
      'new.txt': '\nx\n',
      'empty.txt': '',
    });
    expect(itemOf(known, 'latin.txt')?.attributes['encoding']).toBe('latin1');
  });

  function previousItem(name: string) {
    const path = join(folder, name);
    const attributes = { path, name, editor: 'Vim', swapFile: join(folder, `.${name}.swp`) };
    return {
      key: `vim:${path}` as CapturedItem['key'],
      kind: 'document' as const,
      group: 'g',
      title: name,
      attributes,
      streams: [],
      stale: false,
    };
  }

  it('finds what a crash left where nobody looked before: in the folder of a shell', async () => {
    await workshop.start('shell', 'bash --norc');
    await workshop.start('edit', `${VIM} a.txt`);
    await captureUntil((now) => ours(now).length === 1);
    await workshop.keys('edit', ':normal! Olost', 'Enter');
    await waitFor(
      'the text',
      async () => unsavedText(itemOf(await workshop.capture(), 'a.txt'))?.startsWith('lost') === true,
    );
    await killVim('edit');

    const capture = await workshop.capture();

    expect(itemOf(capture, 'a.txt')?.attributes).toMatchObject({ isRecoverable: true });
    rmSync(join(folder, '.a.txt.swp'));
    const next = await workshop.captureAfter(capture);
    expect(ours(next)).toEqual([]);
    expect(next.closed).toContain(itemOf(capture, 'a.txt')?.key);
  });

  it('brings files back on the prompt, unsaved text beside its file, and takes the copy back', async () => {
    await workshop.start('edit', `${VIM} -p a.txt b.txt`);
    await captureUntil((now) => ours(now).length === 2);
    await workshop.keys('edit', ':normal! Olost', 'Enter');
    const before = await captureUntil((now) => unsavedText(itemOf(now, 'a.txt'))?.startsWith('lost') === true);
    await killVim('edit');
    const items = ours(before);

    const { results } = await workshop.restore(items);

    const copy = join(folder, 'a.cairn-recovered-20261120-140200.txt');
    expect(results.map(({ status }) => status)).toEqual(['done', 'done']);
    expect(readFile(copy)).toBe('lost\none\ntwo\nthree\n');
    const windows = await workshop.shop.tmux('list-windows', '-a', '-F', '#{session_name}:#{window_index}');
    await workshop.shop.waitForScreen(
      windows
        .trim()
        .split('\n')
        .find((name) => name.startsWith('cairn')) ?? '',
      `vim -- ${folder}/a.txt ${folder}/b.txt`,
    );
    expect(ours(await workshop.capture()).filter(({ attributes }) => attributes['isRunning'] !== false)).toEqual([]);

    writeFileSync(copy, 'changed by the user');
    expect((await workshop.undo(results)).map(({ status }) => status)).toEqual(['skipped', 'skipped']);
    expect(existsSync(copy)).toBe(true);
  });

  it('leaves an open file alone, and writes the older text of it beside', async () => {
    await workshop.start('edit', `${VIM} a.txt`);
    await captureUntil((now) => ours(now).length === 1);
    await workshop.keys('edit', ':normal! Oolder', 'Enter');
    const before = await captureUntil((now) => unsavedText(itemOf(now, 'a.txt'))?.startsWith('older') === true);
    await workshop.keys('edit', ':normal! Onewer', 'Enter');
    const now = await captureUntil((capture) => unsavedText(itemOf(capture, 'a.txt'))?.startsWith('newer') === true);

    const same = await workshop.restore(ours(now), { present: presentOf(now) });
    const older = await workshop.restore(ours(before), { present: presentOf(now) });

    expect(same.plan).toEqual([expect.objectContaining({ status: 'skipped', detail: 'It is open already, in Vim.' })]);
    expect(older.plan).toEqual([expect.objectContaining({ status: 'planned', action: 'write-copy' })]);
    expect(readdirSync(folder).filter((name) => name.includes('recovered'))).toEqual([
      'a.cairn-recovered-20261120-140200.txt',
    ]);
    expect(readFile(folder, 'a.cairn-recovered-20261120-140200.txt')).toBe('older\none\ntwo\nthree\n');
  });

  it('says of an encrypted text that it cannot be read', async () => {
    writeFileSync(join(folder, 'swap'), swapWithId('c'));

    expect(parseSwapText(readFileSync(join(folder, 'swap')), () => null, 1000)).toEqual({ result: 'encrypted' });
  });

  function swapWithId(id: string): Buffer {
    const bytes = Buffer.alloc(4096);
    bytes.write(`b${id}VIM 9.0`, 0, 'latin1');
    bytes.writeUInt32LE(4096, 12);
    bytes.writeUInt32LE(0x30313233, 1008);
    return bytes;
  }
});
