// The locked vault: one field, and whether captures go on behind it.

import './unlock.css';

import type { Status } from '../../../shared/contract/schemas.ts';
import { formatAge, formatMoment } from '../../components/format.ts';
import { useStatus } from '../../stores/status.ts';
import { UnlockForm } from './unlock-form.tsx';

export function Unlock() {
  const capture = useStatus(({ status }) => status?.capture);
  return (
    <main className="unlock">
      <div className="unlock__brand">
        <img src="/icon.svg" alt="" width={48} height={48} />
        <h1>Cairn is locked</h1>
      </div>
      {capture !== undefined && <CaptureState capture={capture} />}
      <div className="card unlock__card">
        <UnlockForm />
      </div>
    </main>
  );
}

function CaptureState({ capture }: { readonly capture: Status['capture'] }) {
  const { tone, title, text } = tell(capture);
  return (
    <p className="unlock__state">
      <span className={`dot ${tone} unlock__dot`} aria-hidden />
      <span>
        <strong>{title}</strong> {text}
        {capture.lastAt !== undefined && (
          <>
            {' '}
            Last captured <time dateTime={capture.lastAt}>{formatAge(capture.lastAt)}</time>.
          </>
        )}
      </span>
    </p>
  );
}

function tell(capture: Status['capture']): { readonly tone: string; readonly title: string; readonly text: string } {
  if (capture.state === 'locked-writing')
    return {
      tone: 'dot--good',
      title: 'Still recording, write-only:',
      text: 'what is captured now can be read after the next unlock.',
    };
  if (capture.state === 'paused')
    return {
      tone: 'dot--warn',
      title: 'Paused:',
      text:
        capture.pausedUntil === undefined
          ? 'nothing is recorded until you resume it.'
          : `nothing is recorded until ${formatMoment(capture.pausedUntil)}.`,
    };
  if (capture.state === 'failing')
    return { tone: 'dot--bad', title: 'Recording fails:', text: 'unlock to see why. What was captured is safe.' };
  return { tone: '', title: 'Not recording:', text: 'it goes on after the unlock.' };
}
