import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  documentKey,
  documentFactsSchema,
  toDocumentItem,
  toUnsavedText,
} from '../../../../src/core/sources/documents/document.ts';
import {
  planCopy,
  removeCopy,
  writeCopy,
  type CopyPlan,
  type PlannedCopy,
} from '../../../../src/core/sources/documents/recovered-copy.ts';
import { parseSourceId } from '../../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { utf8 } from '../../../support/captures.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeRestoreContext, makeTestHost } from '../../../support/test-host.ts';

const EDITOR = parseSourceId('an-editor');
const MARK = 'cairn-recovered-20261120-140200';

let folder: TemporaryFolder;
let work: string;

beforeEach(() => {
  folder = makeTemporaryFolder();
  work = join(folder.path, 'work');
  mkdirSync(work);
});
afterEach(() => folder[Symbol.dispose]());

function anUnsaved(path: string | null, text: string, facts: Record<string, string> = {}): CapturedItem {
  return toDocumentItem(documentKey(EDITOR, path ?? 'untitled'), {
    source: EDITOR,
    group: 'g',
    editor: 'An editor',
    path,
    name: 'Untitled: 1',
    isModified: true,
    facts,
    text: toUnsavedText(utf8(text), '', false),
  });
}

function plan(item: CapturedItem): Promise<CopyPlan> {
  const context = makeRestoreContext(makeTestHost(folder.path), folder.path, [item]);
  return planCopy(context.selected[0]!, documentFactsSchema.parse(item.attributes), context);
}

async function planned(item: CapturedItem): Promise<PlannedCopy> {
  const copy = await plan(item);
  if (copy.kind !== 'write') throw new Error(copy.kind);
  return copy.copy;
}

describe('planCopy() and writeCopy()', () => {
  it('write beside the file, with its rights, and leave it as it is', async () => {
    const path = join(work, 'notes.md');
    writeFileSync(path, 'saved');
    chmodSync(path, 0o664);

    const copy = await planned(anUnsaved(path, 'unsaved'));
    writeCopy(copy, utf8('unsaved'));

    expect(copy.path).toBe(join(work, `notes.${MARK}.md`));
    expect(readFileSync(copy.path, 'utf8')).toBe('unsaved');
    expect(statSync(copy.path).mode & 0o777).toBe(0o664);
    expect(readFileSync(path, 'utf8')).toBe('saved');
  });

  it.each([
    { name: 'script', expected: `script.${MARK}` },
    { name: '.bashrc', expected: `.bashrc.${MARK}` },
    { name: 'archive.tar.gz', expected: `archive.tar.${MARK}.gz` },
    { name: `${'ü'.repeat(120)}.txt`, expected: `${'ü'.repeat(75)}.${MARK}.txt` },
    { name: `a.${'b'.repeat(40)}`, expected: `a.${'b'.repeat(40)}.${MARK}` },
  ])('call the copy of $name so that it keeps its ending', async ({ name, expected }) => {
    expect((await planned(anUnsaved(join(work, name), 'x'))).path).toBe(join(work, expected));
  });

  it('write nothing where the text was saved since, or lies in an earlier copy', async () => {
    const path = join(work, 'notes.md');
    writeFileSync(path, 'the text');
    expect(await plan(anUnsaved(path, 'the text'))).toEqual({ kind: 'there', where: path });

    writeCopy(await planned(anUnsaved(path, 'other')), utf8('other'));
    expect(await plan(anUnsaved(path, 'other'))).toEqual({ kind: 'there', where: join(work, `notes.${MARK}.md`) });
  });

  it('never take a name that is taken, even by a link that leads nowhere', async () => {
    const path = join(work, 'notes.md');
    symlinkSync(join(folder.path, 'elsewhere'), join(work, `notes.${MARK}.md`));
    const copy = await planned(anUnsaved(path, 'x'));
    expect(copy.path).toBe(join(work, `notes.${MARK}-2.md`));

    symlinkSync(join(folder.path, 'elsewhere'), copy.path);
    expect(() => writeCopy(copy, utf8('x'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(existsSync(join(folder.path, 'elsewhere'))).toBe(false);
  });

  it('write into no folder that became a link to another', async () => {
    const path = join(work, 'notes.md');
    const copy = await planned(anUnsaved(path, 'x'));
    const other = join(folder.path, 'other');
    mkdirSync(other);
    renameSync(work, join(folder.path, 'moved'));
    symlinkSync(other, work);

    expect(() => writeCopy(copy, utf8('x'))).toThrow('Its folder leads elsewhere');
    const later = await planned(anUnsaved(path, 'x'));
    expect(later.path.startsWith(join(folder.path, 'home', 'cairn-recovered'))).toBe(true);
  });

  it('write through a link that was there at the capture', async () => {
    const link = join(folder.path, 'link');
    symlinkSync(work, link);
    const item = anUnsaved(join(link, 'notes.md'), 'x', { realFolderPath: work });

    writeCopy(await planned(item), utf8('x'));

    expect(readFileSync(join(work, `notes.${MARK}.md`), 'utf8')).toBe('x');
  });

  it.each([
    { name: 'a text without a file', path: null, expected: `Untitled_ 1.${MARK}` },
    { name: 'one whose folder is gone', path: '/not/there/notes.md', expected: `notes.${MARK}.md` },
  ])('put $name into a private folder of the home folder, and undo takes both away', async ({ path, expected }) => {
    const copy = await planned(anUnsaved(path, 'x'));
    const written = writeCopy(copy, utf8('x'));

    const recovered = join(folder.path, 'home', 'cairn-recovered');
    expect(copy.path).toBe(join(recovered, expected));
    expect(statSync(recovered).mode & 0o777).toBe(0o700);
    expect(statSync(copy.path).mode & 0o777).toBe(0o600);
    expect(removeCopy(written)).toBe(true);
    expect(existsSync(recovered)).toBe(false);
  });
});

describe('removeCopy()', () => {
  it('leaves a copy that somebody changed, replaced or removed', async () => {
    const copy = await planned(anUnsaved(join(work, 'notes.md'), 'text'));
    const written = writeCopy(copy, utf8('text'));

    writeFileSync(copy.path, 'mine');
    utimesSync(copy.path, 1, 1);
    expect(removeCopy(written)).toBe(false);
    renameSync(copy.path, join(work, 'kept'));
    expect(removeCopy(written)).toBe(false);
    symlinkSync(join(work, 'kept'), copy.path);
    expect(removeCopy(written)).toBe(false);
    expect(readFileSync(join(work, 'kept'), 'utf8')).toBe('mine');
  });
});
