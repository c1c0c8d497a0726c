// Decides when to capture: every interval, on demand, early when a source signals a change, and a last time on shutdown. Never two
// captures at once; a demand waits for its turn and then sees everything that happened before it. A failed capture loses nothing:
// what was not saved is read again at the next one. Times are measured by a clock that only goes forward, so a machine that slept,
// or whose wall clock was set, captures once and not for every interval that passed.

import { AppError, toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { Host, Source } from '../sources/source.ts';
import type { Vault } from '../vault/vault.ts';
import type { CaptureOutcome, CaptureRequest, Collector } from './collector.ts';
import { EarlyPace } from './early-pace.ts';
import { SourceWatches } from './source-watches.ts';

/** Idle work after a save: long enough for a slice of each kind, too short to be felt by a capture that waits. */
const UPKEEP_BUDGET_MS = 50;
/** The last capture on shutdown: one deadline of the sources for each of their two rounds, within what systems grant at logout. */
const DEFAULT_STOP_WITHIN_MS = 10_000;
/** After so many intervals without a snapshot the user is told. */
const LATE_AFTER_INTERVALS = 3;

export interface SchedulerDeps {
  readonly collector: Pick<Collector, 'capture' | 'look'>;
  readonly vault: Pick<Vault, 'upkeep'>;
  readonly clock: Clock;
  readonly host: Host;
  /** Processor time so far, that of programs which were asked included; early captures keep within a share of it. */
  readonly cpuMs?: () => number;
  /** Read before each wait, so that a new setting counts at once. */
  readonly intervalMs: () => number;
  /** The sources to watch; asked after each capture, which has just read what the user set. */
  readonly sources: () => readonly Source[];
}

export interface SchedulerState {
  readonly isStarted: boolean;
  readonly isCapturing: boolean;
  readonly intervalMs: number;
  readonly lastCapture: { readonly outcome: CaptureOutcome; readonly atMs: number } | null;
  /** The newest failure that no capture has followed. */
  readonly lastFailure: { readonly error: PlainError; readonly atMs: number } | null;
  /** Whole intervals since the last capture, or since the start. */
  readonly missedIntervals: number;
  /** True where the user must be told that nothing is captured. */
  readonly isLate: boolean;
}

export interface StopOptions {
  /** Captures a last time before it ends. */
  readonly hasLastCapture: boolean;
  readonly withinMs?: number;
}

/** Listeners MUST NOT throw. */
export interface SchedulerEvents {
  captured: CaptureOutcome;
  captureFailed: PlainError;
  /** Idle work failed; the snapshots are safe. */
  upkeepFailed: PlainError;
  /** A source cannot signal changes; it is captured at the interval. */
  watchFailed: { readonly source: SourceId; readonly error: PlainError };
}

type Listener<Name extends keyof SchedulerEvents> = (event: SchedulerEvents[Name]) => void;

interface Demand {
  /** False for a look, which stores nothing. */
  readonly isCapture: boolean;
  /** Never rejects; true where a snapshot was saved. */
  serve(): Promise<boolean>;
  reject(error: unknown): void;
}

export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #watches: SourceWatches;
  readonly #pace = new EarlyPace();
  readonly #listeners: { [Name in keyof SchedulerEvents]: Set<Listener<Name>> } = {
    captured: new Set(),
    captureFailed: new Set(),
    upkeepFailed: new Set(),
    watchFailed: new Set(),
  };
  readonly #demands: Demand[] = [];
  #phase: 'new' | 'started' | 'stopped' = 'new';
  #isPaused = false;
  #working: Promise<void> | null = null;
  #cancelTimer: CancelTimer = () => {};
  #startedAtMs = 0;
  /** The last attempt, whatever came of it. */
  #last: { readonly startedAtMs: number; readonly durationMs: number } | null = null;
  /** When the oldest change was signalled that no capture has begun after. */
  #changedAtMs: number | null = null;
  #lastCapture: SchedulerState['lastCapture'] = null;
  #lastCaptureMonotonicMs: number | null = null;
  #lastFailure: SchedulerState['lastFailure'] = null;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#watches = new SourceWatches({
      ...deps,
      onChange: () => this.#handleChange(),
      onFailed: (source, error) => this.#emit('watchFailed', { source, error }),
    });
  }

  /** Begins to capture, the first time at once. */
  start(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'started';
    this.#startedAtMs = this.#deps.clock.monotonicMs();
    this.#arm();
  }

  /** Captures as soon as the capture that runs has ended; works without `start` too. @throws AppError of the capture; CANCELLED */
  captureNow(request: CaptureRequest): Promise<CaptureOutcome> {
    if (this.#phase === 'stopped') return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      this.#demands.push({ isCapture: true, serve: () => this.#captureFor(request, resolve, reject), reject });
      this.#work();
    });
  }

  /** Reads what is open now, in the same turn order, and stores nothing. @throws AppError of the settings; CANCELLED */
  lookNow(signal: AbortSignal): Promise<readonly SnapshotItem[]> {
    if (this.#phase === 'stopped') return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      const serve = async (): Promise<boolean> => {
        await this.#deps.collector.look(signal).then(resolve, reject);
        return false;
      };
      this.#demands.push({ isCapture: false, serve, reject });
      this.#work();
    });
  }

  /** Calls back on each event; the result undoes it. */
  on<Name extends keyof SchedulerEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners: Set<Listener<Name>> = this.#listeners[name];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** While paused nothing is captured by itself, and no change is noted; a demand is served all the same. */
  setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#changedAtMs = null;
    // What was missed by intent is not late.
    if (!isPaused) this.#lastCaptureMonotonicMs = this.#deps.clock.monotonicMs();
    this.#arm();
  }

  state(): SchedulerState {
    const intervalMs = this.#deps.intervalMs();
    const sinceMs = this.#deps.clock.monotonicMs() - (this.#lastCaptureMonotonicMs ?? this.#startedAtMs);
    const missedIntervals = this.#phase === 'started' && !this.#isPaused ? Math.floor(sinceMs / intervalMs) : 0;
    return {
      isStarted: this.#phase === 'started',
      isCapturing: this.#working !== null,
      intervalMs,
      lastCapture: this.#lastCapture,
      lastFailure: this.#lastFailure,
      missedIntervals,
      isLate: missedIntervals >= LATE_AFTER_INTERVALS,
    };
  }

  /**
   * Ends watching and waiting, lets the capture that runs come to its end, captures a last time where asked, and gives that
   * capture; null where there was none or it did not end in time. Idempotent. Demands that still wait are refused.
   */
  async stop(options: StopOptions): Promise<CaptureOutcome | null> {
    if (this.#phase === 'stopped') return null;
    const wasStarted = this.#phase === 'started';
    this.#phase = 'stopped';
    this.#cancelTimer();
    this.#watches.end();
    for (const demand of this.#demands.splice(0)) demand.reject(stopped());
    const end = new AbortController();
    const ended = Promise.withResolvers<null>();
    const cancel = this.#deps.clock.setTimer(() => {
      end.abort();
      ended.resolve(null);
    }, options.withinMs ?? DEFAULT_STOP_WITHIN_MS);
    try {
      return await Promise.race([this.#finish(options.hasLastCapture && wasStarted, end.signal), ended.promise]);
    } finally {
      cancel();
    }
  }

  async #finish(hasLastCapture: boolean, signal: AbortSignal): Promise<CaptureOutcome | null> {
    await this.#working;
    if (!hasLastCapture || signal.aborted) return null;
    try {
      const outcome = await this.#deps.collector.capture({ kind: 'shutdown', signal });
      this.#noteCapture(outcome);
      return outcome;
    } catch (error) {
      this.#noteFailure(error);
      return null;
    }
  }

  /** Sets the one timer to what is due first: the interval or a signalled change. */
  #arm(): void {
    this.#cancelTimer();
    if (this.#phase !== 'started' || this.#isPaused || this.#working !== null) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const tickAtMs = this.#last === null ? nowMs : nextTickMs(this.#last, this.#deps.intervalMs());
    const isEarly = this.#changedAtMs !== null;
    const dueAtMs = this.#changedAtMs === null ? tickAtMs : this.#pace.dueAtMs(this.#changedAtMs, this.#last, tickAtMs);
    const fire = (): void => {
      if (isEarly && dueAtMs < tickAtMs) this.#pace.use(dueAtMs);
      this.#captureInTurn();
    };
    this.#cancelTimer = this.#deps.clock.setTimer(fire, dueAtMs - nowMs);
  }

  #handleChange(): void {
    if (this.#isPaused) return;
    this.#changedAtMs ??= this.#deps.clock.monotonicMs();
    this.#arm();
  }

  #captureInTurn(): void {
    const nobody = (): void => {
      // The events tell; no caller waits for this capture.
    };
    const serve = (): Promise<boolean> => this.#captureFor({ kind: 'automatic' }, nobody, nobody);
    this.#demands.push({ isCapture: true, serve, reject: nobody });
    this.#work();
  }

  #work(): void {
    if (this.#working !== null) return;
    this.#cancelTimer();
    this.#working = this.#serve().finally(() => {
      this.#working = null;
      // A demand may have come in just as the last one was done.
      if (this.#demands.length > 0) this.#work();
      else this.#arm();
    });
  }

  /** Serves the demands one after another. Never rejects. */
  async #serve(): Promise<void> {
    for (let demand = this.#demands.shift(); demand !== undefined; demand = this.#demands.shift()) {
      const startedAtMs = this.#deps.clock.monotonicMs();
      // A change that is signalled from now on may come too late for this capture.
      if (demand.isCapture) this.#changedAtMs = null;
      const cpuBeforeMs = this.#deps.cpuMs?.();
      const isSaved = await demand.serve();
      if (!demand.isCapture) continue;
      if (cpuBeforeMs !== undefined) this.#pace.noteCost((this.#deps.cpuMs?.() ?? cpuBeforeMs) - cpuBeforeMs);
      this.#last = { startedAtMs, durationMs: this.#deps.clock.monotonicMs() - startedAtMs };
      if (this.#phase === 'started') this.#watches.follow(this.#deps.sources());
      if (isSaved && this.#demands.length === 0) await this.#upkeep();
    }
  }

  async #captureFor(
    request: CaptureRequest,
    resolve: (outcome: CaptureOutcome) => void,
    reject: (error: unknown) => void,
  ): Promise<boolean> {
    try {
      const outcome = await this.#deps.collector.capture(request);
      this.#noteCapture(outcome);
      resolve(outcome);
      return true;
    } catch (error) {
      this.#noteFailure(error);
      reject(error);
      return false;
    }
  }

  async #upkeep(): Promise<void> {
    try {
      await this.#deps.vault.upkeep(UPKEEP_BUDGET_MS);
    } catch (error) {
      this.#emit('upkeepFailed', toPlainError(error));
    }
  }

  #noteCapture(outcome: CaptureOutcome): void {
    this.#lastCapture = { outcome, atMs: this.#deps.clock.nowMs() };
    this.#lastCaptureMonotonicMs = this.#deps.clock.monotonicMs();
    this.#lastFailure = null;
    this.#emit('captured', outcome);
  }

  #noteFailure(cause: unknown): void {
    const error = toPlainError(cause);
    this.#lastFailure = { error, atMs: this.#deps.clock.nowMs() };
    this.#emit('captureFailed', error);
  }

  #emit<Name extends keyof SchedulerEvents>(name: Name, event: SchedulerEvents[Name]): void {
    const listeners: Set<Listener<Name>> = this.#listeners[name];
    for (const listener of listeners) listener(event);
  }
}

/** A capture that takes long leaves as much rest as it took. */
function nextTickMs(last: { readonly startedAtMs: number; readonly durationMs: number }, intervalMs: number): number {
  return last.startedAtMs + Math.max(intervalMs, last.durationMs * 2);
}

function stopped(): AppError {
  return new AppError('CANCELLED', 'Capturing has ended.', { isRetryable: true });
}
