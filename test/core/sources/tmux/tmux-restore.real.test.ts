import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Host } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { DEFAULT_RESTORE_OPTIONS, toSnapshotItems, waitFor } from '../../../support/test-host.ts';
import { describeWith, findProgram } from '../../../support/programs.ts';
import { itemOf, openTmuxWorkshop, waitForShells, type TmuxWorkshop } from './tmux-workshop.ts';

describeWith(['tmux', 'bash'], 'restoring into a real tmux', () => {
  let shop: TmuxWorkshop;

  beforeEach(() => {
    shop = openTmuxWorkshop();
  });

  afterEach(() => shop[Symbol.asyncDispose]());

  /** Everything that should come back of every pane: place, names, size, flags. */
  async function geometry(): Promise<string[]> {
    const format =
      '#{session_name}:#{window_index}.#{pane_index} #{window_name} #{pane_width}x#{pane_height}+#{pane_left}+#{pane_top} #{window_zoomed_flag}#{pane_active}#{window_active} #{session_path}';
    return (await shop.tmux('list-panes', '-a', '-F', format)).trim().split('\n').toSorted();
  }

  async function folders(): Promise<string[]> {
    return (await shop.capture()).map((item) => `${item.key} ${JSON.stringify(item.attributes['cwd'])}`).toSorted();
  }

  /** Two sessions, windows of different shapes and sizes, a zoomed and an inactive pane; all in folders of their own. */
  async function makeWorkspace(): Promise<readonly CapturedItem[]> {
    const [api, web] = [shop.makeFolder('api dir'), shop.makeFolder('web')];
    await shop.newSession('main', '-n', 'edit', '-c', api);
    await shop.tmux('split-window', '-h', '-t', 'main:0', '-c', web, 'bash --norc');
    await shop.tmux('split-window', '-v', '-l', '7', '-t', 'main:0.0', '-c', shop.folder, 'bash --norc');
    await shop.tmux('split-window', '-v', '-b', '-t', 'main:0.2', '-c', '/usr', 'bash --norc');
    await shop.tmux('select-pane', '-t', 'main:0.1');
    await shop.tmux('resize-pane', '-Z', '-t', 'main:0.1');
    await shop.tmux('new-window', '-d', '-t', 'main:7', '-n', 'lögs: π', '-c', web, 'bash --norc');
    await shop.tmux('split-window', '-d', '-t', 'main:7', '-c', '/tmp', 'bash --norc');
    await shop.tmux('new-session', '-d', '-s', 'second', '-x', '91', '-y', '23', '-c', web, 'bash --norc');
    await shop.tmux('move-window', '-s', 'second:0', '-t', 'second:4');
    await waitFor('the shells', async () => (await folders()).filter((line) => line.endsWith('/web"')).length === 3);
    await waitForShells((...args) => shop.tmux(...args));
    return shop.capture();
  }

  it('brings layouts, sizes, indexes, names, folders, zoom and active panes back to the cell', async () => {
    const items = await makeWorkspace();
    const [shape, places] = [await geometry(), await folders()];
    await shop.tmux('kill-server');
    rmSync(dirname(itemOf(items, 'tmux:main:0.0').group), { recursive: true });

    const { results } = await shop.restore(items);

    expect(results.map((result) => result.status)).toEqual(items.map(() => 'done'));
    expect(await geometry()).toEqual(shape);
    await waitFor('the shells', async () => JSON.stringify(await folders()) === JSON.stringify(places));
  });

  it('waits for a server that is still ending', async () => {
    await shop.newSession('main');
    const items = await shop.capture();
    const client = spawn('tmux', ['-C', 'attach-session', '-t', 'main'], { env: shop.host.env });
    try {
      await waitFor('the client', async () => (await shop.tmux('list-clients')) !== '');
      // A server ends only once its last client has gone.
      client.kill('SIGSTOP');
      await shop.tmux('kill-server');
      setTimeout(() => client.kill('SIGKILL'), 500);

      const { results } = await shop.restore(items);

      expect(results).toMatchObject([{ status: 'done' }]);
    } finally {
      client.kill('SIGKILL');
    }
  });

  it('finishes what it made where it is cancelled: it can be undone, and tmux names its window', async () => {
    await shop.newSession('main');
    await waitForShells((...args) => shop.tmux(...args));
    const items = await shop.capture();
    await shop.tmux('kill-server');
    const cancel = new AbortController();
    const host: Host = {
      ...shop.host,
      run: (file, args, options) => {
        if (file === 'stty') cancel.abort(); // asked while it waits for the prompt
        return shop.host.run(file, args, options);
      },
    };

    const { results } = await shop.restore(items, { host, signal: cancel.signal });

    expect(results).toMatchObject([{ status: 'done', undo: { paneId: expect.any(String) } }]);
    expect(await shop.tmux('show-options', '-w', '-v', '-t', 'main', 'automatic-rename')).toBe('on\n');
    expect(cancel.signal.aborted).toBe(true);
  });

  it('does nothing twice, however often, and knows its panes wherever they went', async () => {
    const items = await makeWorkspace();
    await shop.tmux('kill-server');
    await shop.restoreOverPresent(items);
    const [shape, panes] = [await geometry(), (await shop.capture()).length];

    const again = await shop.restoreOverPresent(items);
    await shop.tmux('break-pane', '-d', '-s', 'main:7.1');
    await shop.tmux('rename-session', '-t', 'second', 'other');
    const moved = await shop.restoreOverPresent(items);

    expect(again.results).toEqual([]);
    expect(shape).toHaveLength(panes);
    expect(moved.results).toEqual([]);
    expect(moved.plan.filter((step) => step.detail.includes('as Pane')).map((step) => step.key)).toEqual([
      'tmux:main:7.1',
      'tmux:second:4.0',
    ]);
    expect(await shop.capture()).toHaveLength(panes);
    // A copy of a restored pane, captured and killed, comes back as well.
    const second = await shop.capture();
    await shop.tmux('kill-server');
    expect((await shop.restoreOverPresent(second)).results.map((result) => result.status)).toEqual(
      second.map(() => 'done'),
    );
  });

  it('leaves a session of the same name alone, beside which it opens what is missing', async () => {
    const items = await makeWorkspace();
    await shop.newSession('keeper');
    for (const name of ['main', 'second']) await shop.tmux('kill-session', '-t', name);
    await shop.newSession('main', '-n', 'mine', '-c', '/');
    await shop.tmux('send-keys', '-t', 'main', 'sleep 555', 'Enter');
    await shop.waitForProgram('main', 'sleep');

    const { results } = await shop.restoreOverPresent(items.filter((item) => item.key.startsWith('tmux:main')));

    expect(results.map((result) => result.status)).toEqual(results.map(() => 'done'));
    expect(results.some((result) => result.detail.includes('0 was taken'))).toBe(true);
    const windows = (
      await shop.tmux(
        'list-windows',
        '-t',
        'main',
        '-F',
        '#{window_index} #{window_name} #{window_panes} #{window_active}',
      )
    ).trim();
    expect(windows.split('\n')).toEqual(['0 mine 1 1', '1 edit 4 0', '7 lögs: π 2 0']);
    await shop.waitForProgram('main:0', 'sleep');
  });

  it('puts a closed pane back into its window, in its place', async () => {
    const items = await makeWorkspace();
    const shape = await geometry();
    await shop.tmux('kill-pane', '-t', 'main:0.2');
    await shop.tmux('resize-pane', '-Z', '-t', 'main:0.1');

    const { results, plan } = await shop.restoreOverPresent(items);

    expect(results).toMatchObject([{ key: 'tmux:main:0.2', status: 'done' }]);
    expect(plan.find((step) => step.key === 'tmux:main:0.2')?.detail).toContain('in its window that is still open');
    const withoutFlags = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/ [01]{3} /, ' '));
    expect(withoutFlags(await geometry())).toEqual(withoutFlags(shape));
    expect((await geometry()).filter((line) => line.startsWith('main:0.1'))).toEqual(
      shape.filter((line) => line.startsWith('main:0.1')),
    );
    expect((await shop.restoreOverPresent(items)).results).toEqual([]);
  });

  it('links shared windows again and groups sessions again', async () => {
    await shop.newSession('main');
    await shop.tmux('new-window', '-d', '-t', 'main:', 'bash --norc');
    await shop.tmux('new-session', '-d', '-s', 'mirror', '-t', 'main');
    await shop.tmux('new-session', '-d', '-s', 'apart', 'bash --norc');
    await shop.tmux('link-window', '-d', '-s', 'main:1', '-t', 'apart:5');
    const shared = async (): Promise<string[]> => {
      const rows = await shop.tmux(
        'list-windows',
        '-a',
        '-F',
        '#{window_id} #{session_name}:#{window_index} #{session_grouped}',
      );
      const windows = Map.groupBy(
        rows
          .trim()
          .split('\n')
          .map((row) => row.split(' ')),
        ([id]) => id,
      );
      return [...windows.values()]
        .map((places) => places.map(([, place, grouped]) => `${place} ${grouped}`).join(', '))
        .toSorted();
    };
    const [items, before] = [await shop.capture(), await shared()];
    expect(before.some((line) => line.includes('apart:5') && line.includes('mirror:1'))).toBe(true);
    await shop.tmux('kill-server');

    const { results } = await shop.restore(items);

    expect(results.map((result) => result.status)).toEqual(items.map(() => 'done'));
    expect(await shared()).toEqual(before);
    expect((await shop.restoreOverPresent(items)).results).toEqual([]);
    const undone = await shop.undo(results);
    expect(undone.filter((result) => result.status === 'failed')).toEqual([]);
    expect((await shop.capture()).length).toBe(0);
  });

  it('expands nothing of a name, a folder or a title', async () => {
    const marker = join(shop.folder, 'owned');
    const places = [`a#(touch ${marker})`, '#{pid} %H', 'b##[x;', "it's #[fg=red]"].map((name) =>
      join(shop.folder, name.replaceAll('/', '_')),
    );
    for (const place of places) mkdirSync(place);
    await shop.newSession('first', '-c', '/');
    const [model] = await shop.capture();
    if (model === undefined) throw new Error('nothing captured');
    const { window, pane } = model.attributes;
    const names = [`x##(touch ${marker});`, '$3', '=y', '-dash', 'back\\\\slash', '#{session_id}'];
    const hostile = names.map((name, at): CapturedItem => {
      const shell = `#(touch ${marker})#[x;`;
      return {
        ...model,
        key: `tmux:h${at}:0.0` as CapturedItem['key'],
        attributes: {
          ...model.attributes,
          session: { name, path: places[at % places.length] ?? '/' },
          window: { ...Object(window), identity: `1-1@${at}`, name: shell, isAutomaticallyNamed: false },
          pane: { ...Object(pane), identity: `1-1%${at}`, title: shell },
          cwd: places[(at + 1) % places.length] ?? '/',
          argv: ['echo', '#{pid}', ';'],
        },
      };
    });

    const { results } = await shop.restore(hostile);

    expect(results.map((result) => result.status)).toEqual(names.map(() => 'done'));
    const facts = (items: readonly CapturedItem[]): string[] =>
      items
        .map(({ attributes: { session, window, cwd } }) =>
          JSON.stringify([Object(session).name, Object(window).name, cwd]),
        )
        .toSorted();
    await waitFor('the shells', async () => (await shop.capture()).every((item) => item.attributes['shell'] !== 'sh'));
    const now = (await shop.capture()).filter((item) => item.key !== 'tmux:first:0.0');
    expect(facts(now)).toEqual(facts(hostile));
    for (const item of now)
      await shop.waitForScreen(`=${Object(item.attributes['session']).name}:`, "echo '#{pid}' ';'");
    expect(existsSync(marker)).toBe(false);
  });

  it('runs only what shows something, unless asked, and never a guess', async () => {
    await shop.newSession('main');
    const [model] = await shop.capture();
    if (model === undefined) throw new Error('nothing captured');
    const file = join(shop.folder, 'a b.log');
    writeFileSync(file, 'log line\n');
    const commands = [
      ['less', file],
      ['sleep', '333'],
      ['npm', 'run', 'dev'],
      ['tail', '-f', file],
    ];
    const items = commands.map((argv, at): CapturedItem => ({
      ...model,
      key: `tmux:c${at}:0.0` as CapturedItem['key'],
      attributes: {
        ...model.attributes,
        argv,
        session: { name: `c${at}`, path: '/' },
        window: { ...Object(model.attributes['window']), identity: `1-1@${at}` },
        pane: { ...Object(model.attributes['pane']), identity: `1-1%${at}` },
        ...(at === 2 ? { isArgvExact: false } : {}),
      },
    }));

    const { plan } = await shop.restore(items);

    expect(plan.map((step) => step.detail.includes(', running'))).toEqual([true, false, false, true]);
    await shop.waitForProgram('c0', 'less');
    await shop.waitForProgram('c3', 'tail');
    await shop.waitForScreen('c1', 'sleep 333');
    expect(await shop.tmux('list-panes', '-t', 'c1', '-F', '#{pane_current_command}')).toBe('bash\n');
    for (const name of ['c0', 'c1', 'c2', 'c3']) await shop.tmux('kill-session', '-t', name);
    const asked = await shop.restore(items, { options: { ...DEFAULT_RESTORE_OPTIONS, shouldRunCommands: true } });
    expect(asked.plan.map((step) => step.detail.includes(', running'))).toEqual([true, true, false, true]);
    await shop.waitForProgram('c1', 'sleep');
  });

  it('types a pipeline as one, and the way back into a tmux within tmux', async () => {
    await shop.newSession('outer');
    await shop.tmux('new-window', '-d', '-t', 'outer:', 'bash --norc');
    await shop.tmux('-L', 'inner', 'new-session', '-d', '-s', 'deep', 'cat');
    await shop.tmux('send-keys', '-t', 'outer:0', 'env -u TMUX tmux -L inner attach -t deep', 'Enter');
    await shop.tmux('send-keys', '-t', 'outer:1', "tail -f /dev/null | grep 'a b'", 'Enter');
    await waitFor('the client', async () => (await shop.tmux('-L', 'inner', 'list-clients')) !== '');
    await shop.waitForProgram('outer:1', 'tail');
    const items = (await shop.capture()).filter((item) => item.key.startsWith('tmux:outer'));
    await shop.tmux('kill-session', '-t', 'outer');

    const { plan } = await shop.restoreOverPresent(items);

    expect(plan.map((step) => step.detail)).toEqual([
      expect.stringContaining('`env -u TMUX tmux -S '),
      expect.stringContaining("with `tail -f /dev/null | grep 'a b'` on the prompt"),
    ]);
    await shop.waitForScreen('outer:1', "tail -f /dev/null | grep 'a b'");
    await shop.tmux('send-keys', '-t', 'outer:0', 'Enter');
    await waitFor('the client', async () => (await shop.tmux('-L', 'inner', 'list-clients')) !== '');
  });

  it('starts a login shell in the user’s own locale, types once, and leaves no text behind', async () => {
    writeFileSync(join(shop.host.homeDir, '.bash_profile'), 'echo profile-was-read; sleep 0.3; PS1="ready> "\n');
    await shop.newSession('main');
    await shop.tmux('send-keys', '-t', 'main', 'echo old-words; sleep 444', 'Enter');
    await shop.waitForProgram('main', 'sleep');
    const items = await shop.capture();
    await shop.tmux('kill-server');

    await shop.restore(items);

    expect(readdirSync(join(shop.folder, 'scratch'))).toEqual([]);
    await shop.waitForScreen('main', 'ready> sleep 444');
    const lines = (await shop.screen('main')).trimEnd().split('\n');
    const divider = lines.findIndex((line) => line.includes('restored from 2026-11-20 14:02 UTC'));
    expect(lines.slice(divider + 1)).toEqual(['profile-was-read', 'ready> sleep 444']);
    expect(lines.slice(0, divider).join('\n')).toContain('\nold-words');
    expect(await shop.tmux('show-environment', '-g')).not.toContain('LC_ALL');
  });

  it.skipIf(findProgram('zsh') === null)('starts the shell that a pane ran, with and without text', async () => {
    writeFileSync(join(shop.host.homeDir, '.zshrc'), "PS1='%% '\n");
    await shop.newSession('main');
    await shop.tmux('send-keys', '-t', 'main', 'exec zsh', 'Enter');
    await shop.waitForProgram('main', 'zsh');
    const items = await shop.capture();
    const named = (shell: string) =>
      items.map((item) => ({ ...item, attributes: { ...item.attributes, shell }, streams: [] }));
    expect(items.map(({ attributes }) => attributes['shell'])).toEqual(['zsh']);

    for (const [wanted, started] of [
      [items, 'zsh'],
      [named('zsh'), 'zsh'],
      [named('mksh-is-not-here'), 'bash'],
      [named('/bin/zsh'), 'bash'],
    ] as const) {
      await shop.tmux('kill-server');
      await shop.restore(wanted);
      await shop.waitForProgram('main', started);
    }
  });

  it('honours the user’s default command', async () => {
    await shop.newSession('main', '-c', '/');
    await shop.tmux('send-keys', '-t', 'main', 'echo text', 'Enter');
    await shop.waitForScreen('main', '\ntext');
    const items = await shop.capture();
    await shop.tmux('set-option', '-g', 'default-command', 'exec env OWN=yes bash --norc');
    await shop.newSession('keeper');
    await shop.tmux('kill-session', '-t', 'main');

    await shop.restoreOverPresent(items);
    await shop.tmux('send-keys', '-t', 'main', 'echo own=$OWN', 'Enter');

    await shop.waitForScreen('main', '\nown=yes');
  });

  it('undoes only what nobody has used: not where a command ran or the folder changed', async () => {
    for (const name of ['idle', 'ran', 'went', 'runs']) await shop.newSession(name, '-c', '/');
    const items = await shop.capture();
    await shop.tmux('kill-server');
    const { results } = await shop.restore(items);
    await shop.tmux('send-keys', '-t', 'ran', '/bin/echo ran-it', 'Enter');
    await shop.waitForScreen('ran', '\nran-it');
    await shop.tmux('send-keys', '-t', 'went', 'cd /usr; echo went-there', 'Enter');
    await shop.waitForScreen('went', '\nwent-there');
    await shop.tmux('send-keys', '-t', 'runs', 'sleep 222', 'Enter');
    await shop.waitForProgram('runs', 'sleep');

    const undone = await shop.undo(results);

    expect(Object.fromEntries(undone.map((result) => [result.key, result.status]))).toEqual({
      'tmux:idle:0.0': 'done',
      'tmux:ran:0.0': 'skipped',
      'tmux:went:0.0': 'skipped',
      'tmux:runs:0.0': 'skipped',
    });
    expect(await shop.undo(results)).toMatchObject(results.map(() => ({ status: 'skipped' })));
  });

  it('reports a pane that does not fit, and keeps the others', async () => {
    await shop.newSession('main');
    const [model] = await shop.capture();
    if (model === undefined) throw new Error('nothing captured');
    const tiny = { ...Object(model.attributes['window']), width: 4, height: 3, layout: '' };
    const items = [0, 1, 2, 3, 4, 5, 6, 7].map((index): CapturedItem => ({
      ...model,
      key: `tmux:tiny:0.${index}` as CapturedItem['key'],
      attributes: {
        ...model.attributes,
        session: { name: 'tiny', path: '/' },
        window: { ...tiny, identity: '1-1@1' },
        pane: { ...Object(model.attributes['pane']), index, identity: `1-1%${index}` },
      },
    }));

    const { results } = await shop.restore(items);

    const statuses = new Set(results.map((result) => result.status));
    expect(statuses).toEqual(new Set(['done', 'failed']));
    expect(results).toHaveLength(items.length);
    const open = (await shop.capture()).filter((item) => item.key.startsWith('tmux:tiny'));
    expect(open).toHaveLength(results.filter((result) => result.status === 'done').length);
  });

  it('skips what was captured without what it needs, and says so', async () => {
    await shop.newSession('main');
    const { items } = toSnapshotItems(await shop.capture());

    const broken = items.map((item) => ({ ...item, attributes: { ...item.attributes, window: { index: -1 } } }));
    const { plan } = await shop.restore([], { selected: broken });

    expect(plan).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('without what is needed') }]);
  });
});
