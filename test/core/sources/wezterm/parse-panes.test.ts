import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parsePanes } from '../../../../src/core/sources/wezterm/parse-panes.ts';

/** As the documentation shows it, of a version from 2022 and of one from 2024. */
const OLD = `[{"window_id": 0, "tab_id": 0, "pane_id": 0, "workspace": "default", "size": {"rows": 24, "cols": 80},
  "title": "wezterm cli list --format json -- wez@foo:~", "cwd": "file://foo/home/wez/"}]`;
const NEW = JSON.stringify(
  [
    { pane_id: 3, tab_id: 7, left_col: 0, top_row: 0, size: { rows: 24, cols: 40, pixel_width: 1, dpi: 0 } },
    { pane_id: 4, tab_id: 7, left_col: 41, top_row: 0, size: { rows: 24, cols: 39 } },
    { pane_id: 5, tab_id: 8, left_col: 0, top_row: 0, size: { rows: 24, cols: 80 } },
  ].map((pane) => ({
    ...{
      window_id: 1,
      workspace: 'w',
      title: 'bash',
      cwd: '',
      cursor_shape: 'Default',
      tab_title: 't',
      window_title: '',
    },
    ...{ is_active: true, is_zoomed: false, tty_name: '/dev/pts/3', ...pane },
  })),
);

describe('parsePanes()', () => {
  it('reads what an older version prints', () => {
    expect(parsePanes(OLD)).toEqual({
      panes: [
        {
          ...{
            id: 0,
            windowId: 0,
            workspace: 'default',
            columns: 80,
            rows: 24,
            isActive: false,
            isZoomed: false,
            tty: null,
          },
          title: 'wezterm cli list --format json -- wez@foo:~',
          tab: { id: 0, index: 0, title: '', splits: null },
        },
      ],
      unreadable: 0,
    });
  });

  it('reads tabs in order, splits from where the panes stand, and terminals', () => {
    const panes = parsePanes(NEW)?.panes ?? [];

    expect(panes.map(({ id, tab, tty }) => [id, tab.index, tab.title, tty])).toEqual([
      [3, 0, 't', '/dev/pts/3'],
      [4, 0, 't', '/dev/pts/3'],
      [5, 1, 't', '/dev/pts/3'],
    ]);
    expect(panes[0]?.tab.splits).toEqual({ isHorizontal: true, one: 3, two: 4, percent: 49 });
  });

  it('counts what it cannot read', () => {
    expect(parsePanes('[{"pane_id": "x"}, 5]')).toEqual({ panes: [], unreadable: 2 });
    expect(parsePanes('no list')).toBeNull();
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parsePanes(text)));
    fc.assert(fc.property(fc.json(), (text) => void parsePanes(text)));
  });
});
