import { describe, expect, it } from 'vitest';

import { compareItems, type ComparedItem } from './compare-items.ts';

function anItem(key: string, kind: string, attributes: object, contents: Record<string, string> = {}): ComparedItem {
  const source = key.split(':')[0] ?? '';
  const item = { key, kind, source, title: 'title', stale: false, attributes: { ...attributes } };
  return { item, contents, recoveredCopies: [] };
}

function aPane(overrides: object = {}, scrollback = 'one\ntwo\n'): ComparedItem {
  const layout = 'aafd,120x40,0,0{80x40,0,0,3,39x40,81,0,4}';
  const window = { name: 'edit', isAutomaticallyNamed: false, layout };
  const attributes = { cwd: '/w', shell: 'bash', argv: ['less', 'a b.txt'], window, ...overrides };
  return anItem('tmux:main:0.0', 'terminal', attributes, { scrollback });
}

function differences(before: ComparedItem, after: ComparedItem): readonly string[] | undefined {
  return compareItems([before], [after]).verdicts[0]?.differences.map(({ words }) => words);
}

describe('compareItems()', () => {
  it('finds a pane back under another server’s ids, with new text between and below and a file by its whole path', () => {
    const window = {
      ...Object(aPane().item.attributes['window']),
      layout: '0bc1,120x40,0,0{80x40,0,0,0,39x40,81,0,1}',
    };
    const after = aPane(
      { argv: ['/usr/bin/less', '--', '/w/a b.txt'], window },
      'one\n\u001B[2m--\u001B[0m\ntwo  \nthree\n',
    );

    expect(differences(aPane(), after)).toEqual([]);
  });

  it.each([
    ['folder', aPane({ cwd: '/other' })],
    ['program', aPane({ argv: ['more', 'a b.txt'] })],
    ['program', aPane({ argv: undefined })],
    ['less runs without a b.txt', aPane({ argv: ['less', 'c.txt'] })],
    ['layout', aPane({ window: { name: 'edit', isAutomaticallyNamed: false, layout: 'aafd,120x40,0,0,3' } })],
    ['window name', aPane({ window: { ...Object(aPane().item.attributes['window']), name: 'other' } })],
    ['1 of 2 lines of text are lost', aPane({}, 'one\n')],
    ['1 of 2 lines of text are lost', aPane({}, 'two\none\n')],
  ])('tells a pane that differs: %s', (what, after) => {
    expect(differences(aPane(), after)).toEqual([expect.stringContaining(what)]);
  });

  it('pairs tabs by address, each once, and names what came twice', () => {
    const tab = (key: string, url: string): ComparedItem => anItem(key, 'tab', { url, isPinned: false });
    const before = [tab('firefox:1', '/a'), tab('firefox:2', '/b'), tab('firefox:3', '/c')];
    const after = [tab('firefox:7', '/a'), tab('firefox:8', '/a'), tab('firefox:9', '/b')];

    const { verdicts, extra } = compareItems(before, after);

    expect(verdicts.map(({ isBack }) => isBack)).toEqual([true, true, false]);
    expect(extra).toEqual([after[1]]);
  });

  it('counts unsaved text only where a copy of it lies beside the file', () => {
    const file = (text: Record<string, string>, swap: object = { swapFile: '.a.swp' }) =>
      anItem('vim:/w/a', 'document', { path: '/w/a', terminal: 't', ...swap }, text);

    expect(differences(file({ text: 'unsaved' }), file({}))).toEqual(['its unsaved text is nowhere']);
    expect(differences(file({ text: 'unsaved' }), { ...file({}), recoveredCopies: ['unsaved'] })).toEqual([]);
    expect(differences(file({}), file({}, {}))).toEqual(['held open was true and is false']);
  });

  it('counts a conversation only where it runs again in its terminal with all of its transcript', () => {
    const talk = (attributes: object, transcript: string) =>
      anItem('codex:1', 'conversation', { id: '1', isLive: true, terminal: 't', ...attributes }, { transcript });

    expect(differences(talk({}, '{}\n[]\n'), talk({}, '{}\n[]\n""\n'))).toEqual([]);
    expect(differences(talk({}, '{}\n[]\n'), talk({ isLive: false }, '{}\n'))).toEqual([
      'isLive was true and is false',
      '1 of 2 lines of text are lost',
    ]);
  });

  it('counts a repository only with its uncommitted work', () => {
    const repository = (workTree: string) => anItem('git:/w', 'repository', { path: '/w', head: 'a', workTree });

    expect(differences(repository('b'), repository('b'))).toEqual([]);
    expect(differences(repository('b'), repository('c'))).toEqual(['workTree was b and is c']);
  });

  it('finds a terminal outside of any multiplexer in a window of tmux', () => {
    const before = anItem('shell:pts/3', 'terminal', { cwd: '/w', shell: 'bash', argv: ['less', 'x'] });
    const after = anItem('tmux:cairn:0.0', 'terminal', { cwd: '/w', shell: 'bash', argv: ['less', 'x'] });

    expect(differences(before, after)).toEqual([]);
  });
});
