import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { previewRepository } from '../../../../src/core/sources/git/preview.ts';
import { describeWith } from '../../../support/programs.ts';
import { previewWith } from '../../../support/previews.ts';
import { GitWorkshop, streamOf } from './git-workshop.ts';

describeWith(['git'], 'previewing captured repositories of a real git', () => {
  it('shows every file with its lines as git counts them, and the capture counts the same', async () => {
    using w = GitWorkshop.withCommit();
    w.write('edited.txt', 'one\n-- 2\n++ two\n@@ three\n');
    w.git('add', 'edited.txt');
    w.write('edited.txt', 'one\n-- 2\ndiff --git a/x b/x\n');
    w.write('binary.bin', Buffer.from([9, 0, 255]));
    w.write('new ü "q".ts', 'a\nb\n');
    w.write('tab\there.py', 'a');
    w.write('empty.rs', '');
    rmSync(join(w.repo, 'gone.txt'));

    const item = await w.captureOne();
    const streams = Object.fromEntries(
      item.streams.map(({ name }) => [name, streamOf(item, name) ?? new Uint8Array()]),
    );
    const { files } = await previewWith(previewRepository, { attributes: item.attributes }, streams);

    expect(files.map(({ state, path, added, removed, language }) => [state, path, added, removed, language])).toEqual([
      ['staged', 'edited.txt', 3, 2, ''],
      ['unstaged', 'binary.bin', 0, 0, ''],
      ['unstaged', 'edited.txt', 1, 2, ''],
      ['untracked', 'empty.rs', 0, 0, 'rust'],
      ['unstaged', 'gone.txt', 0, 1, ''],
      ['untracked', 'new ü "q".ts', 2, 0, 'typescript'],
      ['untracked', 'tab\there.py', 1, 0, 'python'],
    ]);
    expect(files.filter(({ path }) => path === 'binary.bin').map(({ patch }) => patch)).toEqual(['binary file']);
    expect(item.attributes).toMatchObject({ linesAdded: 7, linesRemoved: 5 });
  });
});
