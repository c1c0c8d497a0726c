// Thins the histories of other devices as the own one is thinned: by the rules of this device, at its own pace. Nobody is told, and nothing
// that was thinned out here comes back. Where no app runs, a sync from the command line does it, once a day.

import type { RetentionLimits } from '../../shared/model/retention.ts';
import { readRetentionTime } from '../capture/retention-time.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { Vault } from '../vault/vault.ts';
import type { Lanes } from './lanes.ts';

/** As the own history: nothing is removed before a restore after a start had its time. */
const FIRST_AFTER_MS = 15 * 60_000;
const EVERY_MS = 6 * 3_600_000;
/** Without an app that runs. */
const OFTEN_ENOUGH_MS = 24 * 3_600_000;
const SETTING = 'sync.thinned';

export interface LaneThinningDeps {
  readonly lanes: Pick<Lanes, 'list' | 'useAlone' | 'noteFacts'>;
  readonly clock: Clock;
  /** The own vault, which knows what time it is for retention. */
  readonly vault: Pick<Vault, 'readSetting' | 'writeSetting'>;
  readonly retention: () => RetentionLimits;
}

export class LaneThinning {
  readonly #deps: LaneThinningDeps;
  readonly #end = new AbortController();
  #working: Promise<void> = Promise.resolve();
  #cancel: CancelTimer = () => undefined;

  constructor(deps: LaneThinningDeps) {
    this.#deps = deps;
  }

  /** Begins to thin by itself. */
  start(): void {
    this.#wait(FIRST_AFTER_MS);
  }

  /** Thins where that was not done for a day. Never rejects. */
  async thinIfDue(): Promise<void> {
    const { clock, vault } = this.#deps;
    const stored = await vault.readSetting(SETTING).catch(() => null);
    const atMs = stored?.['atMs'];
    // A time of the future was noted while the clock was wrong.
    const sinceMs = typeof atMs === 'number' ? clock.nowMs() - atMs : Number.POSITIVE_INFINITY;
    if (sinceMs < 0 || sinceMs >= OFTEN_ENOUGH_MS) await this.thin();
  }

  /** Thins every copy now; one that cannot be thinned is tried again the next time. Never rejects. */
  async thin(): Promise<void> {
    const { lanes, clock, vault, retention } = this.#deps;
    const { signal } = this.#end;
    if (lanes.list().length === 0) return;
    for (const device of lanes.list()) {
      if (signal.aborted) return;
      try {
        const nowMs = await readRetentionTime(vault, clock.nowMs());
        await lanes.useAlone(device, async (lane) => {
          const { removedSnapshots } = await lane.prune(retention(), nowMs, { isDryRun: false, signal });
          if (removedSnapshots > 0) await lanes.noteFacts(device, lane);
        });
      } catch {
        // A copy that is damaged is told where it is read; the next time comes.
      }
    }
    await vault.writeSetting(SETTING, { atMs: clock.nowMs() }).catch(() => undefined); // then it is done once more
  }

  /** Ends what runs. Idempotent. */
  async stop(): Promise<void> {
    this.#cancel();
    this.#end.abort();
    await this.#working;
  }

  #wait(delayMs: number): void {
    if (this.#end.signal.aborted) return;
    this.#cancel = this.#deps.clock.setTimer(() => {
      this.#working = this.thin().finally(() => this.#wait(EVERY_MS));
    }, delayMs);
  }
}
