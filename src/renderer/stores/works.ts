// Long work of the core: how far it is and what came of it. It stands here, and not in a screen, so that it goes on while another
// screen is shown. One of each kind at a time.

import { create } from 'zustand';

import { fromContractError } from '../../shared/contract/errors.ts';
import type { AppError } from '../../shared/model/app-error.ts';
import type { Api } from '../client/client.ts';

interface Progress {
  readonly done: number;
  readonly total: number;
}

type WorkEvent<Result> =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'done'; readonly result: Result };

type ResultOf<Call extends (...values: never[]) => Promise<AsyncIterable<unknown>>> =
  Awaited<ReturnType<Call>> extends AsyncIterable<infer Event>
    ? Extract<Event, { type: 'done' }> extends { result: infer Result }
      ? Result
      : never
    : never;

interface WorkResults {
  readonly backup: ResultOf<Api['upkeep']['backup']>;
  readonly verify: ResultOf<Api['upkeep']['verify']>;
  readonly prune: ResultOf<Api['upkeep']['prune']>;
  readonly rotate: ResultOf<Api['keys']['rotate']>;
  readonly repair: ResultOf<Api['recovery']['repair']>;
  readonly plan: ResultOf<Api['recovery']['plan']>;
  readonly mergePlan: ResultOf<Api['recovery']['mergePlan']>;
  readonly merge: ResultOf<Api['recovery']['merge']>;
  readonly export: ResultOf<Api['recovery']['export']>;
}
type WorkName = keyof WorkResults;

export interface Work<Result> {
  readonly isRunning: boolean;
  readonly progress: Progress | null;
  readonly result: Result | null;
  readonly error: AppError | null;
  readonly wasCancelled: boolean;
}

const IDLE: Work<never> = { isRunning: false, progress: null, result: null, error: null, wasCancelled: false };

const useWorks = create<Partial<Record<WorkName, Work<unknown>>>>(() => ({}));
const running = new Map<WorkName, AbortController>();

/** How that work stands. */
export function useWork<Name extends WorkName>(name: Name): Work<WorkResults[Name]> {
  const work = useWorks((works) => works[name]);
  return (work as Work<WorkResults[Name]> | undefined) ?? IDLE; // what was started under a name has its result
}

/** Starts it, unless it runs already. */
export async function startWork<Name extends WorkName>(
  name: Name,
  call: (signal: AbortSignal) => Promise<AsyncIterable<WorkEvent<WorkResults[Name]>>>,
): Promise<void> {
  if (running.has(name)) return;
  const end = new AbortController();
  running.set(name, end);
  const set = (work: Partial<Work<WorkResults[Name]>>): void => {
    if (running.get(name) === end) useWorks.setState({ [name]: { ...IDLE, ...work } });
  };
  set({ isRunning: true });
  try {
    for await (const event of await call(end.signal)) {
      if (event.type === 'progress') set({ isRunning: true, progress: event.progress });
      else set({ result: event.result });
    }
    if (end.signal.aborted) set({ wasCancelled: true });
  } catch (error) {
    set(end.signal.aborted ? { wasCancelled: true } : { error: fromContractError(error) });
  } finally {
    if (running.get(name) === end) running.delete(name);
  }
}

/** Ends it where it runs. */
export function cancelWork(name: WorkName): void {
  running.get(name)?.abort();
}

/** Ends all of it and forgets what came of it: the vault was locked. */
export function forgetWorks(): void {
  for (const end of running.values()) end.abort();
  running.clear();
  useWorks.setState({}, true);
}
