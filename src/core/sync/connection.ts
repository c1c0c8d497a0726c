// The state machine of a connection (S9): DISCONNECTED -> RECONNECTING -> SYNCING -> CONNECTED. A round runs when there is a reason: a capture,
// a notice of the server, a person, or the slow poll, so that a notice that was lost costs time and never data.

import { AppError, toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { SyncState } from '../../shared/contract/sync.ts';
import type { Clock } from '../clock.ts';

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 5 * 60_000;
/** Where the server's notices come, a poll is only for those that were lost. */
const POLL_MS = 5 * 60_000;
const POLL_WITHOUT_NOTICES_MS = 30_000;
/** A stream of notices that ends sooner was none: something between may let no stream through, and must not be asked again at once. */
const SHORTEST_STREAM_MS = 10_000;
/** How often it is looked whether the network has come back. */
const NETWORK_LOOK_MS = 2_000;

export interface NoticeEar {
  readonly onOpen: () => void;
  readonly onNotice: () => void;
}

export interface ConnectionDeps {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** Tells networks apart: another text is another network. */
  readonly network: () => string;
  /** Makes everything level. */
  readonly round: (signal: AbortSignal) => Promise<void>;
  /** Hears notices until the signal or the stream ends; `onOpen` once none is missed any more. */
  readonly listen: (hears: NoticeEar, signal: AbortSignal) => Promise<void>;
  readonly onChange: () => void;
}

/** A stream of notices, or the attempt at one. */
interface Ear {
  isHearing: boolean;
  /** Another one may be tried from then on; infinite while this one lives. */
  overAtMs: number;
}

export class Connection {
  readonly #deps: ConnectionDeps;
  #state: Exclude<SyncState, 'off'> = 'disconnected';
  #error: PlainError | null = null;
  #retryAtMs: number | null = null;
  #end: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;
  #shortStreams = 0;
  #wake = (): void => undefined;
  #isPoked = false;
  #rounds = 0;
  #waiters: { readonly since: number; readonly resolve: () => void }[] = [];

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  get state(): Exclude<SyncState, 'off'> {
    return this.#state;
  }

  get error(): PlainError | null {
    return this.#error;
  }

  get retryAtMs(): number | null {
    return this.#retryAtMs;
  }

  /** Begins; where it is just being stopped, once that is done. Idempotent. */
  start(): void {
    if (this.#isOn) return;
    const isStopping = this.#end !== null;
    const { signal } = (this.#end = new AbortController());
    this.#failures = 0;
    this.#running = isStopping ? this.#running.then(() => this.#run(signal)) : this.#run(signal);
  }

  /** Ends a round where it is; the next one goes on. Idempotent. */
  async stop(): Promise<void> {
    const end = this.#end;
    end?.abort();
    this.#wake();
    await this.#running;
    // Somebody may have started it anew meanwhile.
    if (this.#end !== end) return;
    this.#end = null;
    this.#change('disconnected', this.#error);
  }

  get #isOn(): boolean {
    return this.#end !== null && !this.#end.signal.aborted;
  }

  /** There is a reason for a round. Never waits. */
  poke(): void {
    this.#isPoked = true;
    this.#wake();
  }

  /** A round that begins after this call, and how it ended. @throws AppError of the round */
  async roundNow(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#waiters.push({ since: this.#rounds, resolve });
    });
    this.#failures = 0;
    if (this.#isOn) this.poke();
    else this.start();
    await ended;
    const error = this.#error;
    if (error !== null)
      throw new AppError(error.code, error.message, { hint: error.hint, isRetryable: error.retryable });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const listening = new AbortController();
    signal.addEventListener('abort', () => listening.abort(), { once: true });
    let ear: Ear | null = null;
    while (!signal.aborted) {
      this.#isPoked = false;
      const number = (this.#rounds += 1);
      this.#change(this.#failures === 0 ? 'syncing' : 'reconnecting', this.#error);
      const error = await this.#deps.round(signal).then(
        () => null,
        (failure: unknown) => toPlainError(failure),
      );
      if (signal.aborted) break;
      this.#failures = error === null ? 0 : this.#failures + 1;
      this.#retryAtMs = null;
      if (error === null && (ear?.overAtMs ?? 0) <= this.#deps.clock.monotonicMs())
        ear = this.#listen(listening.signal);
      if (error === null) {
        this.#change('connected', null);
        this.#settle(number);
        await this.#wait(ear?.isHearing === true ? POLL_MS : POLL_WITHOUT_NOTICES_MS, signal, false);
        continue;
      }
      const canHelpItself = error.retryable;
      const delayMs = canHelpItself ? this.#backOff(this.#failures) : MAX_DELAY_MS;
      this.#retryAtMs = this.#deps.clock.nowMs() + delayMs;
      this.#change(canHelpItself ? 'reconnecting' : 'disconnected', error);
      this.#settle(number);
      await this.#wait(delayMs, signal, canHelpItself);
    }
    listening.abort();
    this.#settle(Number.POSITIVE_INFINITY);
  }

  #listen(signal: AbortSignal): Ear {
    const { clock, listen } = this.#deps;
    const ear: Ear = { isHearing: false, overAtMs: Number.POSITIVE_INFINITY };
    let openedAtMs = 0;
    const onOpen = (): void => {
      ear.isHearing = true;
      openedAtMs = clock.monotonicMs();
      // What came after the round that is over and before this was told to nobody.
      this.poke();
    };
    void listen({ onOpen, onNotice: () => this.poke() }, signal)
      .catch(() => undefined) // the next round says what is wrong
      .finally(() => {
        const nowMs = clock.monotonicMs();
        const wasShort = !ear.isHearing || nowMs - openedAtMs < SHORTEST_STREAM_MS;
        this.#shortStreams = wasShort ? this.#shortStreams + 1 : 0;
        const pauseMs = wasShort ? Math.min(POLL_WITHOUT_NOTICES_MS, this.#backOff(this.#shortStreams)) : 0;
        Object.assign(ear, { isHearing: false, overAtMs: nowMs + pauseMs });
        // What happens meanwhile is not heard: a round finds it, and listens again.
        if (!signal.aborted) clock.setTimer(() => this.poke(), pauseMs);
      });
    return ear;
  }

  /** Full jitter: many devices that lost one server do not come back at once. */
  #backOff(failures: number): number {
    const most = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20));
    return Math.max(FIRST_DELAY_MS / 4, Math.round(this.#deps.random() * most));
  }

  /** Waits for a reason, or so long; while reconnecting, a network that comes back is one. */
  async #wait(delayMs: number, signal: AbortSignal, looksAtNetwork: boolean): Promise<void> {
    if (this.#isPoked || signal.aborted) return;
    const { clock, network } = this.#deps;
    const before = looksAtNetwork ? network() : '';
    await new Promise<void>((resolve) => {
      const cancels = [clock.setTimer(resolve, delayMs)];
      const look = (): void => {
        if (network() !== before) resolve();
        else cancels[1] = clock.setTimer(look, NETWORK_LOOK_MS);
      };
      if (looksAtNetwork) cancels[1] = clock.setTimer(look, NETWORK_LOOK_MS);
      this.#wake = () => {
        resolve();
        for (const cancel of cancels) cancel();
      };
    });
    this.#wake();
    this.#wake = () => undefined;
  }

  #settle(number: number): void {
    const done = this.#waiters.filter(({ since }) => since < number);
    this.#waiters = this.#waiters.filter(({ since }) => since >= number);
    for (const { resolve } of done) resolve();
  }

  #change(state: Exclude<SyncState, 'off'>, error: PlainError | null): void {
    this.#state = state;
    this.#error = error;
    this.#deps.onChange();
  }
}
