import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  parseBackupHead,
  parseCursors,
  parseEditors,
  parseWindows,
  parseWorkspace,
} from '../../../../src/core/sources/vscode/parse-state.ts';
import { parseResource, toResource } from '../../../../src/core/sources/vscode/resource.ts';
import { cursorsState, diffEditor, editorsState, fileEditor, untitledEditor } from './code-data.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
);

describe('parseResource()', () => {
  it.each([
    { url: 'file:///home/dev/a%20b.ts', path: '/home/dev/a b.ts', name: 'a b.ts' },
    { url: 'file:///home/dev/%C3%BC%23%3F.ts', path: '/home/dev/ü#?.ts', name: 'ü#?.ts' },
    { url: 'untitled:Untitled-1', path: null, name: 'Untitled-1' },
    { url: 'untitled:/home/dev/new.ts', path: '/home/dev/new.ts', name: 'new.ts' },
    { url: 'vscode-remote://ssh-remote%2Bbox/srv/a.ts', path: null, name: 'a.ts' },
    { url: 'file://server/share/a.ts', path: null, name: 'a.ts' },
  ])('reads $url', ({ url, path, name }) => {
    expect(parseResource(url)).toMatchObject({ path, name });
  });

  it.each(['', 'a.ts', '/a.ts', 'file:', 'file:///a%ZZ', 'file:///a%00b', 'file:///%ff'])('refuses "%s"', (url) => {
    expect(parseResource(url)).toBeNull();
  });

  it('gives one form to what is the same, whoever wrote it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (name) => {
        const path = `/home/${name.replaceAll('\0', '')}`;
        const one = toResource('file', '', path);
        expect(parseResource(one?.url ?? '')).toEqual(one);
        expect(parseResource(`file://${path.split('/').map(encodeURIComponent).join('/')}`)).toEqual(one);
      }),
    );
  });
});

describe('parseWindows()', () => {
  it('gives each window once, the last one first', () => {
    const folder = { folder: 'file:///w/api', backupPath: '/home/dev/.config/Code/Backups/abc' };
    const json = JSON.stringify({
      windowsState: {
        lastActiveWindow: folder,
        openedWindows: [
          { workspaceIdentifier: { id: 'x', configURIPath: 'file:///w/all.code-workspace' }, uiState: { mode: 1 } },
          folder,
          { backupPath: '/home/dev/.config/Code/Backups/1700000000000' },
          { folder: { $mid: 1, scheme: 'file', path: '/w/older' } },
          { folder: 7 },
          null,
        ],
      },
    });

    expect(
      parseWindows(json)?.map(({ folder: shown, workspaceFile, backupFolder, isLast }) => [
        shown?.path,
        workspaceFile?.path,
        backupFolder,
        isLast,
      ]),
    ).toEqual([
      ['/w/api', undefined, 'abc', true],
      [undefined, '/w/all.code-workspace', null, false],
      [undefined, undefined, '1700000000000', false],
      ['/w/older', undefined, null, false],
    ]);
  });

  it('takes no folder of backups that leads elsewhere', () => {
    const windows = parseWindows(
      JSON.stringify({ windowsState: { lastActiveWindow: { folder: 'file:///w', backupPath: '/a/..' } } }),
    );
    expect(windows?.[0]?.backupFolder).toBeNull();
  });
});

describe('parseEditors()', () => {
  it('reads groups within groups, what is in front, pinned and a preview', () => {
    const json = editorsState(
      [
        { id: 0, editors: [fileEditor('/w/a.ts'), fileEditor('/w/b.ts')], mru: [1, 0], sticky: 0, preview: 1 },
        { id: 4, editors: [untitledEditor('Untitled-1'), { id: 'workbench.editors.webview', value: '{}' }] },
        { id: 7, editors: [diffEditor('/w/old.ts', '/w/new.ts'), { id: 'broken', value: '{' }] },
      ],
      4,
    );

    expect(
      parseEditors(json)?.map(({ resource, group, groupId, isShown, isActive, isPinned, isPreview }) => [
        resource.name,
        group,
        groupId,
        { isShown, isActive, isPinned, isPreview },
      ]),
    ).toEqual([
      ['a.ts', 1, 0, { isShown: false, isActive: false, isPinned: true, isPreview: false }],
      ['b.ts', 1, 0, { isShown: true, isActive: false, isPinned: false, isPreview: true }],
      ['Untitled-1', 2, 4, { isShown: true, isActive: true, isPinned: false, isPreview: false }],
      ['new.ts', 3, 7, { isShown: true, isActive: false, isPinned: false, isPreview: false }],
    ]);
  });

  it('gives up on a grid without end', () => {
    let root: object = { type: 'leaf', data: { id: 1, editors: [fileEditor('/w/deep')] } };
    for (let depth = 0; depth < 500; depth += 1) root = { type: 'branch', data: [root] };
    expect(parseEditors(JSON.stringify({ 'editorpart.state': { serializedGrid: { root } } }))).toEqual([]);
  });
});

describe('parseCursors()', () => {
  it('reads the position of each file in each group, and skips what is none', () => {
    const json = JSON.parse(cursorsState([['/w/a b.ts', 0, 12, 3]])) as { textEditorViewState: unknown[] };
    json.textEditorViewState.push(['file:///w/c.ts', { 0: { cursorState: [] } }], 7, ['x'], [':', {}]);

    const cursors = parseCursors(JSON.stringify(json));

    expect(cursors.get(parseResource('file:///w/a%20b.ts')?.url ?? '')?.get(0)).toEqual({ line: 12, column: 3 });
    expect([...cursors.values()].map(({ size }) => size)).toEqual([1, 0]);
  });
});

describe('parseBackupHead()', () => {
  it.each([
    { head: 'file:///w/a.ts {"mtime":1,"size":2,"typeId":""}', expected: { isText: true, path: '/w/a.ts' } },
    { head: 'file:///w/a.ts', expected: { isText: true, path: '/w/a.ts' } },
    { head: 'file:///w/a.ts {broken', expected: { isText: true, path: '/w/a.ts' } },
    { head: 'file:///w/a.ipynb {"typeId":"notebook/jupyter"}', expected: { isText: false, path: '/w/a.ipynb' } },
  ])('reads $head', ({ head, expected }) => {
    const parsed = parseBackupHead(head);
    expect({ isText: parsed?.isText, path: parsed?.resource.path }).toEqual(expected);
  });

  it('refuses what is no address', () => {
    expect(parseBackupHead('hello world')).toBeNull();
  });
});

describe('all parsers', () => {
  it('take any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        parseWindows(text);
        parseEditors(text);
        parseCursors(text);
        parseWorkspace(text);
        parseBackupHead(text);
        parseResource(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it('take any value where they look', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        parseWindows(
          JSON.stringify({ windowsState: { lastActiveWindow: a, openedWindows: [b, { folder: a, backupPath: b }] } }),
        );
        parseEditors(
          JSON.stringify({
            'editorpart.state': {
              serializedGrid: {
                root: {
                  type: 'branch',
                  data: [
                    a,
                    { type: 'leaf', data: { id: 1, editors: [b, { value: JSON.stringify({ resourceJSON: a }) }] } },
                  ],
                },
              },
            },
          }),
        );
        parseCursors(JSON.stringify({ textEditorViewState: [a, ['file:///a', b], ['file:///b', { 0: a }]] }));
        parseWorkspace(JSON.stringify({ folder: a, workspace: b }));
      }),
    );
  });
});
