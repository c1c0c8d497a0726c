import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseKdl, type KdlNode } from '../../../../src/core/sources/zellij/parse-kdl.ts';
import { parseLayout } from '../../../../src/core/sources/zellij/parse-layout.ts';
import { parsePanes } from '../../../../src/core/sources/zellij/parse-panes.ts';
import { tabIdsIn } from '../../../../src/core/sources/zellij/zellij-restore.ts';

/** In the form in which `dump-layout` prints a session. */
const LAYOUT = `layout {
    cwd "/home/dev"
    tab name="Tab \\"1\\"" focus=true hide_floating_panes=true {
        pane size=1 borderless=true {
            plugin location="zellij:tab-bar"
        }
        pane split_direction="vertical" {
            pane command="vim" cwd="api" size="50%" {
                args "main.rs" "a b"
                start_suspended true
            }
            pane size="50%" /* a comment */ {
                pane cwd="/var/log"; pane
            }
        }
        floating_panes {
            pane command="htop" { x 1; y 2 }
        }
    }
    /-tab name="gone" { pane; }
    tab name=r#"raw "x""# cwd="web" {
        pane // a remark
    }
    new_tab_template {
        pane cwd="/no"
    }
    swap_tiled_layout name="vertical" {
        tab { pane cwd="/no"; }
    }
}
`;

/** As the documentation shows it, with a plugin and a second tab. */
const PANES = JSON.stringify([
  {
    ...{ id: 1, is_plugin: false, is_focused: true, is_floating: false, is_suppressed: false, title: '/bin/bash' },
    ...{
      exited: false,
      exit_status: null,
      pane_x: 0,
      pane_y: 1,
      pane_rows: 24,
      pane_columns: 40,
      pane_content_columns: 38,
    },
    ...{ terminal_command: null, tab_id: 0, tab_position: 0, tab_name: 'Tab #1', pane_command: 'bash', pane_cwd: '/' },
  },
  {
    id: 2,
    is_plugin: false,
    title: 'x',
    pane_x: 40,
    pane_y: 1,
    pane_rows: 24,
    pane_columns: 40,
    tab_id: 0,
    tab_name: 'Tab #1',
  },
  {
    id: 3,
    is_plugin: false,
    is_floating: true,
    title: 'f',
    pane_x: 5,
    pane_y: 5,
    pane_rows: 9,
    pane_columns: 9,
    tab_id: 0,
  },
  { id: 0, is_plugin: true, title: 'tab-bar', tab_id: 0 },
  { id: 4, title: 'y', tab_id: 7, tab_position: 1, tab_name: 'logs' },
  'no pane',
]);

describe('parseKdl()', () => {
  const plain = (node: KdlNode): unknown => [
    node.name,
    node.args,
    Object.fromEntries(node.props),
    node.children.map(plain),
  ];

  it('reads names, arguments, properties, children and comments', () => {
    const text =
      'a 1 "x\\n\\u{1F600}" true null key="v" r#"r"w"# -2.5\n/* c */ "quoted name" { b; c x=#false }\n/-off 1\nd \\\n  2';

    expect(parseKdl(text).map(plain)).toEqual([
      ['a', [1, 'x\n😀', true, null, 'r"w', -2.5], { key: 'v' }, []],
      [
        'quoted name',
        [],
        {},
        [
          ['b', [], {}, []],
          ['c', [], { x: false }, []],
        ],
      ],
      ['d', [2], {}, []],
    ]);
  });

  it('gives what it understood of what is no KDL', () => {
    expect(parseKdl('a { b "unclosed').map(({ name }) => name)).toEqual(['a']);
    expect(parseKdl('a r#"unclosed" \n b')).toMatchObject([{ name: 'a' }]);
    expect(parseKdl('a {'.repeat(10_000)).length).toBe(1);
    expect(parseKdl('} a')).toEqual([]);
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseKdl(text)));
    const piece = fc.constantFrom(
      'a',
      ' ',
      '\n',
      '{',
      '}',
      '"',
      '\\',
      '/*',
      '*/',
      '//',
      '/-',
      '=',
      'r#"',
      '"#',
      ';',
      '(',
      '\\u{',
      '1',
    );
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void parseKdl(pieces.join(''))));
  });
});

describe('parseLayout()', () => {
  it('gives the terminal panes of each tab with their folders', () => {
    expect(parseLayout(LAYOUT).map(({ tabIndex, tabName, cwd, command }) => [tabIndex, tabName, cwd, command])).toEqual(
      [
        [0, 'Tab "1"', '/home/dev/api', 'vim'],
        [0, 'Tab "1"', '/var/log', ''],
        [0, 'Tab "1"', '/home/dev', ''],
        [0, 'Tab "1"', '/home/dev', 'htop'],
        [1, 'raw "x"', '/home/dev/web', ''],
      ],
    );
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseLayout(`layout { tab { ${text} } }`)));
  });
});

describe('parsePanes()', () => {
  it('reads panes with their tabs and splits, without plugins', () => {
    const parsed = parsePanes(PANES);

    expect(parsed?.unreadable).toBe(1);
    expect(
      parsed?.panes.map(({ id, isFloating, columns, tab }) => [id, isFloating, columns, tab.index, tab.name]),
    ).toEqual([
      [1, false, 38, 0, 'Tab #1'],
      [2, false, 40, 0, 'Tab #1'],
      [3, true, 9, 0, 'Tab #1'],
      [4, false, null, 1, 'logs'],
    ]);
    expect(parsed?.panes[0]?.tab.splits).toEqual({ isHorizontal: true, one: 1, two: 2, percent: 50 });
    expect(parsed?.panes[3]?.tab.splits).toBeNull();
  });

  it('takes any text', () => {
    expect(parsePanes('nothing')).toBeNull();
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parsePanes(text)));
    fc.assert(fc.property(fc.json(), (text) => void parsePanes(text)));
  });
});

describe('tabIdsIn()', () => {
  it('gives ids only, of any text', () => {
    expect(tabIdsIn('[{"tab_id": 3}, {"tab_id": "x"}, 5, {"tab_id": -1}]')).toEqual([3]);
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => void tabIdsIn(text)));
  });
});
