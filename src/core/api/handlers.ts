// What the namespaces' handlers share: the contract with its errors, and how work that takes long is told as it goes.

import { implement, ORPCError } from '@orpc/server';

import { AppError } from '../../shared/model/app-error.ts';
import { contract } from '../../shared/contract/contract.ts';
import { toContractError } from '../../shared/contract/errors.ts';
import type { LongWorkOptions, Progress } from '../vault/vault.ts';

/** The contract, every error of which crosses as a plain one. */
export const os = implement(contract).use(async ({ next }) => {
  try {
    return await next();
  } catch (error) {
    throw crossing(error);
  }
});

/** What was thrown, as what crosses: values that make no sense are named, everything unexpected is not told. */
export function crossing(error: unknown): ORPCError<string, unknown> {
  if (error instanceof ORPCError && error.code !== 'BAD_REQUEST') return error;
  if (error instanceof ORPCError) return toContractError(badInput(error.data));
  return toContractError(error);
}

function badInput(data: unknown): AppError {
  const issues = typeof data === 'object' && data !== null && 'issues' in data ? data.issues : null;
  const first: unknown = Array.isArray(issues) ? issues[0] : undefined;
  const path = typeof first === 'object' && first !== null && 'path' in first ? first.path : undefined;
  const where = Array.isArray(path) && path.length > 0 ? ` (${path.map(String).join('.').slice(0, 80)})` : '';
  return new AppError('USAGE_INVALID', `A value that was sent makes no sense${where}.`, {
    hint: 'See /api/openapi.json for what is expected.',
  });
}

/** Long work as events: progress, at most the newest that nobody has read yet, then the result. Ending the stream cancels the work. */
export async function* tellWork<Result>(
  work: (options: LongWorkOptions) => Promise<Result>,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ type: 'progress'; progress: Progress } | { type: 'done'; result: Result }> {
  const end = new AbortController();
  const cancel = (): void => end.abort();
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  let newest: Progress | null = null;
  let wake = (): void => {};
  let result: { value: Result } | null = null;
  let failure: { error: unknown } | null = null;
  const working = work({
    signal: end.signal,
    onProgress: (progress) => {
      newest = progress;
      wake();
    },
  }).then(
    (value) => {
      result = { value };
      wake();
    },
    (error: unknown) => {
      failure = { error };
      wake();
    },
  );
  try {
    for (;;) {
      const told: Progress | null = newest;
      newest = null;
      if (told !== null) yield { type: 'progress', progress: told };
      const [ended, failed] = [result as { value: Result } | null, failure as { error: unknown } | null];
      if (failed !== null) throw crossing(failed.error);
      if (ended !== null) {
        yield { type: 'done', result: ended.value };
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (newest !== null || result !== null || failure !== null) resolve();
      });
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    end.abort();
    await working;
  }
}

/** Things that come one by one from a callback, as events; ending the stream calls `end`. */
export class EventQueue<Event> {
  readonly #waiting: Event[] = [];
  #wake = (): void => {};
  #hasEnded = false;

  push(event: Event): void {
    this.#waiting.push(event);
    this.#wake();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  async *events(signal: AbortSignal | undefined): AsyncGenerator<Event> {
    const stop = (): void => this.end();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) yield event;
        if (this.#hasEnded || signal?.aborted === true) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (this.#waiting.length > 0 || this.#hasEnded) resolve();
        });
      }
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }
}
