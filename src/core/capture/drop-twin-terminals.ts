import type { CapturedItem } from '../../shared/model/item.ts';
import type { SourceId } from '../../shared/model/ids.ts';

/**
 * Keeps one item a terminal device: that of the source which comes first, since those that keep terminals come before the one that only
 * sees their processes. Several items of one source are its own business (a tmux window that stands in two sessions). A history tells of a
 * terminal and is none.
 */
export function dropTwinTerminals(items: readonly CapturedItem[]): readonly CapturedItem[] {
  const keepers = new Map<string, SourceId>();
  return items.filter(({ kind, source, attributes: { tty, isHistory } }) => {
    if (kind !== 'terminal' || isHistory === true || typeof tty !== 'string' || tty === '') return true;
    const keeper = keepers.get(tty) ?? source;
    keepers.set(tty, keeper);
    return keeper === source;
  });
}
