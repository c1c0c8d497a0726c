// Time as an argument: the only file of the core that asks the machine what time it is. Tests hand in one that they turn themselves.

/** Undoes a timer; calling it late or twice does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Wall time: ms since the epoch. It may jump either way. */
  nowMs(): number;
  /** Ms that only go forward, for durations and due times. */
  monotonicMs(): number;
  /** Calls back once, after at least so long. */
  setTimer(callback: () => void, delayMs: number): CancelTimer;
}

/** Node's timers hold no longer delay: a longer one would be over at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (callback, delayMs) => {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      timer = setTimeout(
        () => (leftMs > MAX_TIMER_MS ? wait(leftMs - MAX_TIMER_MS) : callback()),
        Math.min(Math.max(0, leftMs), MAX_TIMER_MS),
      );
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
