// How captures stand, in words, on every screen; and what the tray offers too, for those who have none.

import { BookmarkPlus, Command, Lock, Pause, Play, ShieldOff } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';

import type { Status } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useToldAction } from '../../client/use-told-action.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorMessage } from '../../components/feedback.tsx';
import { formatAge, formatTime, plural } from '../../components/format.ts';
import { Menu } from '../../components/menu.tsx';
import { tellSync } from '../../components/tell-sync.ts';
import { useNow } from '../../components/use-now.ts';
import { useRestoring } from '../../stores/restoring.ts';
import { takeStatus, useStatus } from '../../stores/status.ts';
import { useSync } from '../../stores/sync.ts';
import { showToast } from '../../stores/toasts.ts';

const MINUTE_MS = 60_000;
const FORGET_MINUTES = 10;

export function CaptureBar({
  onCheckpoint,
  onPalette,
}: {
  readonly onCheckpoint: () => void;
  readonly onPalette: () => void;
}) {
  const status = useStatus((store) => store.status);
  const { progress, owner } = useRestoring();
  const now = useNow();
  const [isForgetting, setForgetting] = useState(false);
  const pause = useToldAction(async (minutes: number | null) => {
    const until = minutes === null ? null : new Date(Date.now() + minutes * MINUTE_MS).toISOString();
    takeStatus(await api.captures.pause({ until }));
  });
  const resume = useToldAction(async () => takeStatus(await api.captures.resume()));
  const lock = useToldAction(async () => takeStatus(await api.vault.lock()));
  if (status === null) return null;
  const isPaused = status.capture.state === 'paused';
  const [tone, words] = describeCapture(status, now);
  return (
    <div className="capture-bar">
      <div className="capture-bar__state row" role="status">
        <span className={`dot dot--${tone}`} aria-hidden />
        <span className="grow">{words}</span>
      </div>
      <SyncLine now={now} />
      {progress !== null && (
        <div role="status">
          <Link className="capture-bar__state row" href={owner ?? '/'}>
            <span className="dot dot--good" aria-hidden />
            <span className="grow">
              {progress.total === 0 ? 'Restoring…' : `Restoring: ${progress.done} of ${progress.total} steps`}
            </span>
          </Link>
        </div>
      )}
      <Button className="capture-bar__main" onClick={onCheckpoint}>
        <BookmarkPlus size={16} aria-hidden /> Checkpoint <span className="visually-hidden">(key c)</span>
      </Button>
      {isPaused ? (
        <Button onClick={() => void resume.run()}>
          <Play size={16} aria-hidden /> Resume
        </Button>
      ) : (
        <Menu
          trigger={
            <Button>
              <Pause size={16} aria-hidden /> Pause…
            </Button>
          }
          items={[
            { label: 'For 15 minutes', onSelect: () => void pause.run(15) },
            { label: 'For an hour', onSelect: () => void pause.run(60) },
            { label: 'Until I resume', onSelect: () => void pause.run(null) },
          ]}
        />
      )}
      <Button look="quiet" onClick={() => setForgetting(true)}>
        <ShieldOff size={16} aria-hidden /> Forget last {FORGET_MINUTES} min
      </Button>
      <Button look="quiet" onClick={() => void lock.run()} disabled={lock.isRunning}>
        <Lock size={16} aria-hidden /> {lock.isRunning ? 'Locking…' : 'Lock'}
      </Button>
      <Button look="quiet" onClick={onPalette}>
        <Command size={16} aria-hidden /> Commands <span className="kbd">Ctrl K</span>
      </Button>
      {isForgetting && <ForgetDialog onClose={() => setForgetting(false)} />}
    </div>
  );
}

/** How sync stands, once somebody has signed in. */
function SyncLine({ now }: { readonly now: number }) {
  const status = useSync((sync) => sync.status);
  const words = status === null ? null : tellSync(status, now);
  if (words === null) return null;
  return (
    <div role="status">
      <Link className="capture-bar__state row" href="/settings/sync">
        <span className={`dot dot--${words.tone}`} aria-hidden />
        <span className="grow">{words.text}</span>
      </Link>
    </div>
  );
}

function ForgetDialog({ onClose }: { readonly onClose: () => void }) {
  const forget = useAction(async () => {
    const { removed } = await api.captures.forget({ minutes: FORGET_MINUTES });
    showToast({ tone: 'info', text: `${plural(removed, 'snapshot')} forgotten.` });
  });
  return (
    <Dialog
      title={`Forget the last ${FORGET_MINUTES} minutes?`}
      description="Every snapshot of these minutes goes, with its content; checkpoints stay. It cannot be undone. What is still open is captured again with the next snapshot: close it or pause first."
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep them</Button>
          <Button
            look="danger"
            disabled={forget.isRunning}
            onClick={() => void forget.run().then((done) => done && onClose())}
          >
            {forget.isRunning ? 'Forgetting…' : 'Forget them'}
          </Button>
        </>
      }
    >
      {forget.error !== null && <ErrorMessage error={forget.error} />}
    </Dialog>
  );
}

/** The state as a tone and a sentence. */
function describeCapture({ capture, readOnly }: Status, now: number): readonly ['good' | 'warn' | 'bad', string] {
  const age = capture.lastAt === undefined ? null : formatAge(capture.lastAt, now);
  if (readOnly !== undefined) return ['bad', 'Damaged vault, only read: nothing is captured'];
  switch (capture.state) {
    case 'paused':
      return [
        'warn',
        capture.pausedUntil === undefined
          ? 'Paused until you resume'
          : `Paused until ${formatTime(capture.pausedUntil)}`,
      ];
    case 'off':
      return ['warn', 'No source is on, so nothing is captured'];
    case 'failing':
      return ['bad', `The last capture failed: ${capture.failure?.message ?? 'see Diagnostics'}`];
    case 'locked-writing':
      return ['good', 'Locked, still recording'];
    case 'capturing':
    case 'waiting':
      if (capture.isLate) return ['bad', age === null ? 'Nothing was captured yet' : `No capture since ${age}`];
      return ['good', age === null ? 'Capturing…' : `Captured ${age}`];
  }
}
