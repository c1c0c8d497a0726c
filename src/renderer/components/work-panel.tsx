// Long work in a page: what starts it, how far it is, how to end it, and what came of it.

import { useRef, type ReactNode } from 'react';

import type { AppError } from '../../shared/model/app-error.ts';
import { Button } from './button.tsx';
import { ErrorMessage, Message, ProgressBar } from './feedback.tsx';

export interface WorkPanelProps {
  readonly work: {
    readonly isRunning: boolean;
    readonly progress: { readonly done: number; readonly total: number } | null;
    readonly error: AppError | null;
    readonly wasCancelled: boolean;
  };
  /** What is told while it runs: "Backing up". */
  readonly label: string;
  readonly starts: ReadonlyArray<{
    readonly label: string;
    readonly onStart: () => void;
    readonly isPrimary?: boolean;
    /** Something that it needs is not there yet. */
    readonly isHeld?: boolean;
  }>;
  readonly onCancel: () => void;
  /** What is said after a cancel. */
  readonly cancelled?: string;
  /** The result. */
  readonly children?: ReactNode;
}

export function WorkPanel({
  work,
  label,
  starts,
  onCancel,
  cancelled = 'Cancelled. Nothing was changed.',
  children,
}: WorkPanelProps) {
  const buttons = useRef<HTMLDivElement>(null);
  return (
    <div className="stack">
      <div className="row wrap" ref={buttons}>
        {starts.map(({ label, onStart, isPrimary = false, isHeld = false }) => (
          <Button
            key={label}
            look={isPrimary ? 'primary' : 'plain'}
            // Not `disabled`: the focus stays where it is.
            aria-disabled={work.isRunning || isHeld}
            onClick={() => !work.isRunning && !isHeld && onStart()}
          >
            {label}
          </Button>
        ))}
        {work.isRunning && (
          <Button
            look="quiet"
            onClick={() => {
              buttons.current?.querySelector('button')?.focus();
              onCancel();
            }}
          >
            Cancel
          </Button>
        )}
      </div>
      {work.isRunning && (
        <ProgressBar label={label} done={work.progress?.done ?? 0} total={work.progress?.total ?? 0} />
      )}
      {work.error !== null && <ErrorMessage error={work.error} />}
      {work.wasCancelled && <Message>{cancelled}</Message>}
      {children}
    </div>
  );
}
