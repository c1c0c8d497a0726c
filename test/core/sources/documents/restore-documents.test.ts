import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { documentKey, toDocumentItem, toUnsavedText } from '../../../../src/core/sources/documents/document.ts';
import {
  applyDocuments,
  planDocuments,
  undoDocument,
  type DocumentEditor,
} from '../../../../src/core/sources/documents/restore-documents.ts';
import { createTerminalEditor } from '../../../../src/core/sources/documents/terminal-editor.ts';
import type { RestoreContext } from '../../../../src/core/sources/source.ts';
import { parseSourceId } from '../../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { JsonObject } from '../../../../src/shared/model/json.ts';
import type { StepResult } from '../../../../src/shared/model/restore.ts';
import { aTerminal, utf8 } from '../../../support/captures.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeRestoreContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';
import { makeFakeProgram } from './fake-program.ts';

const VIM = parseSourceId('vim');

let folder: TemporaryFolder;
let file: string;

beforeEach(() => {
  folder = makeTemporaryFolder();
  file = join(folder.path, 'a.txt');
  writeFileSync(file, 'saved\n');
});
afterEach(() => folder[Symbol.dispose]());

function aDocument(path: string, facts: JsonObject = {}, text?: string): CapturedItem {
  return toDocumentItem(documentKey(VIM, path), {
    source: VIM,
    group: 'g',
    editor: 'Vim',
    path,
    name: '',
    isModified: text !== undefined,
    facts,
    ...(text === undefined ? {} : { text: toUnsavedText(utf8(text), '', false) }),
  });
}

function anEditor(overrides: Partial<DocumentEditor> = {}): DocumentEditor {
  return {
    source: VIM,
    opensAtColumn: true,
    planOpening: () => ({ kind: 'open', where: 'in it' }),
    open: async () => 'a window',
    ...overrides,
  };
}

async function run(editor: DocumentEditor, items: readonly CapturedItem[], overrides: Partial<RestoreContext> = {}) {
  const context = makeRestoreContext(makeTestHost(folder.path), folder.path, items, overrides);
  const documents = context.selected.filter(({ kind }) => kind === 'document');
  const plan = await planDocuments(editor, documents, context);
  const results: StepResult[] = [];
  for await (const result of applyDocuments(editor, plan, context)) results.push(result);
  return { plan, results };
}

describe('planDocuments() and applyDocuments()', () => {
  it('open what is there, and say what is not', async () => {
    const gone = join(folder.path, 'gone.txt');

    const { plan, results } = await run(anEditor(), [aDocument(file, { line: 3, column: 2 }), aDocument(gone)]);

    expect(plan.map(({ status, detail }) => [status, detail])).toEqual([
      ['planned', `${file} at line 3, column 2, opened in it.`],
      ['skipped', `${gone} is not there any more.`],
    ]);
    expect(results).toEqual([
      expect.objectContaining({
        status: 'done',
        detail: `${file} at line 3, column 2, opened in it. It is in a window.`,
      }),
    ]);
  });

  it('open the copy where only the text is left', async () => {
    mkdirSync(join(folder.path, 'work'));
    const opened: string[] = [];
    const editor = anEditor({
      open: async (targets) => {
        opened.push(...targets.map(({ path }) => path));
        return '';
      },
    });

    await run(editor, [aDocument(join(folder.path, 'work/new.txt'), {}, 'never saved\n')]);

    expect(opened).toEqual([join(folder.path, 'work/new.cairn-recovered-20261120-140200.txt')]);
    expect(existsSync(opened[0] ?? '')).toBe(true);
  });

  it('keep a written copy undoable where the editor could not open the file', async () => {
    const editor = anEditor({ open: async () => Promise.reject(new Error('no window')) });

    const { results } = await run(editor, [aDocument(file, {}, 'unsaved\n'), aDocument(join(folder.path, 'b.txt'))]);

    expect(results).toEqual([
      expect.objectContaining({
        status: 'done',
        detail: expect.stringContaining('It could not be opened: no window') as string,
      }),
    ]);
    expect((await undoDocument(results[0]!)).status).toBe('done');
    expect(existsSync(join(folder.path, 'a.cairn-recovered-20261120-140200.txt'))).toBe(false);
  });

  it('fail where nothing came of it', async () => {
    const editor = anEditor({ open: async () => Promise.reject(new Error('no window')) });

    const { results } = await run(editor, [aDocument(file)]);

    expect(results).toEqual([
      expect.objectContaining({ status: 'failed', detail: 'It could not be opened: no window' }),
    ]);
  });

  it('begin nothing once they are cancelled', async () => {
    const controller = new AbortController();
    const context = makeRestoreContext(makeTestHost(folder.path), folder.path, [aDocument(file, {}, 'x')], {
      signal: controller.signal,
    });
    const plan = await planDocuments(anEditor(), context.selected, context);
    controller.abort();

    const results = [];
    for await (const result of applyDocuments(anEditor(), plan, context)) results.push(result);

    expect(results).toEqual([]);
  });

  it('refuse what was captured without its facts', async () => {
    const item = { ...aDocument(file), attributes: { path: 7 } };

    expect((await run(anEditor(), [item])).plan[0]).toMatchObject({
      status: 'skipped',
      detail: 'This file was captured without what is needed to open it.',
    });
  });

  it('say that another editor has it open', async () => {
    const present = toSnapshotItems([
      { ...aDocument(file), attributes: { path: file, name: 'a.txt', editor: 'VS Code' } },
    ]).items;

    expect((await run(anEditor(), [aDocument(file)], { present })).plan[0]?.detail).toBe(
      'It is open already, in VS Code.',
    );
    const left = present.map((item) => ({ ...item, attributes: { ...item.attributes, isRunning: false } }));
    expect((await run(anEditor(), [aDocument(file)], { present: left })).plan[0]?.status).toBe('planned');
  });
});

describe('an editor of the terminal', () => {
  const options = { source: VIM, programs: ['vim'], isProgram: (name: string) => name === 'vim' };

  function terminal(argv: readonly string[]): CapturedItem {
    return aTerminal('a', { attributes: { argv, cwd: folder.path } });
  }

  it('leaves the opening to its terminal where that is restored too, and counts as done', async () => {
    const items = [terminal(['vim', 'a.txt']), aDocument(file, { line: 4, terminal: 'tmux:a' })];

    const { plan, results } = await run(createTerminalEditor(options), items);

    expect(plan).toEqual([
      expect.objectContaining({
        status: 'planned',
        action: 'open-document',
        detail: `\`vim +4 -- ${file}\` stands on the prompt of its terminal.`,
      }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['done']);
  });

  it('leaves a file alone that another program had opened in it', async () => {
    const items = [terminal(['git', 'commit']), aDocument(file, { terminal: 'tmux:a' })];

    expect((await run(createTerminalEditor(options), items)).plan[0]).toMatchObject({
      status: 'skipped',
      detail: 'Another program had opened it in its terminal, which is restored.',
    });
  });

  it('opens a window once, and prints the command where there is no tmux', async () => {
    const program = makeFakeProgram(folder.path, 'vim');
    const host = makeTestHost(folder.path, { PATH: program.folder });
    const items = [aDocument(file, { cwd: folder.path })];
    const names: string[] = [];
    const openTerminal: RestoreContext['openTerminal'] = async ({ name }) => {
      names.push(name);
      return { where: name, undo: null };
    };

    const printed = await run(createTerminalEditor(options), items, { host });
    const opened = await run(createTerminalEditor(options), items, { host, openTerminal });
    const present = toSnapshotItems([aTerminal('w', { attributes: { window: { name: names[0] ?? '' } } })]).items;
    const again = await run(createTerminalEditor(options), items, { host, openTerminal, present });

    expect(printed.plan[0]).toMatchObject({
      status: 'skipped',
      detail: `Open it in ${folder.path} with: vim -- ${file}`,
    });
    expect(opened.results[0]?.status).toBe('done');
    expect(again.plan[0]?.detail).toBe(`The tmux window "${names[0]}" of an earlier restore has it on its prompt.`);
    expect(names).toHaveLength(1);
  });
});
