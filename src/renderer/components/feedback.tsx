// What a screen shows besides its content: that it loads, that there is nothing, that something went wrong and what to do next.

import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

import type { AppError } from '../../shared/model/app-error.ts';
import { Button } from './button.tsx';
import { Prose } from './prose.tsx';

export function Loading({ what = 'Loading' }: { readonly what?: string }) {
  return (
    <div className="empty" role="status">
      <div className="spinner" />
      <span className="soft">{what}…</span>
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

type Tone = 'info' | 'good' | 'warn' | 'bad';
const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert } as const;

export interface MessageProps {
  readonly tone?: Tone;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

/** A note in the page; what is bad is read out at once. */
export function Message({ tone = 'info', children, action }: MessageProps) {
  const Icon = ICONS[tone];
  return (
    <div className={`message message--${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon size={18} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
      <div className="message__text">{children}</div>
      {action}
    </div>
  );
}

/** An error as sentences: what failed, what to do next, and a way to try again where that makes sense. */
export function ErrorMessage({ error, onRetry }: { readonly error: AppError; readonly onRetry?: () => void }) {
  return (
    <Message
      tone="bad"
      action={onRetry !== undefined && error.isRetryable ? <Button onClick={onRetry}>Try again</Button> : undefined}
    >
      <strong>
        <Prose text={error.message} />
      </strong>{' '}
      <Prose text={error.hint} />
    </Message>
  );
}

export function ProgressBar({
  label,
  done,
  total,
}: {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}) {
  const percent = total === 0 ? 0 : Math.min(100, Math.round((done / total) * 100));
  return (
    <div className="stack" style={{ gap: 4 }}>
      <div className="row small soft">
        <span className="grow">{label}</span>
        <span>{percent} %</span>
      </div>
      <div
        className="progress"
        role="progressbar"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className="progress__bar" style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}
