import type { ItemKey } from '../../shared/model/ids.ts';
import type { CapturedItem } from '../../shared/model/item.ts';

/**
 * Joins conversations, documents and the histories of living shells to the terminals they run in: both name the same `tty` device, which
 * their sources have checked against living processes. One without such a terminal gets no `terminal`: never a guess.
 */
export function joinTerminals(items: readonly CapturedItem[]): readonly CapturedItem[] {
  const terminals = new Map<string, ItemKey>();
  for (const { kind, key, attributes } of items) {
    // A history tells of a terminal and is none.
    if (attributes['isHistory'] === true) continue;
    const tty = attributes['tty'];
    // The first one counts: multiplexers come before the plain shells that may show the same device.
    if (kind === 'terminal' && typeof tty === 'string' && tty !== '' && !terminals.has(tty)) terminals.set(tty, key);
  }
  return items.map((item) => {
    const tty = item.attributes['tty'];
    const { isHistory, isLive } = item.attributes;
    const runsInTerminal =
      item.kind === 'conversation' || item.kind === 'document' || (isHistory === true && isLive === true);
    if (!runsInTerminal || typeof tty !== 'string') return item;
    const terminal = terminals.get(tty);
    return terminal === undefined ? item : { ...item, attributes: { ...item.attributes, terminal } };
  });
}
