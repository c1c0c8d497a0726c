import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Host } from '../../../../src/core/sources/source.ts';
import { describeWith } from '../../../support/programs.ts';
import { waitFor } from '../../../support/test-host.ts';
import { itemOf, openTmuxWorkshop, streamText, type TmuxWorkshop } from './tmux-workshop.ts';

describeWith(['tmux', 'bash'], 'capturing a real tmux', () => {
  let shop: TmuxWorkshop;

  beforeEach(() => {
    shop = openTmuxWorkshop();
  });

  afterEach(() => shop[Symbol.asyncDispose]());

  /** The host, with every run of tmux noted. */
  function counting(runs: string[][]): Host {
    return {
      ...shop.host,
      run: (file, args, options) => (runs.push([file, ...args]), shop.host.run(file, args, options)),
    };
  }

  it('asks tmux once for 40 unchanged panes, and reads the text of all in one more run', async () => {
    await shop.newSession('main');
    for (let at = 1; at < 40; at += 1) await shop.tmux('new-window', '-d', '-t', 'main:', 'cat');
    const nowMs = Date.now() + 2_000;
    const runs: string[][] = [];
    const first = await shop.capture({ host: counting(runs), nowMs });
    expect({ panes: first.length, runs: runs.length }).toEqual({ panes: 40, runs: 2 });
    const versions = new Map(
      first.map((item) => [item.key, { version: item.streams[0]?.version ?? '', sizeBytes: 0 }]),
    );

    runs.length = 0;
    const second = await shop.capture({ host: counting(runs), nowMs, known: (key) => versions.get(key) });

    expect(runs).toHaveLength(1);
    expect(new Set(second.map((item) => item.streams[0]?.content.type))).toEqual(new Set(['unchanged']));
  });

  it('gives no token to a text that was read in the second of its last output', async () => {
    await shop.newSession('main');
    const activity = Number(await shop.tmux('display-message', '-p', '-t', 'main', '#{window_activity}'));

    const versions = [];
    for (const nowMs of [activity * 1000, activity * 1000 + 999, (activity + 1) * 1000]) {
      versions.push((await shop.capture({ nowMs }))[0]?.streams[0]?.version === '');
    }

    expect(versions).toEqual([true, true, false]);
  });

  it('keeps the history and screen of the shell below a full-screen program, and its screen beside them', async () => {
    const file = join(shop.folder, 'notes.txt');
    writeFileSync(file, 'text in the pager\n'.repeat(100));
    await shop.newSession('main');
    await shop.tmux('send-keys', '-t', 'main', `seq 1000 1099; echo below-it; less ${file}`, 'Enter');
    await waitFor(
      'the pager',
      async () => (await shop.tmux('display-message', '-p', '-t', 'main', '#{alternate_on}')).trim() === '1',
    );
    await shop.waitForScreen('main', 'text in the pager');

    const item = itemOf(await shop.capture(), 'tmux:main:0.0');

    expect(item.attributes).toMatchObject({ argv: ['less', file], pane: { isFullScreen: true } });
    const lines = streamText(item)
      .split('\n')
      .map((line) => line.replaceAll(/\u001b\[[0-9;]*m/g, ''));
    const from = lines.indexOf('1000');
    expect(lines.slice(from, from + 101)).toEqual([
      ...Array.from({ length: 100 }, (_, at) => String(1000 + at)),
      'below-it',
    ]);
    expect(streamText(item)).not.toContain('text in the pager');
    expect(streamText(item, 'program-screen')).toContain('text in the pager');
  });

  it('tells pipelines, programs without a shell, rewritten titles and shells within shells', async () => {
    const place = shop.makeFolder('place');
    await shop.newSession('main');
    await shop.tmux('new-window', '-d', '-t', 'main:', 'sleep 777');
    await shop.tmux('new-window', '-d', '-t', 'main:', 'bash --norc');
    await shop.tmux('new-window', '-d', '-t', 'main:', 'bash --norc');
    await shop.tmux('send-keys', '-t', 'main:0', "tail -f /dev/null | grep 'a b'", 'Enter');
    await shop.tmux(
      'send-keys',
      '-t',
      'main:2',
      `node -e "process.title='npm run dev'; setInterval(() => {}, 1e6)" ${'x'.repeat(40)}`,
      'Enter',
    );
    await shop.tmux(
      'send-keys',
      '-t',
      'main:3',
      `bash --norc`,
      'Enter',
      `cd ${place}`,
      'Enter',
      'echo inner-$SHLVL',
      'Enter',
    );
    await shop.waitForProgram('main:0', 'tail');
    await waitFor('the title', async () =>
      (await shop.tmux('list-panes', '-t', 'main:2', '-F', '#{pane_current_command}')).startsWith('npm'),
    );
    await waitFor('the inner shell', async () => /^inner-\d/m.test(await shop.screen('main:3')));

    const items = await shop.capture();

    expect(itemOf(items, 'tmux:main:0.0').attributes).toMatchObject({
      argv: ['tail', '-f', '/dev/null'],
      pipeline: { '2': { argv: ['grep', 'a b'] } },
    });
    expect(itemOf(items, 'tmux:main:1.0').attributes).toMatchObject({ argv: ['sleep', '777'] });
    expect(itemOf(items, 'tmux:main:2.0').attributes).toMatchObject({
      argv: ['npm', 'run', 'dev'],
      isArgvExact: false,
    });
    expect(itemOf(items, 'tmux:main:3.0').attributes).toMatchObject({ cwd: place });
    expect(itemOf(items, 'tmux:main:3.0').attributes).not.toHaveProperty('argv');
  });

  it('finds the folder that a wrapper hides, by its own terminal and by what its shell announces', async () => {
    const inner = shop.makeFolder('inner folder');
    await shop.newSession('main', '-c', shop.folder);
    await shop.tmux('send-keys', '-t', 'main', `script -q -c 'bash --norc' /dev/null`, 'Enter');
    await shop.waitForProgram('main', 'script');
    await shop.tmux('send-keys', '-t', 'main', `cd '${inner}'; echo in-it`, 'Enter');
    await waitFor('the echo', async () => /^in-it/m.test(await shop.screen('main')));

    expect((await shop.capture())[0]?.attributes).toMatchObject({ cwd: inner });
    await shop.tmux(
      'send-keys',
      '-t',
      'main',
      String.raw`cd /; printf '\033]7;file://localhost/usr/share\033\\'; echo told`,
      'Enter',
    );
    await waitFor('the echo', async () => /^told/m.test(await shop.screen('main')));
    expect((await shop.capture())[0]?.attributes).toMatchObject({ cwd: '/usr/share' });
  });

  it('tells which session of another tmux a pane shows', async () => {
    await shop.newSession('outer');
    await shop.tmux('-L', 'inner', 'new-session', '-d', '-s', 'deep', 'cat');
    await shop.tmux('send-keys', '-t', 'outer', 'env -u TMUX tmux -L inner attach -t deep', 'Enter');
    await waitFor('the client', async () => (await shop.tmux('-L', 'inner', 'list-clients')) !== '');

    const items = await shop.capture();

    expect(items.map((item) => item.key).toSorted()).toEqual(['tmux:inner:deep:0.0', 'tmux:outer:0.0']);
    const nestedTmux = itemOf(items, 'tmux:outer:0.0').attributes['nestedTmux'];
    expect(nestedTmux).toEqual({ socket: itemOf(items, 'tmux:inner:deep:0.0').group, session: 'deep' });
  });

  it('finds servers on any socket, but not those of another home', async () => {
    const socket = join(shop.folder, 'own.sock');
    const elsewhere = join(shop.folder, 'else.sock');
    await shop.tmux('-S', socket, 'new-session', '-d', '-s', 'main', 'cat');
    const other = { ...shop.host.env, HOME: shop.makeFolder('other home') };
    await shop.host.run('tmux', ['-S', elsewhere, '-f', '/dev/null', 'new-session', '-d', '-s', 'main', 'cat'], {
      env: other,
    });

    try {
      const { items, problems } = await shop.captureAll();

      expect(items.map((item) => item.key)).toEqual([`tmux:${socket}:main:0.0`]);
      expect(problems).toEqual([]);
    } finally {
      await shop.host.run('tmux', ['-S', elsewhere, 'kill-server']);
    }
  });

  it('says when the socket of a running server is gone', async () => {
    await shop.newSession('main');
    const socket = (await shop.tmux('display-message', '-p', '#{socket_path}')).trim();
    const pid = (await shop.tmux('display-message', '-p', '#{pid}')).trim();
    rmSync(socket);

    const { items, problems } = await shop.captureAll();
    process.kill(Number(pid), 'SIGUSR1');
    await waitFor('the socket', () => existsSync(socket));

    expect(items).toEqual([]);
    expect(problems).toMatchObject([{ reason: 'unreadable', message: expect.stringContaining(`kill -USR1 ${pid}`) }]);
    expect(await shop.capture()).toHaveLength(1);
  });

  it('loses nothing of the other servers where one hangs, and says so', async () => {
    await shop.newSession('main');
    await shop.tmux('-L', 'stuck', 'new-session', '-d', '-s', 'main', 'cat');
    const pid = Number(await shop.tmux('-L', 'stuck', 'display-message', '-p', '#{pid}'));
    process.kill(pid, 'SIGSTOP');
    try {
      const start = performance.now();
      const { items, problems } = await shop.captureAll();

      expect(items.map((item) => item.key)).toEqual(['tmux:main:0.0']);
      expect(problems).toMatchObject([{ reason: 'timeout' }]);
      expect(performance.now() - start).toBeLessThan(4_500);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('keeps silent about a dead server, and knows what was closed on a living one', async () => {
    await shop.newSession('main');
    const [item] = await shop.capture();
    await shop.tmux('set-option', '-g', 'exit-empty', 'off');
    await shop.tmux('kill-session', '-t', 'main');
    const previous = item === undefined ? [] : [{ ...item, stale: false }];

    expect(await shop.captureAll({ previous })).toEqual({ items: [], problems: [], closed: ['tmux:main:0.0'] });
    await shop.tmux('kill-server');
    expect(await shop.captureAll({ previous })).toEqual({ items: [], problems: [], closed: [] });
  });

  it('drops a pane that closes between the listing and the reading, and reads the others', async () => {
    await shop.newSession('main');
    await shop.tmux('new-window', '-d', '-t', 'main:', 'cat');
    await shop.tmux('new-window', '-d', '-t', 'main:', 'cat');
    const closing: Host = {
      ...shop.host,
      run: async (file, args, options) => {
        if (args.includes('capture-pane')) await shop.host.run('tmux', ['kill-window', '-t', 'main:1']);
        return shop.host.run(file, args, options);
      },
    };

    const { items, problems } = await shop.captureAll({ host: closing });

    expect(items.map((item) => [item.key, item.streams.length])).toEqual([
      ['tmux:main:0.0', 1],
      ['tmux:main:2.0', 1],
    ]);
    expect(problems).toEqual([]);
  });

  it('cuts long scrollback at its head and says so', async () => {
    await shop.tmux('new-session', '-d', '-s', 'boot', 'cat');
    await shop.tmux('set-option', '-g', 'history-limit', '50000');
    await shop.newSession('main');
    await shop.tmux('send-keys', '-t', 'main', 'seq 1 12000; echo finished', 'Enter');
    await waitFor('the end', async () => (await shop.tmux('capture-pane', '-p', '-t', 'main')).includes('\nfinished'));

    const item = itemOf(await shop.capture(), 'tmux:main:0.0');

    const lines = streamText(item).split('\n');
    expect(lines).toContain('12000');
    expect(lines).not.toContain('1');
    expect(lines.length).toBeGreaterThan(9_990);
    expect(item.attributes['isScrollbackCut']).toBe(true);
    const small = itemOf(await shop.capture({ maxBytes: 20_000 }), 'tmux:main:0.0');
    expect(streamText(small).length).toBeLessThanOrEqual(20_000);
    expect(streamText(small)).toContain('\n12000\n');
  });

  it('does not even read what the user excludes', async () => {
    const secret = shop.makeFolder('secret');
    await shop.newSession('main', '-c', secret);
    const runs: string[][] = [];

    const excludes = { path: (path: string) => path.startsWith(secret), url: () => false, command: () => false };
    const items = await shop.capture({ host: counting(runs), excludes });

    expect(items.map((item) => item.streams)).toEqual([[]]);
    expect(runs.flat()).not.toContain('capture-pane');
  });

  it('keeps a dead pane’s text, and no terminal that may be another’s', async () => {
    await shop.newSession('main');
    await shop.tmux('set-option', '-g', 'remain-on-exit', 'on');
    // Ended only once its words are on the screen: tmux may close a terminal before it has read what was written last.
    await shop.tmux('new-window', '-d', '-t', 'main:', 'echo last words; read end');
    await shop.waitForScreen('main:1', 'last words');
    await shop.tmux('send-keys', '-t', 'main:1', 'Enter');
    await waitFor(
      'its end',
      async () => (await shop.tmux('list-panes', '-t', 'main:1', '-F', '#{pane_dead}')).trim() === '1',
    );

    const item = itemOf(await shop.capture(), 'tmux:main:1.0');

    expect(streamText(item)).toContain('last words');
    expect(item.attributes).toMatchObject({ pane: { isDead: true } });
    expect(item.attributes).not.toHaveProperty('tty');
  });

  it('takes any name and folder as it is', async () => {
    const hostile = join(shop.folder, "a\tb\nc #(touch x) ';");
    mkdirSync(hostile);
    await shop.newSession('main', '-n', 'tab\there', '-c', shop.folder);
    await shop.tmux(
      'new-session',
      '-d',
      '-s',
      'we#(x)ird',
      '-c',
      '/',
      `cd '${hostile.replaceAll("'", String.raw`'\''`)}' && exec bash --norc`,
    );
    await waitFor('the folder', async () => {
      const items = await shop.capture();
      return items.some((item) => item.attributes['cwd'] === hostile);
    });

    const items = await shop.capture();

    expect(itemOf(items, 'tmux:main:0.0').attributes).toMatchObject({ window: { name: 'tab\there' } });
  });
});
