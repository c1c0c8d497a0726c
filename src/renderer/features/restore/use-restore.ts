// A restore from the plan to its report: what it would do, each step as it is done, cancel, and taking it back.

import { useCallback, useEffect, useRef, useState } from 'react';

import { fromContractError } from '../../../shared/contract/errors.ts';
import type { RestoreReportView, RestoreStepView } from '../../../shared/contract/schemas.ts';
import type { AppError } from '../../../shared/model/app-error.ts';
import { api } from '../../client/client.ts';
import { leaveOut, mergeSteps } from './steps.ts';

export interface RestoreOptions {
  readonly apply: boolean;
  readonly runCommands: boolean;
  readonly openFiles: boolean;
}

export interface RestoreRequestView extends RestoreOptions {
  readonly snapshot: string;
  readonly only: string[];
}

export type RestoreState =
  | { readonly type: 'choosing' }
  | { readonly type: 'planning' }
  | { readonly type: 'planned'; readonly steps: readonly RestoreStepView[] }
  | {
      readonly type: 'running';
      readonly steps: readonly RestoreStepView[];
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'ended'; readonly steps: readonly RestoreStepView[]; readonly isCancelled: boolean }
  | { readonly type: 'undoing'; readonly steps: readonly RestoreStepView[] }
  | { readonly type: 'undone'; readonly report: RestoreReportView };

export interface Restoring {
  readonly state: RestoreState;
  readonly error: AppError | null;
  readonly plan: (request: RestoreRequestView) => void;
  readonly run: (request: RestoreRequestView) => void;
  readonly cancel: () => void;
  readonly undo: () => void;
  /** Back to the choice: something of it was changed. */
  readonly reset: () => void;
}

const CHOOSING: RestoreState = { type: 'choosing' };

export function useRestore(): Restoring {
  const [state, setState] = useState<RestoreState>(CHOOSING);
  const [error, setError] = useState<AppError | null>(null);
  const latest = useRef(state);
  latest.current = state;
  const end = useRef<AbortController | null>(null);
  // Who leaves the page does not cancel what is under way: only the button does.
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);

  const fail = useCallback((problem: unknown, back: RestoreState): void => {
    if (isGone.current) return;
    setError(fromContractError(problem));
    setState(back);
  }, []);

  const plan = useCallback(
    (request: RestoreRequestView): void => {
      end.current?.abort();
      const controller = new AbortController();
      end.current = controller;
      setError(null);
      setState({ type: 'planning' });
      api.restore.plan(request, { signal: controller.signal }).then(
        ({ steps }) => {
          if (!controller.signal.aborted) setState({ type: 'planned', steps });
        },
        (problem: unknown) => {
          if (!controller.signal.aborted) fail(problem, CHOOSING);
        },
      );
    },
    [fail],
  );

  const run = useCallback(
    (request: RestoreRequestView): void => {
      const controller = new AbortController();
      end.current = controller;
      setError(null);
      setState({ type: 'running', steps: [], done: 0, total: 0 });
      void follow(request, controller.signal, setState, fail);
    },
    [fail],
  );

  const undo = useCallback((): void => {
    const { current: before } = latest;
    if (before.type !== 'ended') return;
    setError(null);
    setState({ type: 'undoing', steps: before.steps });
    api.restore.undo().then(
      (report) => setState({ type: 'undone', report }),
      (problem: unknown) => fail(problem, before),
    );
  }, [fail]);

  const cancel = useCallback(() => end.current?.abort(), []);
  const reset = useCallback(() => {
    end.current?.abort();
    setError(null);
    setState(CHOOSING);
  }, []);
  return { state, error, plan, run, cancel, undo, reset };
}

async function follow(
  request: RestoreRequestView,
  signal: AbortSignal,
  setState: (state: RestoreState) => void,
  fail: (problem: unknown, back: RestoreState) => void,
): Promise<void> {
  let planned: readonly RestoreStepView[] = [];
  const told: RestoreStepView[] = [];
  let report: RestoreReportView | null = null;
  try {
    for await (const event of await api.restore.run(request, { signal })) {
      if (event.type === 'planned') planned = event.steps;
      else if (event.type === 'step') told.push(event.step);
      else report = event.report;
      if (report === null)
        setState({ type: 'running', steps: mergeSteps(planned, told), done: told.length, total: planned.length });
    }
  } catch (problem) {
    if (!signal.aborted) {
      fail(
        problem,
        told.length === 0 ? CHOOSING : { type: 'ended', steps: leaveOut(mergeSteps(planned, told)), isCancelled: true },
      );
      return;
    }
  }
  setState({
    type: 'ended',
    steps: report?.steps ?? leaveOut(mergeSteps(planned, told)),
    isCancelled: report === null,
  });
}
