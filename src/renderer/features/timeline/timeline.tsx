// Home: what was captured, by time or by item.

import './timeline.css';

import { useEffect, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';

import type { TimelineRow } from '../../../shared/contract/schemas.ts';

import { SelectedRow } from './selected-row.tsx';
import { DensityStrip } from './density-strip.tsx';
import { Filters } from './filters.tsx';
import { ItemList } from './item-list.tsx';
import { TimelineList } from './timeline-list.tsx';
import { usePlace } from './use-place.ts';
import { useTimeline } from './use-timeline.ts';
import { Button } from '../../components/button.tsx';
import { formatMoment } from '../../components/format.ts';
import { useUi } from '../../stores/ui.ts';
import { useShownSnapshot } from '../../stores/shown-snapshot.ts';
import { preloadPreviews } from '../snapshot/preload.ts';

const HOUR_MS = 3_600_000;
const LATER = [
  { label: 'An hour later', ms: HOUR_MS },
  { label: 'A day later', ms: 24 * HOUR_MS },
] as const;

export function Timeline() {
  const [search, setSearch] = useSearchParams();
  const isByItem = search.get('by') === 'item';
  return isByItem ? (
    <div className="timeline">
      <Head isByItem onView={() => setSearch({})} />
      <ItemList />
    </div>
  ) : (
    <ByTime onItems={() => setSearch({ by: 'item' })} />
  );
}

function ByTime({ onItems }: { readonly onItems: () => void }) {
  const filter = useUi((ui) => ui.filter);
  const [, navigate] = useLocation();
  const [until, setUntil] = useState<string | undefined>(undefined);
  const timeline = useTimeline(filter, until);
  const [selectedId, setSelectedId] = useState<string | undefined>(undefined);
  const chosen = timeline.rows.find(({ id }) => id === selectedId);
  const notePlace = usePlace({
    rows: timeline.rows,
    at: chosen?.takenAt ?? until,
    onFound: (row) => setSelectedId(row.id),
    onBeyond: setUntil,
  });
  // Whoever comes back finds the place again.
  const leaveFor = (path: string, row: TimelineRow): void => {
    notePlace(row.takenAt);
    navigate(path);
  };
  useEffect(() => {
    requestIdleCallback(() => void preloadPreviews(), { timeout: 3_000 });
  }, []);
  // What was chosen on purpose is what a checkpoint is made of; without a choice it is the present.
  useShownSnapshot(selectedId ?? null);
  const selected = chosen ?? timeline.rows[0];
  const jump = (iso: string | undefined): void => {
    setUntil(iso);
    setSelectedId(undefined);
  };
  return (
    <div className="timeline">
      <Head isByItem={false} onView={onItems}>
        <Filters isReady={timeline.rows.length > 0 || timeline.isComplete} onJump={jump} />
      </Head>
      <DensityStrip selected={selected?.takenAt} onJump={jump} onOpenCheckpoint={(id) => navigate(`/snapshot/${id}`)} />
      <div className="stack" style={{ minHeight: 0, gap: 8 }}>
        {until !== undefined && (
          <div className="row small">
            <span className="grow">Shown from {formatMoment(until)} backwards.</span>
            {LATER.map(({ label, ms }) => (
              <Button key={label} look="quiet" onClick={() => jump(laterThan(until, ms))}>
                {label}
              </Button>
            ))}
            <Button look="quiet" onClick={() => jump(undefined)}>
              Back to now
            </Button>
          </div>
        )}
        <TimelineList
          timeline={timeline}
          selectedId={selected?.id}
          onSelect={setSelectedId}
          onOpen={(row) => leaveFor(`/snapshot/${row.id}`, row)}
          onCompare={(row) => leaveFor(`/compare/${row.id}/now`, row)}
        />
      </div>
      <SelectedRow row={selected} />
    </div>
  );
}

/** Undefined where that would be in the future. */
function laterThan(iso: string, ms: number): string | undefined {
  const timeMs = Date.parse(iso) + ms;
  return timeMs >= Date.now() ? undefined : new Date(timeMs).toISOString();
}

interface HeadProps {
  readonly isByItem: boolean;
  readonly onView: () => void;
  readonly children?: React.ReactNode;
}

function Head({ isByItem, onView, children }: HeadProps) {
  return (
    <header className="timeline__head stack">
      <div className="row">
        <h1 className="grow">Timeline</h1>
        <div className="segmented" role="group" aria-label="View">
          <button type="button" aria-pressed={!isByItem} onClick={isByItem ? onView : undefined}>
            By time
          </button>
          <button type="button" aria-pressed={isByItem} onClick={isByItem ? undefined : onView}>
            By item
          </button>
        </div>
      </div>
      {children}
    </header>
  );
}
