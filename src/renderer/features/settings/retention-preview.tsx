// What would go under some limits, and why the rest stays.

import type { PrunePreview } from '../../../shared/contract/schemas.ts';
import { KEEP_REASONS, type KeepReason, type RetentionLimits } from '../../../shared/model/retention.ts';
import { ErrorMessage } from '../../components/feedback.tsx';
import { formatBytes, formatCount, plural } from '../../components/format.ts';
import { api } from '../../client/client.ts';
import { useDebounced } from '../../client/use-debounced.ts';
import { useQuery } from '../../client/use-query.ts';

const PREVIEW_AFTER_MS = 400;

const REASONS: Readonly<Record<KeepReason, string>> = {
  latest: 'the newest',
  recent: 'recent',
  hourly: 'one an hour',
  daily: 'one a day',
  checkpoint: 'checkpoints',
  pinned: 'pinned',
  'last-good': 'last good state of a source',
  undo: 'to undo a restore',
};

export interface RetentionPreviewProps {
  readonly limits: RetentionLimits;
  readonly isChanged: boolean;
}

export function RetentionPreview({ limits, isChanged }: RetentionPreviewProps) {
  const key = useDebounced(JSON.stringify(limits), PREVIEW_AFTER_MS);
  const preview = useQuery(
    key,
    (signal) => api.settings.previewRetention(JSON.parse(key) as RetentionLimits, { signal }), // made of limits above
    { reloadOn: ['snapshots.removed'] },
  );
  return (
    <div className="settings__preview" role="status">
      {preview.error !== null && <ErrorMessage error={preview.error} onRetry={preview.reload} />}
      {preview.data === null && preview.error === null && <p className="soft">Looking at what would go…</p>}
      {preview.data !== null && (
        <>
          <p>
            {isChanged ? 'With these limits, ' : 'Now, '}
            <strong>{tellPruned(preview.data)}</strong>
          </p>
          <p className="soft">Stays: {tellKept(preview.data)}.</p>
        </>
      )}
    </div>
  );
}

/** "12 snapshots and 1 checkpoint would go, and 4.2 MB come back." */
export function tellPruned({ snapshots, checkpoints, freedBytes }: PrunePreview): string {
  if (snapshots === 0 && checkpoints === 0) return 'nothing would go.';
  const what = [
    ...(snapshots > 0 ? [plural(snapshots, 'snapshot')] : []),
    ...(checkpoints > 0 ? [plural(checkpoints, 'checkpoint')] : []),
  ].join(' and ');
  return `${what} would go, and about ${formatBytes(freedBytes)} come back.`;
}

function tellKept({ keep }: PrunePreview): string {
  const kept = KEEP_REASONS.filter((reason) => (keep[reason] ?? 0) > 0);
  if (kept.length === 0) return 'nothing yet';
  return kept.map((reason) => `${formatCount(keep[reason] ?? 0)} ${REASONS[reason]}`).join(', ');
}
