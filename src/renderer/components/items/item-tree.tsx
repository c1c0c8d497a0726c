// A tree of items by the keyboard: the focus stays on the tree, which says which row is meant. Only the rows in sight are in the page,
// so that a thousand tabs cost as much as ten.

import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

import { moveInTree, type TreeRow } from './tree-rows.ts';
import './items.css';

const ROW_HEIGHT = 30;

export type CheckState = boolean | 'indeterminate';

export interface ItemTreeProps {
  readonly label: string;
  readonly rows: readonly TreeRow[];
  /** The row that is chosen; it is brought into sight. */
  readonly selectedId?: string;
  /** Where the tree ticks instead of choosing: how each row is ticked. */
  readonly checkOf?: (row: TreeRow) => CheckState;
  readonly onSelect?: (row: TreeRow) => void;
  /** Enter on a row, a click on a leaf. */
  readonly onPress?: (row: TreeRow) => void;
  readonly onFold: (row: TreeRow, isOpen: boolean) => void;
  readonly renderRow: (row: TreeRow) => ReactNode;
}

export function ItemTree({ label, rows, selectedId, checkOf, onSelect, onPress, onFold, renderRow }: ItemTreeProps) {
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState(selectedId ?? '');
  const active = rows.findIndex((row) => row.id === activeId);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });

  const selectedIndex = rows.findIndex((row) => row.id === selectedId);
  useEffect(() => {
    if (selectedId === undefined || selectedIndex < 0) return;
    setActiveId(selectedId);
    virtualizer.scrollToIndex(selectedIndex);
    // Not again when rows above are folded.
  }, [selectedId, virtualizer]);

  const goTo = (index: number): void => {
    const row = rows[index];
    if (row === undefined) return;
    setActiveId(row.id);
    virtualizer.scrollToIndex(index);
    onSelect?.(row);
  };

  const handleKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const row = rows[active];
    if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) {
      event.preventDefault();
      onPress?.(row);
      return;
    }
    const move = moveInTree(rows, active, event.key);
    if (move === null) return;
    event.preventDefault();
    if (move.type === 'go') goTo(move.to);
    else if (row !== undefined) onFold(row, move.isOpen);
  };

  return (
    <div
      ref={scroller}
      className="items-tree"
      role="tree"
      aria-label={label}
      aria-multiselectable={checkOf !== undefined ? true : undefined}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      tabIndex={0}
      onFocus={() => {
        if (active < 0 && rows[0] !== undefined) setActiveId(rows[Math.max(0, selectedIndex)]?.id ?? rows[0].id);
      }}
      onKeyDown={handleKeyDown}
    >
      <div role="presentation" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map((virtual) => {
          const row = rows[virtual.index];
          if (row === undefined) return null;
          const check = checkOf?.(row);
          return (
            <div
              key={virtual.key}
              id={`${id}-${virtual.index}`}
              className={`items-row items-row--${row.type}${row.id === activeId ? ' items-row--active' : ''}`}
              role="treeitem"
              aria-level={row.level}
              aria-posinset={row.position}
              aria-setsize={row.setSize}
              aria-expanded={row.type === 'branch' ? row.isOpen : undefined}
              aria-selected={check === undefined ? row.id === selectedId : undefined}
              aria-checked={check === 'indeterminate' ? 'mixed' : check}
              style={{ transform: `translateY(${virtual.start}px)`, paddingLeft: 6 + (row.level - 1) * 14 }}
              onClick={() => {
                setActiveId(row.id);
                onSelect?.(row);
                if (row.type === 'leaf' || check !== undefined) onPress?.(row);
                else onFold(row, !row.isOpen);
              }}
            >
              {row.type === 'branch' ? (
                <span
                  className="items-row__fold"
                  aria-hidden
                  data-open={row.isOpen}
                  onClick={(event) => {
                    event.stopPropagation();
                    setActiveId(row.id);
                    onFold(row, !row.isOpen);
                  }}
                >
                  <ChevronRight size={14} />
                </span>
              ) : (
                <span className="items-row__fold" aria-hidden />
              )}
              {renderRow(row)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
