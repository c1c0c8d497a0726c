// How much was captured when: bars over time, silences hatched, restarts marked, checkpoints as named stones. A click goes to a moment,
// as the list's arrow keys do; the wheel, the buttons, + and - zoom.

import { Minus, Plus } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';

import type { Density } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { IconButton, Button } from '../../components/button.tsx';
import { formatMoment, formatSpan, HOURS, plural } from '../../components/format.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { RESTART_WORDS } from './between-words.ts';
import { ofDevice } from '../../stores/sync.ts';

const HEIGHT = 82;
/** Names of stones stand below the axis, the times below them. */
const BARS_HEIGHT = 46;
/** A silence or a stone is seen even where it is shorter than a pixel. */
const MIN_GAP_PIXELS = 2;
const LABEL_PIXELS = { least: 36, most: 150 } as const;
const BIN_PIXELS = 6;
const MIN_SPAN_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
const SPANS = [
  { label: 'Hour', ms: HOUR_MS },
  { label: 'Day', ms: 24 * HOUR_MS },
  { label: 'Week', ms: 7 * 24 * HOUR_MS },
  { label: 'All', ms: null },
] as const;

interface Range {
  readonly from: number;
  readonly to: number;
}

export interface DensityStripProps {
  /** The moment of the row that is chosen. */
  readonly selected: string | undefined;
  readonly onJump: (iso: string) => void;
  readonly onOpenCheckpoint: (snapshotId: string) => void;
}

export function DensityStrip({ selected, onJump, onOpenCheckpoint }: DensityStripProps) {
  const [range, setRange] = useState<Range | null>(null);
  const [width, measure] = useWidth();
  const bins = Math.max(20, Math.floor(width / BIN_PIXELS));
  const { data, error, reload } = useQuery(
    `${range?.from ?? ''} ${range?.to ?? ''} ${bins}`,
    () =>
      api.timeline.density({
        ...ofDevice(),
        bins,
        ...(range === null ? {} : { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() }),
      }),
    { reloadOn: ['snapshot.created', 'checkpoints.changed', 'snapshots.removed'], isEnabled: width > 0 },
  );
  const shown = useLast(data);
  const zoom = (factor: number, center?: number): void => {
    if (shown === null) return;
    const whole = wholeOf(shown);
    const now = rangeOf(shown);
    const middle = center ?? (now.from + now.to) / 2;
    setRange(clamp({ from: middle - (middle - now.from) * factor, to: middle + (now.to - middle) * factor }, whole));
  };
  const chooseSpan = (ms: number | null): void => {
    if (shown === null || ms === null) {
      setRange(null);
      return;
    }
    const whole = wholeOf(shown);
    const end = selected === undefined ? whole.to : Math.min(whole.to, Date.parse(selected) + ms / 2);
    setRange(clamp({ from: end - ms, to: end }, whole));
  };
  return (
    <section className="density" aria-label="Captures over time">
      <div className="density__head row">
        <span className="grow small soft">{shown === null ? ' ' : describe(shown)}</span>
        {error !== null && (
          <span className="row small" role="alert">
            <span className="density__error">
              {error.message} {error.hint}
            </span>
            <Button look="quiet" onClick={reload}>
              Try again
            </Button>
          </span>
        )}
        {SPANS.map(({ label, ms }) => (
          <Button
            key={label}
            look="quiet"
            className="density__span"
            aria-pressed={shown !== null && isSpan(range, ms)}
            onClick={() => chooseSpan(ms)}
          >
            {label}
          </Button>
        ))}
        <IconButton label="Zoom out" icon={<Minus size={16} />} onClick={() => zoom(2)} />
        <IconButton label="Zoom in" icon={<Plus size={16} />} onClick={() => zoom(0.5)} />
      </div>
      <div ref={measure} className="density__strip">
        {shown !== null && shown.counts.length > 0 && (
          <Strip
            density={shown}
            width={width}
            selected={selected}
            onJump={onJump}
            onZoom={zoom}
            onOpenCheckpoint={onOpenCheckpoint}
          />
        )}
      </div>
    </section>
  );
}

interface StripProps extends DensityStripProps {
  readonly density: Density;
  readonly width: number;
  readonly onZoom: (factor: number, center: number) => void;
}

function Strip({ density, width, selected, onJump, onZoom, onOpenCheckpoint }: StripProps) {
  const { from, to } = rangeOf(density);
  const x = (timeMs: number): number => ((timeMs - from) / (to - from)) * width;
  const timeAt = (event: MouseEvent): number => {
    const { left } = event.currentTarget.getBoundingClientRect();
    return from + ((event.clientX - left) / width) * (to - from);
  };
  const bars = useMemo(() => toPath(density.counts, width), [density, width]);
  const strip = useRef<SVGSVGElement>(null);
  const latestZoom = useRef(onZoom);
  latestZoom.current = onZoom;
  useEffect(() => {
    const element = strip.current;
    if (element === null) return undefined;
    const zoomByWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { left } = element.getBoundingClientRect();
      latestZoom.current(event.deltaY > 0 ? 1.25 : 0.8, from + ((event.clientX - left) / width) * (to - from));
    };
    // React's own wheel listeners cannot keep the page from scrolling.
    element.addEventListener('wheel', zoomByWheel, { passive: false });
    return () => element.removeEventListener('wheel', zoomByWheel);
  }, [from, to, width]);
  const handleKey = (event: KeyboardEvent): void => {
    const middle = selected === undefined ? to : Date.parse(selected);
    if (event.key === '+' || event.key === '=') onZoom(0.5, middle);
    else if (event.key === '-') onZoom(2, middle);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <svg
        ref={strip}
        className="density__svg"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={describe(density)}
        tabIndex={0}
        onKeyDown={handleKey}
        onClick={(event) => onJump(new Date(timeAt(event)).toISOString())}
      >
        <defs>
          <pattern id="hatch" width="7" height="7" patternTransform="rotate(45)" patternUnits="userSpaceOnUse">
            <rect width="3" height="7" className="density__hatch" />
          </pattern>
        </defs>
        {density.gaps.map((gap) => {
          const start = Math.max(0, x(Date.parse(gap.from)));
          const end = Math.max(Math.min(width, x(Date.parse(gap.to))), start + MIN_GAP_PIXELS);
          return (
            <rect key={gap.from} x={start} y={0} width={end - start} height={BARS_HEIGHT} fill="url(#hatch)">
              <title>{`Nothing captured for ${formatSpan(Date.parse(gap.to) - Date.parse(gap.from))}`}</title>
            </rect>
          );
        })}
        <path d={bars} className="density__bars" />
        <line x1={0} x2={width} y1={BARS_HEIGHT} y2={BARS_HEIGHT} className="density__axis" />
        {ticksOf(from, to, width).map((tick) => (
          <g key={tick.x} className="density__tick">
            <line x1={tick.x} x2={tick.x} y1={BARS_HEIGHT} y2={BARS_HEIGHT + 4} />
            <text x={tick.x + 3} y={HEIGHT - 4}>
              {tick.label}
            </text>
          </g>
        ))}
        {density.restarts.map(({ at, after }) => {
          const left = x(Date.parse(at));
          return left < 0 || left > width ? null : (
            <path key={at} className="density__restart" d={`M${left.toFixed(1)} 0l4 6h-8z`}>
              <title>{`${RESTART_WORDS[after]}, ${formatMoment(at)}`}</title>
            </path>
          );
        })}
        {selected !== undefined && (
          <line
            x1={x(Date.parse(selected))}
            x2={x(Date.parse(selected))}
            y1={0}
            y2={BARS_HEIGHT}
            className="density__here"
          />
        )}
      </svg>
      {placeStones(density.stones, x, width).map(({ stone, left, labelWidth }) => (
        <button
          key={stone.id}
          type="button"
          className="density__stone"
          style={{ left }}
          aria-label={`Checkpoint ${plainTitle(stone.name)}, ${formatMoment(stone.takenAt ?? stone.createdAt)}`}
          title={plainTitle(stone.name)}
          onClick={() => onOpenCheckpoint(stone.snapshotId)}
        >
          {labelWidth > 0 && (
            <span className="density__name captured" style={{ maxWidth: labelWidth }}>
              {plainTitle(stone.name)}
            </span>
          )}
        </button>
      ))}
    </>
  );
}

/** One path for all bars: as many elements as there are bins would be slow to draw. */
function toPath(counts: readonly number[], width: number): string {
  const most = Math.max(1, ...counts);
  const step = width / counts.length;
  return counts
    .map((count, at) => {
      if (count === 0) return '';
      // A root, so that a few captures can be seen beside many.
      const height = Math.max(3, Math.sqrt(count / most) * (BARS_HEIGHT - 4));
      return `M${(at * step).toFixed(1)} ${BARS_HEIGHT}v${(-height).toFixed(1)}h${Math.max(1, step - 1).toFixed(1)}v${height.toFixed(1)}z`;
    })
    .join('');
}

function ticksOf(from: number, to: number, width: number): { x: number; label: string }[] {
  const count = Math.max(2, Math.floor(width / 150));
  const isWithinDays = to - from < 36 * HOUR_MS;
  const format = new Intl.DateTimeFormat(
    undefined,
    isWithinDays
      ? { ...HOURS, ...(to - from < HOUR_MS / 2 ? { second: '2-digit' } : {}) }
      : { day: 'numeric', month: 'short' },
  );
  const ticks = Array.from({ length: count }, (_, at) => {
    const timeMs = from + ((to - from) * at) / count;
    return { x: (width * at) / count, label: format.format(timeMs) };
  });
  // A stretch shorter than the labels tell apart has fewer of them.
  return ticks.filter(({ label }, at) => at === 0 || label !== ticks[at - 1]?.label);
}

/** Stones in the stretch, with their names where there is room before the next one. */
function placeStones(
  stones: Density['stones'],
  x: (timeMs: number) => number,
  width: number,
): { readonly stone: Density['stones'][number]; readonly left: number; readonly labelWidth: number }[] {
  const placed = stones
    .map((stone) => ({ stone, left: x(Date.parse(stone.takenAt ?? stone.createdAt)) }))
    .filter(({ left }) => left >= 0 && left <= width)
    .toSorted((a, b) => a.left - b.left);
  return placed.map(({ stone, left }, at) => {
    const room = Math.min((placed[at + 1]?.left ?? width) - left - 12, LABEL_PIXELS.most);
    return { stone, left, labelWidth: room < LABEL_PIXELS.least ? 0 : room };
  });
}

function isSpan(range: Range | null, ms: number | null): boolean {
  if (range === null || ms === null) return range === null && ms === null;
  return Math.abs(range.to - range.from - ms) < 1_000;
}

function describe({ counts, from, to, gaps, stones, restarts }: Density): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'No captures in this stretch';
  const notes = [
    plural(total, 'capture'),
    `${formatMoment(from)} to ${formatMoment(to)}`,
    ...(stones.length === 0 ? [] : [plural(stones.length, 'checkpoint')]),
    ...(gaps.length === 0 ? [] : [plural(gaps.length, 'gap')]),
    ...(restarts.length === 0 ? [] : [plural(restarts.length, 'start of Cairn', 'starts of Cairn')]),
  ];
  return notes.join(', ');
}

function rangeOf({ from, to }: Density): Range {
  return { from: Date.parse(from), to: Math.max(Date.parse(to), Date.parse(from) + 1) };
}

function wholeOf(density: Density): Range {
  const range = rangeOf(density);
  return {
    from: density.oldest === undefined ? range.from : Date.parse(density.oldest),
    to: density.newest === undefined ? range.to : Date.parse(density.newest),
  };
}

function clamp({ from, to }: Range, whole: Range): Range | null {
  const span = Math.max(MIN_SPAN_MS, to - from);
  if (span >= whole.to - whole.from) return null;
  const start = Math.min(Math.max(from, whole.from), whole.to - span);
  return { from: start, to: start + span };
}

function useWidth(): [number, (element: HTMLElement | null) => void] {
  const [width, setWidth] = useState(0);
  const observer = useRef<ResizeObserver | null>(null);
  const measure = useRef((element: HTMLElement | null): void => {
    observer.current?.disconnect();
    if (element === null) return;
    observer.current = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.current.observe(element);
  });
  return [width, measure.current];
}

/** The last result stays while the next one is read: a strip that blinks at every zoom cannot be followed. */
function useLast<Value>(value: Value | null): Value | null {
  const last = useRef(value);
  if (value !== null) last.current = value;
  return last.current;
}
