import { beforeEach, describe, expect, it } from 'vitest';

import type { CaptureOutcome, CaptureRequest } from '../../../src/core/capture/collector.ts';
import { Scheduler } from '../../../src/core/capture/scheduler.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { parseSnapshotId } from '../../../src/shared/model/ids.ts';
import type { SnapshotItem } from '../../../src/shared/model/item.ts';
import { fakeHost, FakeSource } from '../../support/fake-source.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';

const INTERVAL_MS = 30_000;

interface Capture {
  readonly request: CaptureRequest;
  readonly atMs: number;
}

let clock: ManualClock;
let captures: Capture[];
let running: number;
let upkeeps: number[];
let behave: (request: CaptureRequest) => Promise<void>;
let source: FakeSource;
let sources: FakeSource[];
let intervalMs: number;
let scheduler: Scheduler;
let events: string[];

beforeEach(() => {
  clock = new ManualClock();
  captures = [];
  running = 0;
  upkeeps = [];
  behave = async () => {};
  source = new FakeSource('tmux');
  sources = [source];
  intervalMs = INTERVAL_MS;
  events = [];
  scheduler = new Scheduler({
    collector: { capture, look },
    vault: {
      upkeep: async (budgetMs) => {
        upkeeps.push(budgetMs);
      },
    },
    clock,
    host: fakeHost(),
    intervalMs: () => intervalMs,
    sources: () => sources,
  });
  scheduler.on('captured', () => events.push('captured'));
  scheduler.on('captureFailed', ({ code }) => events.push(`failed ${code}`));
});

async function look(): Promise<readonly SnapshotItem[]> {
  running += 1;
  expect(running).toBe(1);
  await behave({ kind: 'manual' });
  running -= 1;
  return [];
}

async function capture(request: CaptureRequest): Promise<CaptureOutcome> {
  running += 1;
  expect(running).toBe(1);
  captures.push({ request, atMs: clock.monotonicMs() });
  try {
    await behave(request);
  } finally {
    running -= 1;
  }
  const { kind } = request;
  const id = parseSnapshotId(captures.length.toString(16).padStart(16, '0'));
  return {
    summary: { id, takenAtMs: clock.nowMs(), kind, items: 0, changed: 0, gaps: 0 },
    gaps: [],
    storedBytes: 0,
    durationMs: 0,
    leftOut: [],
  };
}

function takes(durationMs: number): (request: CaptureRequest) => Promise<void> {
  return () => new Promise((resolve) => clock.setTimer(resolve, durationMs));
}

function times(): number[] {
  return captures.map(({ atMs }) => atMs);
}

function kinds(): string[] {
  return captures.map(({ request }) => request.kind);
}

describe('Scheduler at the interval', () => {
  it('captures at once and then every interval', async () => {
    scheduler.start();
    scheduler.start();
    await clock.advance(95_000);

    expect(times()).toEqual([0, 30_000, 60_000, 90_000]);
    expect([...new Set(kinds())]).toEqual(['automatic']);
  });

  it('does upkeep after each save', async () => {
    scheduler.start();
    await clock.advance(60_000);

    expect(upkeeps).toEqual([50, 50, 50]);
  });

  it('follows a new interval from the next wait on', async () => {
    scheduler.start();
    await clock.advance(0);
    intervalMs = 10_000;
    await clock.advance(50_000);

    expect(times()).toEqual([0, 30_000, 40_000, 50_000]);
  });

  it('captures once, not in a burst, after the machine slept', async () => {
    scheduler.start();
    await clock.advance(35_000);
    await clock.suspend(8 * 3_600_000);
    await clock.advance(29_999);

    expect(captures).toHaveLength(3);
  });

  it('does not care how the wall clock is set', async () => {
    scheduler.start();
    await clock.advance(30_000);
    clock.jumpWall(-86_400_000);
    await clock.advance(30_000);
    clock.jumpWall(86_400_000);
    await clock.advance(30_000);

    expect(times()).toEqual([0, 30_000, 60_000, 90_000]);
  });

  it('rests as long as a capture took that is slower than the interval', async () => {
    behave = takes(40_000);
    scheduler.start();
    await clock.advance(170_000);

    expect(times()).toEqual([0, 80_000, 160_000]);
  });
});

describe('Scheduler.captureNow()', () => {
  it('works without having been started', async () => {
    const { summary } = await scheduler.captureNow({ kind: 'manual' });

    expect([summary.kind, clock.timerCount]).toEqual(['manual', 0]);
  });

  it('waits for the capture that runs, and never runs two at once', async () => {
    behave = takes(1_000);
    scheduler.start();
    await clock.advance(500);
    const demands = [scheduler.captureNow({ kind: 'manual' }), scheduler.captureNow({ kind: 'checkpoint' })];
    await clock.advance(5_000);
    await Promise.all(demands);

    expect(captures.map(({ request, atMs }) => [request.kind, atMs])).toEqual([
      ['automatic', 0],
      ['manual', 1_000],
      ['checkpoint', 2_000],
    ]);
  });

  it('counts for the interval', async () => {
    scheduler.start();
    await clock.advance(20_000);
    await scheduler.captureNow({ kind: 'manual' });
    await clock.advance(29_999);

    expect(times()).toEqual([0, 20_000]);
    await clock.advance(1);
    expect(times()).toEqual([0, 20_000, 50_000]);
  });
});

describe('early captures', () => {
  beforeEach(async () => {
    scheduler.start();
    await clock.advance(10_000);
    captures.length = 0;
  });

  it('captures a change well within 3 s, and goes on at the interval', async () => {
    source.change();
    await clock.advance(3_000);
    expect(times()).toEqual([10_300]);

    await clock.advance(30_000);
    expect(times()).toEqual([10_300, 40_300]);
  });

  it('takes changes together and keeps 2 s between captures, however often they are signalled', async () => {
    for (let at = 0; at < 60; at += 1) {
      source.change();
      await clock.advance(100);
    }

    expect(times()).toEqual([10_300, 12_300, 14_300]);
  });

  it('captures a change again that came while a capture ran', async () => {
    behave = takes(1_000);
    source.change();
    await clock.advance(800);
    source.change();
    await clock.advance(10_000);

    // A capture of a second rests four.
    expect(times()).toEqual([10_300, 15_300]);
  });

  it('slows down under a storm, and recovers', async () => {
    for (let at = 0; at < 1_200; at += 1) {
      source.change();
      await clock.advance(100);
    }
    const inStorm = times();
    await clock.advance(60_000);
    captures.length = 0;
    source.change();
    await clock.advance(3_000);

    const lastMinute = inStorm.filter((atMs) => atMs >= 70_000);
    expect(inStorm.filter((atMs) => atMs < 20_000)).toHaveLength(5);
    expect(lastMinute.length).toBeLessThanOrEqual(11);
    expect(captures).toHaveLength(1);
  });

  it('ends the watch of a source that is turned off and begins that of one turned on', async () => {
    const other = new FakeSource('firefox');
    sources = [other];
    await clock.advance(30_000);

    expect([source.watches[0]?.signal.aborted, other.watches.length]).toEqual([true, 1]);
  });

  it('tells of a watch that fails and tries it again later', async () => {
    const broken = new FakeSource('firefox');
    let tries = 0;
    broken.watch = async () => {
      tries += 1;
      throw new AppError('SOURCE_FAILED', 'no inotify');
    };
    const failures: string[] = [];
    scheduler.on('watchFailed', ({ source: id, error }) => failures.push(`${id} ${error.code}`));
    sources = [source, broken];
    await clock.advance(60_000);
    expect([tries, failures]).toEqual([1, ['firefox SOURCE_FAILED']]);

    await clock.advance(60_000);
    expect(tries).toBe(2);
  });
});

describe('failures', () => {
  it('tells, refuses the demand, and tries again at the next interval', async () => {
    scheduler.start();
    await clock.advance(0);
    behave = () => Promise.reject(new AppError('VAULT_DISK_FULL', 'full'));
    await clock.advance(30_000);
    await expect(scheduler.captureNow({ kind: 'manual' })).rejects.toMatchObject({ code: 'VAULT_DISK_FULL' });
    expect(scheduler.state().lastFailure?.error).toMatchObject({ code: 'VAULT_DISK_FULL', message: 'full' });
    behave = async () => {};
    await clock.advance(30_000);

    expect(events).toEqual(['captured', 'failed VAULT_DISK_FULL', 'failed VAULT_DISK_FULL', 'captured']);
    expect(scheduler.state().lastFailure).toBeNull();
    expect(upkeeps).toHaveLength(2);
  });

  it('says after three intervals that nothing is captured', async () => {
    scheduler.start();
    await clock.advance(0);
    behave = () => Promise.reject(new Error('broken'));
    await clock.advance(89_999);
    expect(scheduler.state()).toMatchObject({ missedIntervals: 2, isLate: false });

    await clock.advance(1);
    expect(scheduler.state()).toMatchObject({ missedIntervals: 3, isLate: true, isStarted: true });
  });

  it('looks in turn with the captures, and counts no look as one', async () => {
    behave = () => new Promise((resolve) => void clock.setTimer(resolve, 1_000));
    scheduler.start();
    const looked = scheduler.lookNow(new AbortController().signal);
    await clock.advance(2_000);

    expect(await looked).toEqual([]);
    expect([captures.length, events]).toEqual([1, ['captured']]);
    await clock.advance(29_000);
    expect(captures).toHaveLength(2);
  });

  it('goes on when idle work fails', async () => {
    const failures: string[] = [];
    const upkeep = (): Promise<void> => Promise.reject(new AppError('VAULT_BUSY', 'busy'));
    const other = new Scheduler({
      collector: { capture, look },
      vault: { upkeep },
      clock,
      host: fakeHost(),
      intervalMs: () => INTERVAL_MS,
      sources: () => [],
    });
    other.on('upkeepFailed', ({ code }) => failures.push(code));
    other.start();
    await clock.advance(30_000);

    expect([failures, captures.length]).toEqual([['VAULT_BUSY', 'VAULT_BUSY'], 2]);
  });

  it('no longer calls a listener that was taken back', async () => {
    const seen: string[] = [];
    const undo = scheduler.on('captured', () => seen.push('captured'));
    await scheduler.captureNow({ kind: 'manual' });
    undo();
    await scheduler.captureNow({ kind: 'manual' });

    expect(seen).toEqual(['captured']);
  });
});

describe('Scheduler.stop()', () => {
  it('waits for the capture that runs, captures a last time, and leaves nothing behind', async () => {
    behave = takes(1_000);
    scheduler.start();
    await clock.advance(500);
    const stopping = scheduler.stop({ hasLastCapture: true });
    await clock.advance(3_000);
    const last = await stopping;

    expect([last?.summary.kind, times()]).toEqual(['shutdown', [0, 1_000]]);
    expect([source.watches.filter(({ signal }) => !signal.aborted), clock.timerCount]).toEqual([[], 0]);
    expect(await scheduler.stop({ hasLastCapture: true })).toBeNull();
  });

  it('ends in time where the last capture hangs', async () => {
    scheduler.start();
    await clock.advance(0);
    behave = () => new Promise(() => {});
    const stopping = scheduler.stop({ hasLastCapture: true, withinMs: 4_000 });
    await clock.advance(4_000);

    expect(await stopping).toBeNull();
    expect(captures.at(-1)?.request.signal?.aborted).toBe(true);
  });

  it('takes no last capture where none was asked for, or nothing was started', async () => {
    expect(await scheduler.stop({ hasLastCapture: true })).toBeNull();
    expect(captures).toEqual([]);
  });

  it('refuses demands that still wait, and later ones', async () => {
    behave = takes(1_000);
    scheduler.start();
    await clock.advance(10);
    const waiting = expect(scheduler.captureNow({ kind: 'manual' })).rejects.toMatchObject({ code: 'CANCELLED' });
    const stopping = scheduler.stop({ hasLastCapture: false });
    await clock.advance(2_000);
    await Promise.all([waiting, stopping]);

    await expect(scheduler.captureNow({ kind: 'manual' })).rejects.toMatchObject({ code: 'CANCELLED' });
    source.change();
    await settle();
    expect(captures).toHaveLength(1);
  });
});
