// Keeps one watch for each source that is on and can watch. A watch that fails costs nothing but speed: the interval still counts.

import { toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import type { Clock } from '../clock.ts';
import type { Host, Source } from '../sources/source.ts';

const RETRY_AFTER_MS = 60_000;

export interface SourceWatchesDeps {
  readonly clock: Clock;
  readonly host: Host;
  readonly onChange: (source: SourceId) => void;
  readonly onFailed: (source: SourceId, error: PlainError) => void;
}

export class SourceWatches {
  readonly #deps: SourceWatchesDeps;
  readonly #active = new Map<SourceId, AbortController>();
  readonly #retryAtMs = new Map<SourceId, number>();

  constructor(deps: SourceWatchesDeps) {
    this.#deps = deps;
  }

  /** Ends the watches of sources that are off, begins those that are missing. Idempotent. */
  follow(sources: readonly Source[]): void {
    const wanted = new Set(sources.map(({ id }) => id));
    for (const [id, watch] of this.#active) {
      if (wanted.has(id)) continue;
      this.#active.delete(id);
      watch.abort();
    }
    for (const source of sources) {
      const isDue = (this.#retryAtMs.get(source.id) ?? 0) <= this.#deps.clock.monotonicMs();
      if (source.watch !== undefined && !this.#active.has(source.id) && isDue) void this.#begin(source);
    }
  }

  /** Ends all watches. */
  end(): void {
    this.follow([]);
  }

  /** Never rejects. */
  async #begin(source: Source): Promise<void> {
    const watch = new AbortController();
    this.#active.set(source.id, watch);
    const onChange = (): void => {
      if (!watch.signal.aborted) this.#deps.onChange(source.id);
    };
    try {
      await source.watch?.({ host: this.#deps.host, signal: watch.signal, onChange });
    } catch (error) {
      if (watch.signal.aborted) return;
      watch.abort();
      this.#active.delete(source.id);
      this.#retryAtMs.set(source.id, this.#deps.clock.monotonicMs() + RETRY_AFTER_MS);
      this.#deps.onFailed(source.id, toPlainError(error));
    }
  }
}
