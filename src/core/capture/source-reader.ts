// Asks one source under a deadline. What comes late is dropped; a source that does not let go is not asked again on top of itself.

import type { SourceId } from '../../shared/model/ids.ts';
import type { Clock } from '../clock.ts';
import type { CaptureContext, Source } from '../sources/source.ts';
import { checkCapture, unreadBecause, type Reading } from './reading.ts';

export const SOURCE_DEADLINE_MS = 5_000;
/** A capture that is stuck for longer is given up for good, and the source asked anew. */
const ABANDON_AFTER_MS = 60_000;

export interface ReadSourceOptions {
  readonly context: Omit<CaptureContext, 'signal'>;
  /** Ends the reading early, for example at shutdown. */
  readonly signal: AbortSignal;
}

export class SourceReader {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #busySinceMs = new Map<SourceId, number>();

  constructor(deps: { readonly clock: Clock; readonly deadlineMs?: number }) {
    this.#clock = deps.clock;
    this.#deadlineMs = deps.deadlineMs ?? SOURCE_DEADLINE_MS;
  }

  /** Reads a source once. Never rejects and never takes longer than the deadline: what went wrong is part of the reading. */
  async read(source: Source, { context, signal }: ReadSourceOptions): Promise<Reading> {
    const nowMs = this.#clock.monotonicMs();
    const busySinceMs = this.#busySinceMs.get(source.id);
    if (busySinceMs !== undefined && nowMs - busySinceMs < ABANDON_AFTER_MS) {
      return {
        source,
        status: 'unread',
        reason: 'timeout',
        message: `${source.title} is still busy with an earlier capture.`,
      };
    }
    this.#busySinceMs.set(source.id, nowMs);
    const deadline = new AbortController();
    const end = (): void => deadline.abort();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const late = Promise.withResolvers<Reading>();
    const message = `${source.title} did not answer within ${this.#deadlineMs / 1000} s.`;
    const giveUp = (): void => late.resolve({ source, status: 'unread', reason: 'timeout', message });
    deadline.signal.addEventListener('abort', giveUp, { once: true });
    const cancelTimer = this.#clock.setTimer(end, this.#deadlineMs);
    try {
      return await Promise.race([this.#ask(source, { ...context, signal: deadline.signal }, nowMs), late.promise]);
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', end);
      deadline.signal.removeEventListener('abort', giveUp);
    }
  }

  async #ask(source: Source, context: CaptureContext, startedMs: number): Promise<Reading> {
    try {
      const capture = await source.capture(context);
      return { source, status: 'read', capture: checkCapture(source, capture, context.maxBytes) };
    } catch (error) {
      return unreadBecause(source, error);
    } finally {
      if (this.#busySinceMs.get(source.id) === startedMs) this.#busySinceMs.delete(source.id);
    }
  }
}
