import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { allowedBy } from '../../../../src/core/sources/kitty/kitty-instances.ts';
import { parseKittyAnswer, socketPathOf } from '../../../../src/core/sources/kitty/kitty-remote.ts';
import { parseWindows } from '../../../../src/core/sources/kitty/parse-windows.ts';

const fixture = new URL('../../../fixtures/kitty/kitty-ls.json', import.meta.url);

describe('parseWindows()', () => {
  it('reads what kitty 0.26.5 tells, and drops the environments', () => {
    const parsed = parseWindows(readFileSync(fixture, 'utf8'));

    expect(parsed?.unreadable).toBe(0);
    expect(
      parsed?.windows.map(({ id, pid, title, tab }) => [id, pid, title, tab.id, tab.index, tab.osWindowId]),
    ).toEqual([
      [1, 30420, 'sleep 800', 1, 0, 1],
      [2, 30424, '/var/log', 1, 0, 1],
      [3, 30426, expect.any(String), 2, 1, 1],
      [4, expect.any(Number), expect.any(String), 3, 0, 2],
    ]);
    expect(parsed?.windows[0]?.tab.splits).toEqual({ isHorizontal: true, one: 1, two: 2 });
    expect(JSON.stringify(parsed)).not.toContain('KITTY_WINDOW_ID');
  });

  it('leaves out what it cannot read, and counts it', () => {
    const data = [{ id: 1, tabs: [{ id: 1, windows: [{ id: 1, pid: 5 }, { id: 'x' }, { id: 2 }] }, 'no tab'] }, null];

    expect(parseWindows(data)).toMatchObject({ windows: [{ id: 1, pid: 5, title: '' }], unreadable: 3 });
  });

  it('takes a tree of splits only where it has exactly the windows of its tab', () => {
    const tab = (pairs: unknown): unknown => [
      {
        id: 1,
        tabs: [
          {
            id: 1,
            layout: 'splits',
            layout_state: { pairs },
            windows: [
              { id: 1, pid: 5 },
              { id: 2, pid: 6 },
            ],
          },
        ],
      },
    ];
    const splitsOf = (pairs: unknown): unknown => parseWindows(tab(pairs))?.windows[0]?.tab.splits;

    expect(splitsOf({ one: { one: 2 }, two: 1, horizontal: false })).toEqual({ isHorizontal: false, one: 2, two: 1 });
    for (const pairs of [{ one: 1 }, { one: 1, two: 3 }, { one: 1, two: { one: 1, two: 2 } }, 'x', null]) {
      expect(splitsOf(pairs)).toBeNull();
    }
  });

  it('takes any value', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => void parseWindows(value)));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseWindows(text)));
    const list = fc.array(
      fc.record({
        id: fc.constantFrom(1, 'x'),
        tabs: fc.array(
          fc.record({
            id: fc.nat(),
            layout: fc.constant('splits'),
            layout_state: fc.jsonValue(),
            windows: fc.jsonValue(),
          }),
        ),
      }),
    );
    fc.assert(fc.property(list, (value) => void parseWindows(value)));
  });
});

describe('parseKittyAnswer()', () => {
  const frame = (json: string): Buffer => Buffer.from(`\u001bP@kitty-cmd${json}\u001b\\`);

  it.each([
    ['{"ok":true,"data":"x"}', { ok: true, data: 'x' }],
    ['{"ok":true}', { ok: true, data: undefined }],
    ['{"ok":false,"error":"no","tb":"..."}', { ok: false, error: 'no' }],
    ['{"ok":1}', null],
    ['[', null],
  ])('reads %s', (json, answer) => {
    expect(parseKittyAnswer(frame(json))).toEqual(answer);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (bytes, isFramed) => {
        const raw = Buffer.from(bytes);
        parseKittyAnswer(
          isFramed ? Buffer.concat([Buffer.from('\u001bP@kitty-cmd'), raw, Buffer.from('\u001b\\')]) : raw,
        );
      }),
    );
  });
});

describe('socketPathOf()', () => {
  it('takes Unix sockets only', () => {
    expect(['unix:/tmp/k-1', 'unix:@name', 'unix:k', 'tcp:localhost:1', '/tmp/k', ''].map(socketPathOf)).toEqual([
      ...['/tmp/k-1', '\0name'],
      ...[null, null, null, null],
    ]);
  });
});

describe('allowedBy()', () => {
  it.each([
    [['kitty'], null],
    [['kitty', '-o', 'allow_remote_control=yes'], 'yes'],
    [['kitty', '--override=allow_remote_control socket-only', 'bash'], 'socket-only'],
    [['kitty', '-o', 'allow_remote_control=$(x)'], null],
    [['kitty', '-o'], null],
  ])('reads %j', (argv, allowed) => {
    expect(allowedBy(argv)).toBe(allowed);
  });
});
