// The restore that this window began, from its plan to its report: it goes on while another screen is shown. And how far any restore is,
// whoever began it.

import { create } from 'zustand';

import type { RestoreReportView, RestoreStepView } from '../../shared/contract/schemas.ts';
import type { AppError } from '../../shared/model/app-error.ts';
import { onAppEvent } from './status.ts';

export type RestoreState =
  | { readonly type: 'choosing' }
  | { readonly type: 'planning' }
  | { readonly type: 'planned'; readonly steps: readonly RestoreStepView[] }
  | {
      readonly type: 'running';
      readonly steps: readonly RestoreStepView[];
      readonly done: number;
      readonly total: number;
      /** Somebody has cancelled it; its report follows. */
      readonly isStopping: boolean;
    }
  | {
      readonly type: 'ended';
      readonly steps: readonly RestoreStepView[];
      readonly isCancelled: boolean;
      /** False where no report came: the connection was lost. */
      readonly isCertain: boolean;
    }
  | { readonly type: 'undoing'; readonly steps: readonly RestoreStepView[] }
  | { readonly type: 'undone'; readonly report: RestoreReportView };

interface RestoringStore {
  /** The address of the screen that it belongs to: another one begins with a choice. */
  readonly owner: string | null;
  readonly state: RestoreState;
  readonly error: AppError | null;
  /** Null while none runs. */
  readonly progress: { readonly done: number; readonly total: number } | null;
}

export const CHOOSING: RestoreState = { type: 'choosing' };

export const useRestoring = create<RestoringStore>(() => ({
  owner: null,
  state: CHOOSING,
  error: null,
  progress: null,
}));

/** True while something is under way that a screen must not throw away. */
export function isUnderWay({ type }: RestoreState): boolean {
  return type === 'running' || type === 'undoing';
}

/** Hears of restores, whoever began them. Called once. */
export function followRestores(): void {
  onAppEvent((event) => {
    if (event.type !== 'restore.progress') return;
    const { done, total, hasEnded } = event;
    useRestoring.setState({ progress: hasEnded ? null : { done, total } });
  });
}

/** Forgets what is known: the vault was locked. */
export function forgetRestoring(): void {
  useRestoring.setState({ owner: null, state: CHOOSING, error: null, progress: null });
}
