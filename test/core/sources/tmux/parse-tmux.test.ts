import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countLayoutPanes, isLayout, PANE_FORMAT, parseRows } from '../../../../src/core/sources/tmux/parse-tmux.ts';
import { runsByItself } from '../../../../src/core/sources/terminal/safe-commands.ts';
import { quoteArguments } from '../../../../src/core/sources/host/quote-argument.ts';
import { parseProcessStat, readProcesses, ttyPath } from '../../../../src/core/sources/host/proc.ts';

describe('parseRows()', () => {
  it('reads any text without throwing, and counts what it cannot read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { rows, unreadable } = parseRows(text, PANE_FORMAT);

        expect(rows.length + unreadable).toBe(text.split('\n').filter((line) => line !== '').length);
      }),
    );
  });

  it('keeps a TAB in the last field', () => {
    expect(parseRows('a\tb\tc\td', ['x', 'y', 'z'] as const).rows).toEqual([{ x: 'a', y: 'b', z: 'c\td' }]);
  });
});

describe('isLayout()', () => {
  it('takes what tmux wrote and nothing that was changed', () => {
    const layout = 'b25d,80x24,0,0,0';

    expect(isLayout(layout)).toBe(true);
    expect(countLayoutPanes('bb62,159x48,0,0{79x48,0,0,79x48,80,0}')).toBe(1);
    expect(isLayout('b25e,80x24,0,0,0')).toBe(false);
    expect(isLayout(`${layout};kill-server`)).toBe(false);
    fc.assert(
      fc.property(fc.string(), (text) => {
        isLayout(text);
        countLayoutPanes(text);
      }),
    );
  });
});

describe('quoteArguments()', () => {
  it('refuses words that would be typed instead of written', () => {
    expect(quoteArguments(['watch', '-n1', 'free -m; df -h'])).toBe("watch -n1 'free -m; df -h'");
    expect(quoteArguments(['echo', 'a\nb'])).toBeNull();
    expect(quoteArguments(['echo', '\u001b[A'])).toBeNull();
    expect(quoteArguments([])).toBeNull();
  });
});

describe('runsByItself()', () => {
  it.each([
    [['top'], true],
    [['/usr/bin/htop'], true],
    [['man', 'tmux'], true],
    [['man', '-P', 'sh -c evil', 'tmux'], false],
    [['rm', '-rf', '/'], false],
    [['top', '-b'], false],
    [[], false],
  ])('%j: %s', (argv, expected) => {
    expect(runsByItself(argv)).toBe(expected);
  });
});

describe('parseProcessStat()', () => {
  it('takes a name with blanks and parentheses', () => {
    const stat = '42 (a) b (c)) S 1 42 42 34816 43 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987 1 1';

    expect(parseProcessStat(stat)).toMatchObject({
      pid: 42,
      name: 'a) b (c)',
      parentPid: 1,
      foregroundGroup: 43,
      startTime: 987,
      isZombie: false,
    });
    expect(ttyPath(34816)).toBe('/dev/pts/0');
  });

  it('reads arbitrary text as nothing or a process', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseProcessStat(text);
      }),
    );
    expect(readProcesses({ procDir: '/proc' }).some((process) => process.pid === globalThis.process.pid)).toBe(true);
    expect(readProcesses({ procDir: '/nowhere' })).toEqual([]);
  });
});
