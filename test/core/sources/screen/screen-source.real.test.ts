import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createShellSource } from '../../../../src/core/sources/shell/shell-source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith, findProgram } from '../../../support/programs.ts';
import { DEFAULT_RESTORE_OPTIONS, makeCaptureContext, toSnapshotItems, waitFor } from '../../../support/test-host.ts';
import { itemOf, openTmuxWorkshop, streamText } from '../tmux/tmux-workshop.ts';
import { ScreenWorkshop } from './screen-workshop.ts';

const TITLES = ['a|b', '0 x  1 y', '$HOME ^M \\101 `id` %n', 'wörld', '日本 "q" \'s\'', '-t', '  blank '];

describeWith(['screen', 'bash'], 'the screen source on a real GNU screen', () => {
  let shop: ScreenWorkshop;

  beforeEach(() => {
    shop = new ScreenWorkshop();
  });

  afterEach(() => shop[Symbol.asyncDispose]());

  async function windowFacts(): Promise<string[]> {
    return (await shop.capture())
      .map(({ key, attributes }) => JSON.stringify([key, Object(attributes['window']).title, attributes['cwd']]))
      .toSorted();
  }

  /** Two sessions, windows with numbers of their own, titles, folders, a program, and text. */
  async function makeWorkspace(): Promise<readonly CapturedItem[]> {
    const [api, web] = [shop.makeFolder("api d'ir $x"), shop.makeFolder('web\n')];
    await shop.newSession('work', api);
    for (const [at, title] of TITLES.entries()) {
      const quoted = title.replaceAll(/[\\^$]/g, '\\$&');
      await shop.screen('work', '-X', 'screen', '-t', quoted, String(at + 3));
      if (title.includes('|')) await shop.screen('work', '-p', String(at + 3), '-X', 'title', quoted);
    }
    await shop.newSession('second: ü', web);
    await shop.type('work', 0, "echo 'wörld é'; sleep 1000");
    await shop.type('work', 4, "cd /usr; echo 'in four'");
    await waitFor(
      'the program',
      async () => itemOf(await shop.capture(), 'screen:work:0').attributes['argv'] !== undefined,
    );
    await waitFor('the folder', async () => itemOf(await shop.capture(), 'screen:work:4').attributes['cwd'] === '/usr');
    return shop.capture();
  }

  it('captures sessions, windows, titles, folders, programs and text', async () => {
    const items = await makeWorkspace();

    expect(items.map(({ key }) => key)).toEqual([
      'screen:work:0',
      ...TITLES.map((_, at) => `screen:work:${at + 3}`),
      'screen:second: ü:0',
    ]);
    expect(items.slice(1, -1).map(({ attributes }) => Object(attributes['window']).title)).toEqual(TITLES);
    const [first] = items;
    expect(first).toMatchObject({
      kind: 'terminal',
      source: 'screen',
      group: 'work',
      title: 'work:0 sleep',
      attributes: {
        session: { name: 'work', folder: shop.sockets },
        tty: expect.stringMatching(/^\/dev\/pts\/\d+$/),
        cwd: join(shop.folder, "api d'ir $x"),
        argv: ['sleep', '1000'],
        shell: 'bash',
      },
    });
    expect(streamText(first)).toContain('wörld é\n');
    expect(streamText(itemOf(items, 'screen:work:4'))).toContain('\nin four\n');
    expect(items.filter(({ attributes }) => Object(attributes['window']).isActive).map(({ key }) => key)).toEqual([
      `screen:work:${TITLES.length + 2}`,
      'screen:second: ü:0',
    ]);
    expect(JSON.stringify(items)).not.toContain('TERMCAP');
    expect(shop.leftFiles()).toEqual([]);
    expect(await shop.source.detect(shop.host)).toEqual({ isPresent: true, summary: '9 windows in 2 sessions' });
  });

  it('disturbs nobody who looks at a session, and keeps the titles from before', async () => {
    await shop.newSession('work');
    await shop.screen('work', '-p', '0', '-X', 'title', 'mine');
    const before = await shop.capture();
    await using tmux = openTmuxWorkshop();
    await tmux.tmux(
      'new-session',
      '-d',
      '-s',
      'view',
      '-x',
      '90',
      '-y',
      '20',
      `env SCREENDIR=${shop.sockets} screen -x`,
    );
    await tmux.waitForScreen('view', '$ ');
    await shop.type('work', 0, 'echo seen');
    await tmux.waitForScreen('view', 'seen\n$ ');
    const screenBefore = await tmux.screen('view');
    const seen = new Set<string>();

    const looks: Promise<unknown>[] = [];
    const watching = setInterval(() => looks.push(tmux.screen('view').then((text) => seen.add(text))), 10);
    const during = await shop.capture({ previous: toSnapshotItems(before).items });
    const unknown = await shop.capture();
    await new Promise((resolve) => setTimeout(resolve, 300));
    clearInterval(watching);
    await Promise.all(looks);

    expect([...seen]).toEqual([screenBefore]);
    expect(streamText(during[0])).toContain('seen');
    expect(during[0]?.attributes['window']).toMatchObject({ number: 0, title: 'mine' });
    expect(unknown[0]?.attributes['window']).toEqual({ number: 0 });
  });

  it('tells wide letters as unknown instead of as other letters', async () => {
    await shop.newSession('work');
    await shop.type('work', 0, "echo 'x日本y'");

    await waitFor('the text', async () => streamText((await shop.capture())[0]).includes('\nx\uFFFD\uFFFDy\n'));
  });

  it('reads many windows, each once', async () => {
    await shop.newSession('work');
    for (let at = 1; at < 30; at += 1) await shop.screen('work', '-X', 'screen', String(at));
    await waitFor('the windows', async () => (await shop.capture()).length === 30);
    const runs: string[] = [];
    const host = {
      ...shop.host,
      run: (file: string, args: readonly string[], options?: object) => {
        if (file === 'screen') runs.push(args.join(' '));
        return shop.host.run(file, args, options);
      },
    };

    const items = await shop.capture({ host });

    expect(items.every(({ streams }) => streams.length === 1)).toBe(true);
    expect(runs.filter((run) => run.includes('source'))).toHaveLength(30);
    expect(items.map(({ attributes }) => Object(attributes['window']).number)).toEqual([...Array(30).keys()]);
  });

  it('brings sessions back after a kill: numbers, titles, folders, text and commands, and nothing twice', async () => {
    const items = await makeWorkspace();
    const facts = await windowFacts();
    for (const socket of readdirSync(shop.sockets)) {
      process.kill(Number(socket.split('.')[0]), 'SIGKILL');
      rmSync(join(shop.sockets, socket));
    }
    await waitFor('the end', async () => (await shop.capture()).length === 0);

    const { results } = await shop.restore(items);

    expect(results.map(({ status, detail }) => `${status} ${detail}`)).toEqual(
      results.map(() => expect.stringMatching(/^done Window \d+ of screen session "/)),
    );
    expect(results).toHaveLength(items.length);
    await waitFor('the windows', async () => JSON.stringify(await windowFacts()) === JSON.stringify(facts));
    const now = await shop.capture();
    const text = streamText(itemOf(now, 'screen:work:0'));
    expect(text).toContain('wörld é');
    expect(text).toContain('restored from 2026-11-20 14:02 UTC');
    expect(text.trimEnd().endsWith('$ sleep 1000')).toBe(true);
    expect(itemOf(now, 'screen:work:0').attributes['argv']).toBeUndefined();
    expect(itemOf(now, `screen:work:${TITLES.length + 2}`).attributes['window']).toMatchObject({ isActive: true });
    expect(shop.leftFiles()).toEqual([]);
    expect((await shop.restoreOverPresent(items)).results).toEqual([]);
    // What a restored window starts is not taken for it.
    await shop.type('work', 5, `SCREENDIR=${shop.sockets} screen -dmS inner`);
    await waitFor('the inner session', async () => (await shop.capture()).some(({ group }) => group === 'inner'));
    const all = await shop.capture();
    expect(new Set(all.map(({ attributes }) => attributes['identity'])).size).toBe(all.length);
  });

  it.skipIf(findProgram('zsh') === null)('brings a window back with the shell that it ran', async () => {
    writeFileSync(join(shop.host.homeDir, '.zshrc'), "PS1='%% '\n");
    await shop.newSession('work');
    await shop.type('work', 0, 'exec zsh');
    const shell = async () => (await shop.capture())[0]?.attributes['shell'];
    await waitFor('zsh', async () => (await shell()) === 'zsh');
    const items = await shop.capture();
    await shop.screen('work', '-X', 'quit');
    await waitFor('the end', async () => (await shop.capture()).length === 0);

    expect((await shop.restore(items)).results.map(({ status }) => status)).toEqual(['done']);

    await waitFor('zsh again', async () => (await shell()) === 'zsh');
  });

  it('opens what is missing beside what is there, and leaves that alone', async () => {
    await shop.newSession('work');
    await shop.screen('work', '-X', 'screen', '5');
    await waitFor('the window', async () => (await shop.capture()).length === 2);
    const items = await shop.capture();
    await shop.screen('work', '-X', 'quit');
    await waitFor('the end', async () => (await shop.capture()).length === 0);
    await shop.newSession('work', '/');
    await shop.type('work', 0, 'sleep 555');
    await waitFor('the program', async () => (await shop.capture())[0]?.attributes['argv'] !== undefined);

    const { results } = await shop.restoreOverPresent(items);

    expect(results).toMatchObject([
      { status: 'done', detail: expect.stringContaining('0 was taken') },
      { status: 'done' },
    ]);
    const now = await shop.capture();
    expect(itemOf(now, 'screen:work:0').attributes['argv']).toEqual(['sleep', '555']);
    expect(now.map(({ key }) => key)).toEqual(['screen:work:0', 'screen:work:1', 'screen:work:5']);
    expect((await shop.restoreOverPresent(items)).results).toEqual([]);
  });

  it('undoes only what nobody has used', async () => {
    await shop.newSession('work');
    await shop.screen('work', '-X', 'screen', '5');
    await shop.screen('work', '-X', 'screen', '6');
    await waitFor('the windows', async () => (await shop.capture()).length === 3);
    const items = await shop.capture();
    await shop.screen('work', '-X', 'quit');
    await waitFor('the end', async () => (await shop.capture()).length === 0);
    const { results } = await shop.restoreOverPresent(items);
    await shop.type('work', 5, 'sleep 444');
    await waitFor(
      'the program',
      async () => itemOf(await shop.capture(), 'screen:work:5').attributes['argv'] !== undefined,
    );
    // Numbers name other windows now.
    await shop.screen('work', '-p', '5', '-X', 'number', '6');

    const undone = await shop.undo(results);

    expect(undone.map(({ status }) => status)).toEqual(['done', 'skipped', 'done']);
    expect((await shop.capture()).map(({ attributes }) => attributes['argv'])).toEqual([['sleep', '444']]);
    expect((await shop.undo(results)).map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
  });

  it('types hostile words as they are and runs none of them', async () => {
    await shop.newSession('work');
    const [model] = await shop.capture();
    if (model === undefined) throw new Error('nothing captured');
    const marker = join(shop.folder, 'owned');
    const long = 'z'.repeat(900);
    const words = ['echo', `$(touch ${marker})`, '^M', '\\015', '$HOME', "it's", '"q"', 'ü日', long];
    const hostile: CapturedItem = {
      ...model,
      attributes: {
        ...model.attributes,
        argv: words,
        session: { ...Object(model.attributes['session']), name: 'host $x ^M \\101' },
        window: { number: 2, title: `|$(touch ${marker})` },
        identity: 'abc-1-2',
      },
    };

    const { results } = await shop.restore([hostile]);

    expect(results).toMatchObject([{ status: 'done' }]);
    const joined = async (): Promise<string> =>
      streamText(itemOf(await shop.capture(), 'screen:host $x ^M \\101:2')).replaceAll(/\s/g, '');
    await waitFor('the line', async () => (await joined()).includes(long));
    expect(await joined()).toContain(
      `$ echo '$(touch ${marker})' '^M' ''\\\\'015' '$HOME' 'it'\\''s' '"q"' 'ü\uFFFD' zzz`.replaceAll(' ', ''),
    );
    expect(existsSync(marker)).toBe(false);
  });

  it('runs commands where the user asks, never a guess; says where there is no screen', async () => {
    await shop.newSession('work');
    const [model] = await shop.capture();
    if (model === undefined) throw new Error('nothing captured');
    const items = [true, false].map((isArgvExact, at): CapturedItem => ({
      ...model,
      key: `screen:x:${at}` as CapturedItem['key'],
      attributes: {
        ...model.attributes,
        argv: ['sleep', '333'],
        session: { ...Object(model.attributes['session']), name: 'x' },
        window: { number: at },
        identity: `abc-1-${at}`,
        ...(isArgvExact ? {} : { isArgvExact }),
      },
    }));

    await shop.restore(items, { options: { ...DEFAULT_RESTORE_OPTIONS, shouldRunCommands: true } });

    const argv = async (key: string): Promise<unknown> => itemOf(await shop.capture(), key).attributes['argv'];
    await waitFor('the program', async () => (await argv('screen:x:0')) !== undefined);
    expect(await argv('screen:x:1')).toBeUndefined();
    const without = { ...shop.host, run: () => Promise.reject(new Error('not there')) };
    expect((await shop.restore(items, { host: without })).plan).toMatchObject([
      { status: 'skipped', detail: 'GNU screen is not installed here.' },
      { status: 'skipped' },
    ]);
  });

  it('says that a socket is gone, and how it comes back', async () => {
    await shop.newSession('work');
    const pid = shop.socketOf('work').split('.')[0] ?? '';
    rmSync(join(shop.sockets, shop.socketOf('work')));

    expect(await shop.captureAll()).toMatchObject({
      items: [],
      problems: [{ reason: 'unreadable', message: expect.stringContaining(`kill -CHLD ${pid}`) }],
    });
    process.kill(Number(pid), 'SIGCHLD');
    await waitFor('the socket', async () => (await shop.capture()).length === 1);
  });

  it('does not read what is excluded', async () => {
    await shop.newSession('work');
    const excludes = { path: () => true, url: () => false, command: () => false };

    expect((await shop.capture({ excludes }))[0]?.streams).toEqual([]);
  });

  it('says where there is no folder in memory', async () => {
    await shop.newSession('work');
    rmSync(shop.memory, { recursive: true });

    const { items, problems } = await shop.captureAll();
    mkdirSync(shop.memory);

    expect(items).toMatchObject([{ key: 'screen:work:0', streams: [] }]);
    expect(problems).toMatchObject([{ reason: 'partial' }]);
  });

  it('leaves nothing of it to the source of plain terminals', async () => {
    await shop.newSession('work');

    expect((await createShellSource().capture(makeCaptureContext(shop.host))).items).toEqual([]);
  });
});
