// A restore from the plan to its report: what it would do, each step as it is done, cancel, and taking it back.

import { useEffect } from 'react';

import { fromContractError } from '../../../shared/contract/errors.ts';
import type { RestoreReportView, RestoreStepView } from '../../../shared/contract/schemas.ts';
import type { AppError } from '../../../shared/model/app-error.ts';
import { api } from '../../client/client.ts';
import { CHOOSING, isUnderWay, useRestoring, type RestoreState } from '../../stores/restoring.ts';
import { leaveOut, mergeSteps } from './steps.ts';
import { ofDevice } from '../../stores/sync.ts';

export interface RestoreOptions {
  readonly apply: boolean;
  readonly runCommands: boolean;
  readonly openFiles: boolean;
}

export interface RestoreRequestView extends RestoreOptions {
  readonly snapshot: string;
  readonly only: string[];
}

export interface Restoring {
  readonly state: RestoreState;
  readonly error: AppError | null;
  /** The address of another restore that runs: nothing else can begin meanwhile. */
  readonly busyWith: string | null;
  readonly plan: (request: RestoreRequestView) => void;
  readonly run: (request: RestoreRequestView) => void;
  readonly cancel: () => void;
  readonly undo: () => void;
  /** Back to the choice: something of it was changed. */
  readonly reset: () => void;
}

/** Ends the plan that is made, or the run. */
let end = new AbortController();

/** @param owner the address of the screen: coming back to it shows how far it is */
export function useRestore(owner: string): Restoring {
  const store = useRestoring();
  const isOurs = store.owner === owner;
  useEffect(() => {
    const { owner: earlier, state } = useRestoring.getState();
    if (earlier !== owner && !isUnderWay(state)) useRestoring.setState({ owner, state: CHOOSING, error: null });
    return () => {
      // A plan holds for the moment it was made for; who leaves does not cancel what is under way.
      const left = useRestoring.getState();
      if (left.owner === owner && (left.state.type === 'planning' || left.state.type === 'planned')) reset(owner);
    };
  }, [owner, isOurs]);
  return {
    state: isOurs ? store.state : CHOOSING,
    error: isOurs ? store.error : null,
    busyWith: !isOurs && isUnderWay(store.state) ? store.owner : null,
    plan: (request) => void plan(owner, request),
    run: (request) => void run(owner, request),
    cancel: () => void cancel(),
    undo: () => void undo(owner),
    reset: () => reset(owner),
  };
}

function reset(owner: string): void {
  end.abort();
  useRestoring.setState({ owner, state: CHOOSING, error: null });
}

async function plan(owner: string, request: RestoreRequestView): Promise<void> {
  end.abort();
  const { signal } = (end = new AbortController());
  useRestoring.setState({ owner, state: { type: 'planning' }, error: null });
  try {
    const { steps } = await api.restore.plan({ ...request, ...ofDevice() }, { signal });
    if (!signal.aborted) useRestoring.setState({ state: { type: 'planned', steps } });
  } catch (problem) {
    if (!signal.aborted) useRestoring.setState({ state: CHOOSING, error: fromContractError(problem) });
  }
}

async function run(owner: string, request: RestoreRequestView): Promise<void> {
  const { signal } = (end = new AbortController());
  let planned: readonly RestoreStepView[] = [];
  const told: RestoreStepView[] = [];
  let report: RestoreReportView | null = null;
  const isStopping = (): boolean => {
    const { state } = useRestoring.getState();
    return state.type === 'running' && state.isStopping;
  };
  const start = { type: 'running', steps: [], done: 0, total: 0, isStopping: false } as const;
  useRestoring.setState({ owner, state: start, error: null });
  try {
    for await (const event of await api.restore.run({ ...request, ...ofDevice() }, { signal })) {
      if (event.type === 'planned') planned = event.steps;
      else if (event.type === 'step') told.push(event.step);
      else report = event.report;
      if (report !== null) continue;
      const steps = mergeSteps(planned, told);
      const wanted = plannedKeys(planned);
      const counts = {
        done: told.filter(({ key }) => wanted.has(key)).length,
        total: planned.filter(({ status }) => status === 'planned').length,
      };
      useRestoring.setState({ state: { type: 'running', steps, ...counts, isStopping: isStopping() } });
    }
  } catch (problem) {
    const error = fromContractError(problem);
    if (!signal.aborted && error.code !== 'CANCELLED') useRestoring.setState({ error });
    if (!signal.aborted && told.length === 0 && !isStopping()) {
      useRestoring.setState({ state: CHOOSING });
      return;
    }
  }
  const steps = report?.steps ?? leaveOut(mergeSteps(planned, told));
  const wanted = plannedKeys(planned);
  // Cancelled too late, it is as if it had not been.
  const isCancelled =
    report === null || (isStopping() && steps.some(({ key, status }) => status === 'skipped' && wanted.has(key)));
  useRestoring.setState({ state: { type: 'ended', steps, isCancelled, isCertain: report !== null } });
}

function plannedKeys(steps: readonly RestoreStepView[]): ReadonlySet<string> {
  return new Set(steps.filter(({ status }) => status === 'planned').map(({ key }) => key));
}

/** The run goes on to its report: what was under way may have been done by then. */
async function cancel(): Promise<void> {
  const { state } = useRestoring.getState();
  if (state.type !== 'running' || state.isStopping) return;
  useRestoring.setState({ state: { ...state, isStopping: true } });
  const { signal } = end;
  try {
    await api.restore.cancel(undefined, { signal });
  } catch {
    end.abort(); // not reached: the core ends what nobody listens to
  }
}

async function undo(owner: string): Promise<void> {
  const { state: before } = useRestoring.getState();
  if (before.type !== 'ended') return;
  useRestoring.setState({ owner, state: { type: 'undoing', steps: before.steps }, error: null });
  try {
    useRestoring.setState({ state: { type: 'undone', report: await api.restore.undo() } });
  } catch (problem) {
    useRestoring.setState({ state: before, error: fromContractError(problem) });
  }
}
