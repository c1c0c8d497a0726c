// Home: what was captured, by time or by item.

import './timeline.css';

import { useEffect, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';

import { SelectedRow } from './selected-row.tsx';
import { DensityStrip } from './density-strip.tsx';
import { Filters } from './filters.tsx';
import { ItemList } from './item-list.tsx';
import { TimelineList } from './timeline-list.tsx';
import { useTimeline } from './use-timeline.ts';
import { Button } from '../../components/button.tsx';
import { formatMoment } from '../../components/format.ts';
import { useUi } from '../../stores/ui.ts';
import { preloadPreviews } from '../snapshot/preload.ts';

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
  useEffect(() => {
    requestIdleCallback(() => void preloadPreviews(), { timeout: 3_000 });
  }, []);
  const selected = timeline.rows.find(({ id }) => id === selectedId) ?? timeline.rows[0];
  return (
    <div className="timeline">
      <Head isByItem={false} onView={onItems}>
        <Filters isReady={timeline.rows.length > 0 || timeline.isComplete} onJump={setUntil} />
      </Head>
      <DensityStrip
        selected={selected?.takenAt}
        onJump={(iso) => {
          setUntil(iso);
          setSelectedId(undefined);
        }}
        onOpenCheckpoint={(id) => navigate(`/snapshot/${id}`)}
      />
      <div className="stack" style={{ minHeight: 0, gap: 8 }}>
        {until !== undefined && (
          <div className="row small">
            <span className="grow">Shown from {formatMoment(until)} backwards.</span>
            <Button look="quiet" onClick={() => setUntil(undefined)}>
              Back to now
            </Button>
          </div>
        )}
        <TimelineList timeline={timeline} selectedId={selected?.id} onSelect={setSelectedId} />
      </div>
      <SelectedRow row={selected} />
    </div>
  );
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
