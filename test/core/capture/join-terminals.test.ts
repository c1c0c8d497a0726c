import { describe, expect, it } from 'vitest';

import { joinTerminals } from '../../../src/core/capture/join-terminals.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import { aTerminal, key } from '../../support/captures.ts';

const TTY = '/dev/pts/7';

function aHistory(attributes: CapturedItem['attributes']): CapturedItem {
  return aTerminal('x', {
    key: key('shell-history:1-1'),
    source: parseSourceId('shell-history'),
    attributes: { isHistory: true, tty: TTY, ...attributes },
  });
}

describe('joinTerminals()', () => {
  it('joins the history of a living shell to its pane, wherever it stands in the list', () => {
    const pane = aTerminal('main:0.0', { attributes: { tty: TTY } });

    const [history] = joinTerminals([aHistory({ isLive: true }), pane]);

    expect(history?.attributes['terminal']).toBe('tmux:main:0.0');
  });

  it('joins no shell that has ended: its device is another terminal by now', () => {
    const pane = aTerminal('main:0.0', { attributes: { tty: TTY } });

    const [, history] = joinTerminals([pane, aHistory({ isLive: false })]);

    expect(history?.attributes).not.toHaveProperty('terminal');
  });

  it('takes a history for no terminal', () => {
    const conversation = aTerminal('c', { key: key('claude-code:c'), kind: 'conversation', attributes: { tty: TTY } });

    const [, joined] = joinTerminals([aHistory({ isLive: true }), conversation]);

    expect(joined?.attributes).not.toHaveProperty('terminal');
  });
});
