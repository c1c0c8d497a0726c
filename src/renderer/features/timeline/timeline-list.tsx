// The changes as a list that holds only what can be seen, by days, with silences between. The whole list is one stop of the Tab key.

import { useVirtualizer } from '@tanstack/react-virtual';
import { Power } from 'lucide-react';
import { memo, useCallback, useEffect, useMemo, useRef } from 'react';

import type { TimelineRow } from '../../../shared/contract/schemas.ts';
import { Empty, ErrorMessage, Loading } from '../../components/feedback.tsx';
import { formatDay, formatTime, plural, startOfDay } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { isTyping } from '../../app/global-keys.ts';
import { betweenWords } from './between-words.ts';
import type { TimelineRows } from './use-timeline.ts';

const HOUR_MS = 3_600_000;
const ROW_HEIGHT = 36;
const LOAD_AHEAD = 20;

type Entry =
  | { readonly type: 'day'; readonly key: string; readonly label: string; readonly projects: string }
  | { readonly type: 'gap'; readonly key: string; readonly text: string; readonly isRestart: boolean }
  | { readonly type: 'row'; readonly key: string; readonly row: TimelineRow };

export interface TimelineListProps {
  readonly timeline: TimelineRows;
  readonly selectedId: string | undefined;
  readonly onSelect: (id: string) => void;
  readonly onOpen: (row: TimelineRow) => void;
  readonly onCompare: (row: TimelineRow) => void;
}

export function TimelineList({ timeline, selectedId, onSelect, onOpen, onCompare }: TimelineListProps) {
  const { rows, isLoading, isComplete, error, loadMore, retry } = timeline;
  const scroller = useRef<HTMLDivElement>(null);
  const entries = useMemo(() => toEntries(rows), [rows]);
  const list = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (at) => entries[at]?.key ?? at,
    overscan: 8,
  });
  const shown = list.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= entries.length - LOAD_AHEAD) loadMore();
  }, [lastShown, entries.length, loadMore]);

  const select = useCallback(
    (row: TimelineRow | undefined) => {
      if (row === undefined) return;
      onSelect(row.id);
      const at = entries.findIndex((entry) => entry.key === row.id);
      if (at >= 0) list.scrollToIndex(at, { align: 'auto' });
    },
    [entries, list, onSelect],
  );
  useEffect(() => {
    // A place that was come back to is brought into sight; the newest row, which nobody chose, moves nobody who reads.
    const at = entries.findIndex((entry) => entry.key === selectedId);
    if (at >= 0 && rows[0]?.id !== selectedId) list.scrollToIndex(at, { align: 'auto' });
  }, [selectedId, list]);
  useTimelineKeys({
    rows,
    selectedId,
    select,
    open: onOpen,
    compare: onCompare,
  });

  if (error !== null && rows.length === 0) return <ErrorMessage error={error} onRetry={retry} />;
  if (rows.length === 0 && (isLoading || !isComplete)) return <Loading what="Reading the timeline" />;
  if (rows.length === 0) return <NothingYet />;
  return (
    <>
      {error !== null && <ErrorMessage error={error} onRetry={retry} />}
      <div
        ref={scroller}
        className="timeline__list"
        role="listbox"
        aria-label="Changes, newest first"
        aria-activedescendant={selectedId === undefined ? undefined : `row-${selectedId}`}
        tabIndex={0}
      >
        <div className="timeline__sizer" role="presentation" style={{ height: list.getTotalSize() }}>
          {shown.map((item) => {
            const entry = entries[item.index];
            return entry === undefined ? null : (
              <div
                key={item.key}
                ref={list.measureElement}
                data-index={item.index}
                role="presentation"
                className="timeline__entry"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <EntryView entry={entry} isSelected={entry.key === selectedId} onSelect={select} onOpen={onOpen} />
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

interface EntryViewProps {
  readonly entry: Entry;
  readonly isSelected: boolean;
  readonly onSelect: (row: TimelineRow) => void;
  readonly onOpen: (row: TimelineRow) => void;
}

/** While somebody scrolls, what is shown already is not made anew. */
const EntryView = memo(function EntryView({ entry, isSelected, onSelect, onOpen }: EntryViewProps) {
  if (entry.type === 'day')
    return (
      <div className="timeline__day" role="presentation">
        <span>{entry.label}</span>
        <span className="soft small captured">{entry.projects}</span>
      </div>
    );
  if (entry.type === 'gap')
    return (
      <div className={`timeline__gap ${entry.isRestart ? 'timeline__gap--restart' : ''}`} role="presentation">
        {entry.isRestart && <Power size={13} aria-hidden />}
        {entry.text}
      </div>
    );
  const { row } = entry;
  return (
    <div
      id={`row-${row.id}`}
      className="timeline__row"
      role="option"
      aria-selected={isSelected}
      data-snapshot={row.id}
      onClick={() => onSelect(row)}
      onDoubleClick={() => onOpen(row)}
    >
      <span className="timeline__time">{formatTime(row.takenAt)}</span>
      <span
        className={row.checkpoint === undefined ? 'timeline__stone' : 'timeline__stone timeline__stone--named'}
        aria-hidden
      />
      <span className="captured">
        {row.checkpoint !== undefined && <span className="timeline__name">{plainTitle(row.checkpoint.name)}. </span>}
        {plainTitle(describeRow(row))}
      </span>
      <span className="row small soft">
        {row.gaps > 0 && <span className="badge badge--warn">{plural(row.gaps, 'gap')}</span>}
        {row.projects.slice(0, 2).map((project) => (
          <span key={project} className="badge captured">
            {plainTitle(project).slice(0, 24)}
          </span>
        ))}
        {row.count > 1 && (
          <span title={`${row.count} captures that hold the same`}>until {formatTime(row.lastTakenAt)}</span>
        )}
      </span>
    </div>
  );
});

/** The change in one line; what has no words is told by why it was captured. */
export function describeRow({ words, kind, items, silenceMs }: TimelineRow): string {
  if (words.length > 0) return words.slice(0, 4).join('; ') + (words.length > 4 ? '; …' : '');
  if (kind === 'before-restore') return 'Captured before a restore';
  if (kind === 'shutdown') return 'Captured at the end';
  if (kind === 'manual') return 'Captured by hand';
  if (kind === 'checkpoint') return 'Checkpoint';
  return silenceMs === undefined ? `${plural(items, 'thing')} open` : 'Captures began again; nothing had changed';
}

function toEntries(rows: readonly TimelineRow[]): Entry[] {
  const days = rows.map(({ takenAt }) => startOfDay(Date.parse(takenAt)));
  const projects = projectsByDay(rows, days);
  const entries: Entry[] = [];
  for (const [at, row] of rows.entries()) {
    const day = days[at] ?? Number.NaN;
    if (day !== days[at - 1])
      entries.push({ type: 'day', key: `day-${day}`, label: formatDay(row.takenAt), projects: projects(day) });
    entries.push({ type: 'row', key: row.id, row });
    const text = betweenWords(row);
    if (text !== null)
      entries.push({ type: 'gap', key: `gap-${row.id}`, text, isRestart: row.restartedAfter !== undefined });
  }
  return entries;
}

/** A day is told by what was done, not only by its date. Once through all rows, however many days they are of. */
function projectsByDay(rows: readonly TimelineRow[], days: readonly number[]): (day: number) => string {
  const counts = new Map<number, Map<string, number>>();
  for (const [at, { projects }] of rows.entries()) {
    const day = days[at] ?? Number.NaN;
    const ofDay = counts.get(day) ?? new Map<string, number>();
    counts.set(day, ofDay);
    for (const project of projects) ofDay.set(project, (ofDay.get(project) ?? 0) + 1);
  }
  return (day) =>
    [...(counts.get(day) ?? [])]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, 3)
      .map(([project]) => plainTitle(project).slice(0, 30))
      .join(', ');
}

interface TimelineKeys {
  readonly rows: readonly TimelineRow[];
  readonly selectedId: string | undefined;
  readonly select: (row: TimelineRow | undefined) => void;
  readonly open: (row: TimelineRow) => void;
  readonly compare: (row: TimelineRow) => void;
}

/** Left and up go to the change before, right and down to the one after, with Shift by an hour. */
function useTimelineKeys(keys: TimelineKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      const { rows, selectedId, select, open, compare } = latest.current;
      const at = Math.max(
        0,
        rows.findIndex(({ id }) => id === selectedId),
      );
      const row = rows[at];
      if (row === undefined) return;
      const isOnControl = event.target instanceof HTMLElement && event.target.closest('button, a, svg') !== null;
      const step = stepOf(event.key);
      if (step !== 0) select(event.shiftKey ? byHour(rows, at, step) : rows[at + step]);
      else if (event.key === 'Home') select(rows[0]);
      else if (event.key === 'End') select(rows.at(-1));
      else if (event.key === 'Enter' && !isOnControl) open(row);
      else if (event.key === 'd') compare(row);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', handle);
    return () => window.removeEventListener('keydown', handle);
  }, []);
}

function stepOf(key: string): number {
  if (key === 'ArrowLeft' || key === 'ArrowDown') return 1;
  return key === 'ArrowRight' || key === 'ArrowUp' ? -1 : 0;
}

function byHour(rows: readonly TimelineRow[], at: number, step: number): TimelineRow | undefined {
  const from = Date.parse(rows[at]?.takenAt ?? '');
  for (let next = at + step; rows[next] !== undefined; next += step)
    if (Math.abs(Date.parse(rows[next]?.takenAt ?? '') - from) >= HOUR_MS) return rows[next];
  return step > 0 ? rows.at(-1) : rows[0];
}

function NothingYet() {
  return (
    <Empty title="Nothing here yet">
      <p className="soft">
        Cairn captures what is open every half minute. What changes appears here as it happens; if something is filtered
        out, show all.
      </p>
    </Empty>
  );
}
