// What a snapshot is, and what can be done with it as a whole.

import { GitCompareArrows, RotateCcw, Stamp } from 'lucide-react';
import { Link, useLocation } from 'wouter';

import type { SnapshotView } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { compareAddress, restoreAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { formatAge, formatMoment, formatWhole, plural } from '../../components/format.ts';
import { tellKept } from '../../components/tell-kept.ts';
import { plainTitle } from '../../components/visible-text.ts';
import { openCheckpointDialog } from '../../stores/checkpoint-dialog.ts';
import { showToast } from '../../stores/toasts.ts';
import { KIND_WORDS } from './snapshot-words.ts';
import { ofDevice, useSync } from '../../stores/sync.ts';

export function SnapshotHead({ snapshot }: { readonly snapshot: SnapshotView }) {
  const { id, takenAt, kind, items, gaps, checkpoint, kept } = snapshot;
  const [, navigate] = useLocation();
  // What is open on another device is not known here, and its checkpoints are made there.
  const isOwn = useSync(({ device }) => device === null);
  const compareBefore = useAction(async () => {
    const { snapshots } = await api.snapshots.list({ before: id, limit: 1, ...ofDevice() });
    const [before] = snapshots;
    if (before === undefined) showToast({ text: 'This is the first snapshot: there is none before it.', tone: 'info' });
    else navigate(compareAddress(before.id, id));
  });
  return (
    <header className="snapshot-head">
      <div className="row wrap">
        <div className="grow snapshot-head__title">
          <h1>
            {checkpoint === undefined ? (
              formatMoment(takenAt)
            ) : (
              <span className="captured">{plainTitle(checkpoint.name)}</span>
            )}
          </h1>
        </div>
        <div className="row wrap">
          <Link className="button button--primary" href={restoreAddress(id)}>
            <RotateCcw size={16} aria-hidden />
            Restore…
          </Link>
          {isOwn && (
            <Link className="button" href={compareAddress(id, 'now')} aria-keyshortcuts="d">
              <GitCompareArrows size={16} aria-hidden />
              Compare with now
            </Link>
          )}
          <Button onClick={() => void compareBefore.run()} disabled={compareBefore.isRunning}>
            Compare with the one before
          </Button>
          {isOwn && (
            <Button onClick={() => openCheckpointDialog(id)} aria-keyshortcuts="c">
              <Stamp size={16} aria-hidden />
              Checkpoint
            </Button>
          )}
        </div>
      </div>
      <div className="row wrap small">
        <span className="soft">
          <time dateTime={takenAt}>{formatWhole(takenAt)}</time>, {formatAge(takenAt)}. {tellKept(kept)}
        </span>
        {checkpoint !== undefined && <span className="badge badge--accent">Checkpoint</span>}
        <span className="badge">{KIND_WORDS[kind]}</span>
        <span className="badge">{plural(items, 'item')}</span>
        {gaps > 0 && <span className="badge badge--warn">{plural(gaps, 'gap')}</span>}
        {checkpoint?.tags.map((tag) => (
          <span key={tag} className="badge captured">
            {plainTitle(tag)}
          </span>
        ))}
        <code className="mono soft">{id}</code>
      </div>
      {compareBefore.error !== null && (
        <ErrorMessage error={compareBefore.error} onRetry={() => void compareBefore.run()} />
      )}
    </header>
  );
}
