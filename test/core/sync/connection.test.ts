// When a round runs: on a capture, on a notice, and where notices may have been missed; never again and again without a pause.

import { describe, expect, it } from 'vitest';

import { Connection, type ConnectionDeps } from '../../../src/core/sync/connection.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';

type Hears = Parameters<ConnectionDeps['listen']>[0];

function setup(changes: Partial<ConnectionDeps> = {}) {
  const clock = new ManualClock();
  const counts = { rounds: 0, streams: 0 };
  const ears: { readonly hears: Hears; end(): void }[] = [];
  const connection = new Connection({
    clock,
    random: () => 0.5,
    network: () => '',
    round: async () => {
      counts.rounds += 1;
    },
    listen: (hears, signal) =>
      new Promise((resolve) => {
        counts.streams += 1;
        signal.addEventListener('abort', () => resolve());
        ears.push({ hears, end: resolve });
      }),
    onChange: () => undefined,
    ...changes,
  });
  return { clock, counts, ears, connection, [Symbol.asyncDispose]: () => connection.stop() };
}

describe('Connection', () => {
  it('[S10] runs a round once the stream of notices is open: what came before it was told to nobody', async () => {
    await using test = setup();
    test.connection.start();
    await settle();
    expect(test.counts).toEqual({ rounds: 1, streams: 1 });

    test.ears[0]?.hears.onOpen();
    await settle();

    expect(test.counts).toEqual({ rounds: 2, streams: 1 });
  });

  it('[S9] goes on where it is started while it is being stopped', async () => {
    let rounds = 0;
    await using test = setup({
      round: async (signal) => {
        rounds += 1;
        if (rounds === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    test.connection.start();
    const stopped = test.connection.stop();
    test.connection.start();
    await stopped;
    await settle();

    expect(rounds).toBe(2);
    expect(test.connection.state).toBe('connected');
  });

  it('[S10] runs a round on a notice, and at once when a stream that was open ends', async () => {
    await using test = setup();
    test.connection.start();
    await settle();
    test.ears[0]?.hears.onOpen();
    await test.clock.advance(60_000);
    test.ears[0]?.hears.onNotice();
    await settle();
    expect(test.counts).toEqual({ rounds: 3, streams: 1 });

    test.ears[0]?.end();
    await test.clock.advance(0);

    expect(test.counts).toEqual({ rounds: 4, streams: 2 });
  });

  it.each([
    { name: 'refused', listen: async (): Promise<void> => Promise.reject(new AppError('SYNC_REFUSED', 'No streams.')) },
    {
      name: 'cut at once',
      listen: async ({ onOpen }: Hears): Promise<void> => onOpen(),
    },
  ])('polls where every stream is $name, and does not turn in circles', async ({ listen }) => {
    await using test = setup({ listen });
    test.connection.start();

    await test.clock.advance(10 * 60_000);

    expect(test.counts.rounds).toBeGreaterThan(10);
    expect(test.counts.rounds).toBeLessThan(100);
  });

  it('[S9] waits longer from failure to failure, and not at all once it is asked', async () => {
    let isUp = false;
    await using test = setup({
      round: async () => {
        test.counts.rounds += 1;
        if (!isUp) throw new AppError('SYNC_OFFLINE', 'Away.', { isRetryable: true });
      },
    });
    test.connection.start();
    await test.clock.advance(10 * 60_000);
    expect(test.connection.state).toBe('reconnecting');
    expect(test.counts.rounds).toBeLessThan(15);
    isUp = true;

    await test.connection.roundNow();

    expect(test.connection.state).toBe('connected');
  });
});
