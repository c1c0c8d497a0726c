// Who listens hears what happens; a listener that throws is a bug of ours and costs the others nothing.

import type { AppEvent } from '../../shared/contract/schemas.ts';

export type AppEventListener = (event: AppEvent) => void;

export class EventHub {
  readonly #listeners = new Set<AppEventListener>();

  /** Calls back on each event; the result undoes it. */
  on(listener: AppEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: AppEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // The others must hear it all the same.
      }
    }
  }
}
