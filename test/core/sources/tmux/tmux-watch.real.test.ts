import { afterEach, beforeEach, expect, it } from 'vitest';

import { createTmuxSource } from '../../../../src/core/sources/tmux/tmux-source.ts';
import { describeWith } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';
import { openTmuxWorkshop, type TmuxWorkshop } from './tmux-workshop.ts';

/** What a change is promised to be safe within, its capture included. */
const PROMISED_MS = 3_000;
/** Patience with a machine that is busy with other things: below the next look for new servers. */
const PATIENCE_MS = 8_000;

describeWith(['tmux', 'bash'], 'watching a real tmux', () => {
  let shop: TmuxWorkshop;
  let end: AbortController;
  let changes: number;

  beforeEach(() => {
    shop = openTmuxWorkshop();
    end = new AbortController();
    changes = 0;
  });

  afterEach(async () => {
    end.abort();
    await shop[Symbol.asyncDispose]();
  });

  async function watch(sessions = 1): Promise<void> {
    await createTmuxSource().watch?.({ host: shop.host, signal: end.signal, onChange: () => (changes += 1) });
    if (sessions > 0) await waitFor('the clients', async () => (await clients()).length === sessions);
  }

  async function clients(): Promise<string[]> {
    const listed = await shop.tmux('list-clients', '-F', '#{client_session} #{client_flags}');
    return listed.split('\n').filter((line) => line !== '');
  }

  /** Does something, waits until the watch told of it, and gives how long that took. */
  async function newsOf(...args: string[]): Promise<number> {
    const before = changes;
    const start = performance.now();
    await shop.tmux(...args);
    await waitFor(`news of ${args.join(' ')}`, () => changes > before, PATIENCE_MS);
    return performance.now() - start;
  }

  async function captured(): Promise<unknown> {
    return (await shop.capture()).find((item) => item.key === 'tmux:main:0.0')?.attributes;
  }

  /** tmux reports what its panes do once a second, and one thing in several notices. */
  async function waitForSilence(): Promise<void> {
    for (let last = -1; last !== changes;) {
      last = changes;
      await new Promise((resolve) => setTimeout(resolve, 1_200));
    }
  }

  it('hears of folders, programs, layouts, windows, names and sessions in time for what it captures then', async () => {
    // A name of its own: tmux would tell of programs by renaming the window.
    await shop.newSession('main', '-n', 'named', '-c', '/');
    await watch();
    await waitFor('the first reports', () => changes > 0, PATIENCE_MS);
    await waitForSilence();

    const took = [await newsOf('send-keys', '-t', 'main', 'cd /usr', 'Enter')];
    expect(await captured()).toMatchObject({ cwd: '/usr' });
    await waitForSilence();
    took.push(await newsOf('send-keys', '-t', 'main', 'sleep 100', 'Enter'));
    expect(await captured()).toMatchObject({ argv: ['sleep', '100'] });
    await waitForSilence();
    took.push(await newsOf('send-keys', '-t', 'main', 'C-c'));
    expect(await captured()).not.toHaveProperty('argv');
    await waitForSilence();
    took.push(
      await newsOf('split-window', '-d', '-t', 'main', 'cat'),
      await newsOf('new-window', '-d', '-t', 'main:', 'cat'),
      await newsOf('rename-window', '-t', 'main:1', 'other'),
      await newsOf('new-session', '-d', '-s', 'late', 'cat'),
    );
    await waitFor('a client of the new session', async () => (await clients()).length === 2, PATIENCE_MS);
    took.push(await newsOf('split-window', '-d', '-t', 'late', 'cat'), await newsOf('kill-session', '-t', 'late'));

    expect(took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)]).toBeLessThan(PROMISED_MS);
  });

  it('changes nothing: neither sizes nor environment nor the order of sessions, and keeps nothing alive', async () => {
    await shop.newSession('first');
    await shop.tmux('set-environment', '-t', 'first', 'DISPLAY', ':7');
    await shop.newSession('fleeting');
    await shop.tmux('set-option', '-t', 'fleeting', 'destroy-unattached', 'on').catch(() => undefined);
    const look = async (): Promise<string> =>
      (await shop.tmux(
        'list-windows',
        '-a',
        '-F',
        '#{session_name} #{window_width}x#{window_height} #{window_layout}',
      )) + (await shop.tmux('show-environment', '-t', 'first'));
    const before = await look();

    await watch(1);

    expect(await look()).toBe(before);
    expect(await clients()).toEqual([expect.stringMatching(/^first .*control-mode,ignore-size,no-output,read-only/)]);
    end.abort();
    await waitFor('the client to go', async () => (await clients()).length === 0);
    expect(await look()).toBe(before);
  });

  it('comes back after it was sent away', async () => {
    await shop.newSession('main');
    await watch();
    const [first] = (await shop.tmux('list-clients', '-F', '#{client_pid}')).trim().split('\n');

    await shop.tmux('detach-client', '-s', 'main');

    await waitFor('another client', async () => {
      const [now = ''] = (await shop.tmux('list-clients', '-F', '#{client_pid}')).trim().split('\n');
      return now !== '' && now !== first;
    });
  });

  it('finds a server soon after its start, with or without a folder of sockets before', async () => {
    for (const label of ['first', 'second']) {
      await watch(0);
      changes = 0;

      await shop.tmux('-L', label, 'new-session', '-d', '-s', 'main', 'cat');

      await waitFor(`news of ${label}`, () => changes > 0, PATIENCE_MS);
      end.abort();
      end = new AbortController();
      await shop.tmux('-L', label, 'kill-server');
    }
  });

  it('leaves no client where it ended before it began', async () => {
    await shop.newSession('main');
    end.abort();

    await createTmuxSource().watch?.({ host: shop.host, signal: end.signal, onChange: () => (changes += 1) });

    expect(await clients()).toEqual([]);
  });
});
