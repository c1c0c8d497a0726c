import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Notices } from '../../../../src/core/sources/tmux/tmux-watch.ts';

const QUIET = { isAttached: false, isChange: false, hasNewSessions: false, isElsewhere: false };
const EVENTS = readFileSync(new URL('../../../fixtures/tmux/control-mode-events.txt', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => line.replace(/^[\d.]+ /, '').replaceAll('changed panes ', 'changed cairn '))
  .filter((line) => line.startsWith('%'));

describe('Notices', () => {
  it('takes layouts, windows, sessions and what panes report for changes, and nothing else', () => {
    const notices = new Notices('$0');

    const told = EVENTS.map((line) => [line.split(' ')[0], notices.read(`${line}\n`).isChange]);

    expect(told.filter(([, isChange]) => isChange).map(([name]) => name)).toEqual([
      ...Array.from({ length: 6 }, () => '%subscription-changed'),
      '%layout-change',
      '%window-renamed',
      '%subscription-changed',
      '%subscription-changed',
      '%subscription-changed',
      '%unlinked-window-add',
      '%sessions-changed',
      '%unlinked-window-renamed',
      '%sessions-changed',
      '%unlinked-window-close',
    ]);
  });

  it('knows when it is attached, new sessions, and that it was sent to another one', () => {
    expect(new Notices('$0').read('%sessions-changed\n')).toEqual({ ...QUIET, isChange: true, hasNewSessions: true });
    const notices = new Notices('$0');
    expect(notices.read('%session-changed $0 main\n')).toEqual({ ...QUIET, isAttached: true });
    expect(notices.read('%session-changed $0 main\n')).toEqual(QUIET);
    expect(new Notices('$0').read('%session-changed $3 other\n')).toEqual({ ...QUIET, isElsewhere: true });
  });

  it('reads the same however the output is cut', () => {
    const text = `${EVENTS.join('\n')}\n`;
    const count = (notices: Notices, pieces: readonly string[]): number =>
      pieces.map((piece) => notices.read(piece)).filter(({ isElsewhere }) => isElsewhere).length;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), (at) => {
        expect(count(new Notices('$1'), [text.slice(0, at), text.slice(at)])).toBe(1);
      }),
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => {
        const notices = new Notices('$0');
        for (const piece of pieces) notices.read(piece);
      }),
    );
  });
});
