import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createTmuxSource } from '../../../../src/core/sources/tmux/tmux-source.ts';
import { onlyColours } from '../../../../src/core/sources/terminal/old-text.ts';
import type { Host, RestoreContext } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { text } from '../../../support/captures.ts';
import { describeWith } from '../../../support/programs.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, toSnapshotItems, waitFor } from '../../../support/test-host.ts';
import { makeTestHost } from '../../../support/test-host.ts';
import { waitForShells } from './tmux-workshop.ts';

describeWith(['tmux', 'bash'], 'the tmux source on a real tmux', () => {
  const source = createTmuxSource();
  let folder: TemporaryFolder;
  let host: Host;
  let scratch: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    scratch = join(folder.path, 'scratch');
    mkdirSync(scratch, { mode: 0o700 });
  });

  afterEach(async () => {
    await host.run('tmux', ['kill-server']).catch(() => undefined);
    await host.run('tmux', ['-L', 'other', 'kill-server']).catch(() => undefined);
    folder[Symbol.dispose]();
  });

  async function tmux(...args: string[]): Promise<string> {
    const result = await host.run('tmux', ['-u', ...args]);
    if (result.exitCode !== 0) throw new Error(`tmux ${args.join(' ')}: ${result.stderr.toString()}`);
    return result.stdout.toString();
  }

  async function capture(overrides = {}): Promise<readonly CapturedItem[]> {
    return (await source.capture(makeCaptureContext(host, overrides))).items;
  }

  async function restore(
    items: readonly CapturedItem[],
    overrides: Partial<RestoreContext> = {},
  ): Promise<{ plan: readonly PlannedStep[]; results: StepResult[] }> {
    const context = makeRestoreContext(host, scratch, items, overrides);
    const plan = await source.planRestore(context.selected, context);
    const results: StepResult[] = [];
    for await (const result of source.applyRestore(plan, context)) results.push(result);
    return { plan, results };
  }

  function textOf(item: CapturedItem | undefined): string {
    const content = item?.streams[0]?.content;
    return content?.type === 'whole' ? text(content.bytes) : '';
  }

  /** Two sessions, a split with a named window, folders, a running program, coloured text, a zoomed pane. */
  async function makeWorkspace(): Promise<void> {
    const api = join(folder.path, 'api dir');
    const web = join(folder.path, 'web');
    mkdirSync(api);
    mkdirSync(web);
    await tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-s',
      'main',
      '-n',
      'edit',
      '-x',
      '120',
      '-y',
      '40',
      '-c',
      api,
      'bash --norc',
    );
    await tmux('split-window', '-h', '-t', 'main:edit', '-c', web, 'bash --norc');
    await tmux('split-window', '-v', '-t', 'main:edit', '-c', folder.path, 'bash --norc');
    await tmux('new-window', '-t', 'main:', '-n', 'lögs: π', '-c', web, 'bash --norc');
    await tmux('new-session', '-d', '-s', 'second', '-x', '100', '-y', '30', '-c', web, 'bash --norc');
    await tmux('send-keys', '-t', 'main:edit.0', String.raw`printf '\033[31mcanary-red\033[0m\n'; sleep 1000`, 'Enter');
    await tmux('select-pane', '-t', 'main:edit.1');
    await tmux('resize-pane', '-Z', '-t', 'main:edit.1');
    await tmux('select-window', '-t', 'main:edit');
    await waitFor('the program to run', async () =>
      (await tmux('list-panes', '-t', 'main:edit', '-F', '#{pane_current_command}')).includes('sleep'),
    );
    await waitForShells(tmux);
  }

  async function geometry(): Promise<string[]> {
    const rows = await tmux(
      'list-panes',
      '-a',
      '-F',
      '#{session_name}:#{window_index}.#{pane_index} #{window_name} #{pane_width}x#{pane_height}+#{pane_left}+#{pane_top} #{window_zoomed_flag}#{pane_active}#{window_active} #{pane_current_path}',
    );
    return rows.trim().split('\n').toSorted();
  }

  it('reads sessions, windows, panes, folders, what runs, and coloured text', async () => {
    await makeWorkspace();

    const items = await capture();

    expect(items.map((item) => item.key).toSorted()).toEqual([
      'tmux:main:0.0',
      'tmux:main:0.1',
      'tmux:main:0.2',
      'tmux:main:1.0',
      'tmux:second:0.0',
    ]);
    const first = items.find((item) => item.key === 'tmux:main:0.0');
    expect(first?.attributes).toMatchObject({
      cwd: join(folder.path, 'api dir'),
      argv: ['sleep', '1000'],
      window: { name: 'edit', isZoomed: true },
    });
    expect(textOf(first)).toContain('\u001b[31mcanary-red');
    expect(items.find((item) => item.key === 'tmux:main:1.0')?.attributes).toMatchObject({
      window: { name: 'lögs: π' },
    });
    expect(JSON.stringify(items)).not.toContain('TMUX_TMPDIR');
  });

  it('finds servers on other sockets and gives their panes keys of their own', async () => {
    await tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'main', 'bash --norc');
    await tmux('-f', '/dev/null', '-L', 'other', 'new-session', '-d', '-s', 'main', 'bash --norc');

    expect((await capture()).map((item) => item.key).toSorted()).toEqual(['tmux:main:0.0', 'tmux:other:main:0.0']);
  });

  it('does not read an unchanged pane again', async () => {
    await makeWorkspace();
    const versions = new Map<string, { version: string; sizeBytes: number }>();
    const known = (key: string, stream: string) => versions.get(`${key} ${stream}`);
    const note = (items: readonly CapturedItem[]): void => {
      for (const item of items)
        for (const stream of item.streams)
          versions.set(`${item.key} ${stream.name}`, { version: stream.version, sizeBytes: 1 });
    };
    // tmux tells a shell late that its pane was zoomed, and it draws its prompt anew: until then it does change.
    await waitFor('panes that do not change', async () => {
      const later = Date.now() + 2000;
      note(await capture({ nowMs: later }));
      await delay(1_000);
      const second = await capture({ nowMs: later, known });
      const kinds = second.flatMap((item) => item.streams.map((stream) => stream.content.type));
      return kinds.length === 5 && kinds.every((kind) => kind === 'unchanged');
    });

    await tmux('send-keys', '-t', 'second:0.0', 'echo changed', 'Enter');
    await waitFor('the output', async () =>
      (await tmux('capture-pane', '-p', '-t', 'second:0.0')).includes('\nchanged'),
    );
    const third = await capture({ nowMs: Date.now() + 3000, known });
    expect(third.filter((item) => item.streams[0]?.content.type === 'whole').map((item) => item.key)).toEqual([
      'tmux:second:0.0',
    ]);
  });

  it('brings everything back after kill-server: layout, names, zoom, folders, text, and commands on the prompt', async () => {
    await makeWorkspace();
    const before = await geometry();
    const items = await capture();
    await tmux('kill-server');

    const { plan, results } = await restore(items);

    expect(plan.every((step) => step.status === 'planned')).toBe(true);
    expect(results.map((result) => `${result.key} ${result.status}`).toSorted()).toEqual(
      items.map((item) => `${item.key} done`).toSorted(),
    );
    await waitFor(
      'the shells to be in their folders',
      async () => JSON.stringify(await geometry()) === JSON.stringify(before),
    ).catch(() => undefined);
    expect(await geometry()).toEqual(before);
    await waitFor('the old text', async () =>
      (await tmux('capture-pane', '-p', '-J', '-S', '-', '-t', 'main:edit.0')).includes('sleep 1000'),
    );
    const screen = await tmux('capture-pane', '-p', '-e', '-S', '-', '-t', 'main:edit.0');
    expect(screen).toContain('canary-red');
    expect(screen).toContain('restored from 2026-11-20 14:02 UTC');
    expect(screen.trimEnd().split('\n').at(-1)).toMatch(/sleep 1000$/);
    expect(await tmux('list-panes', '-t', 'main:edit', '-F', '#{pane_current_command}')).not.toContain('sleep');
    await waitFor('the printed files to be gone', () => readdirSync(scratch).length === 0);
  });

  it('does nothing where everything is open, and opens only what is missing', async () => {
    await makeWorkspace();
    const items = await capture();
    const present = toSnapshotItems(items).items;

    expect((await restore(items, { present })).plan.map((step) => step.status)).toEqual(items.map(() => 'skipped'));
    await tmux('kill-window', '-t', 'main:1');
    const again = await restore(items, { present: toSnapshotItems(await capture()).items });
    expect(again.results.map((result) => result.key)).toEqual(['tmux:main:1.0']);
    expect((await capture()).length).toBe(items.length);
  });

  it('goes to the nearest folder that is left, and says so', async () => {
    const gone = join(folder.path, 'a', 'b');
    mkdirSync(gone, { recursive: true });
    await tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'main', '-c', gone, 'bash --norc');
    const items = await capture();
    await tmux('kill-server');
    rmSync(join(folder.path, 'a'), { recursive: true });

    const { plan } = await restore(items);

    expect(plan[0]?.detail).toContain(`in ${folder.path}, since ${gone} is gone`);
    await waitFor(
      'the folder',
      async () => (await tmux('list-panes', '-a', '-F', '#{pane_current_path}')).trim() === folder.path,
    );
  });

  it('puts a conversation’s resume command on the prompt in place of the captured one', async () => {
    await makeWorkspace();
    const items = (await capture()).filter((item) => item.key === 'tmux:main:0.0');
    await tmux('kill-server');

    await restore(items, { resumeCommandFor: () => ({ argv: ['claude', '--resume', "it's"], cwd: '/' }) });

    await waitFor('the command', async () =>
      (await tmux('capture-pane', '-p', '-t', 'main:0.0')).includes(String.raw`claude --resume 'it'\''s'`),
    );
  });

  it('takes hostile names and text as text', async () => {
    await tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'main', 'bash --norc');
    const [item] = await capture();
    if (item === undefined) throw new Error('nothing captured');
    const marker = join(folder.path, 'owned');
    const hostile: CapturedItem = {
      ...item,
      attributes: {
        ...item.attributes,
        session: { name: 'x', path: '/' },
        argv: ['echo', `$(touch ${marker})`, `; touch ${marker}`, '-n'],
        window: { ...(item.attributes['window'] as object), name: `#(touch ${marker})` },
      },
      streams: [
        {
          name: 'scrollback',
          kind: 'ring',
          version: '',
          content: {
            type: 'whole',
            bytes: new TextEncoder().encode(
              `\u001b]0;title\u0007\u001b[2Jtext \u001b[32mgreen\u001b[0m $(touch ${marker})\n`,
            ),
          },
        },
      ],
    };

    await restore([hostile]);

    await waitFor('the text', async () => (await tmux('capture-pane', '-p', '-t', 'x:0.0')).includes('green'));
    await tmux('send-keys', '-t', 'x:0.0', 'Enter');
    await waitFor(
      'the echo',
      async () => (await tmux('capture-pane', '-p', '-J', '-t', 'x:0.0')).split('touch').length > 5,
    );
    expect(readdirSync(folder.path)).not.toContain('owned');
    expect(
      onlyColours(Buffer.from('\u001b[31mred\u001b[2J\u001b]52;c;AAAA\u0007\u0007\u001bPq\u001b\\end\n\t')).toString(),
    ).toBe('\u001b[31mredend\n\t');
  });

  it('undoes a restore: closes idle panes that it made, leaves those in use', async () => {
    await makeWorkspace();
    const items = await capture();
    await tmux('kill-server');
    const { results } = await restore(items);
    await waitFor(
      'shells at their prompts',
      async () => !(await tmux('list-panes', '-a', '-F', '#{pane_current_command}')).includes('cat'),
    );
    await tmux('send-keys', '-t', 'second:0.0', 'C-u');
    await tmux('send-keys', '-t', 'second:0.0', 'sleep 500', 'Enter');
    await waitFor('the program', async () =>
      (await tmux('list-panes', '-a', '-F', '#{pane_current_command}')).includes('sleep'),
    );

    const undone = [];
    for (const result of results.toReversed())
      undone.push(
        await source.undoRestore(result, {
          host,
          signal: AbortSignal.timeout(5000),
          nowMs: 0,
          readBefore: async () => new Uint8Array(),
        }),
      );

    expect(undone.map((result) => result.status).toSorted()).toEqual(['done', 'done', 'done', 'done', 'skipped']);
    expect((await tmux('list-panes', '-a', '-F', '#{session_name}')).trim()).toBe('second');
  });

  it('hears of changes within three seconds, and leaves no client behind', async () => {
    await tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'main', 'bash --norc');
    const controller = new AbortController();
    let changes = 0;
    await source.watch?.({ host, signal: controller.signal, onChange: () => (changes += 1) });
    await waitFor('the client', async () => (await tmux('list-clients')).trim() !== '');
    await new Promise((resolve) => setTimeout(resolve, 300));
    changes = 0;

    await tmux('split-window', '-t', 'main', 'bash --norc');

    await waitFor('the news', () => changes > 0, 3000);
    controller.abort();
    await waitFor('the client to go', async () => (await tmux('list-clients')).trim() === '');
    expect((await capture()).length).toBe(2);
  });

  it('gives nothing, and no error, where no server runs', async () => {
    expect(await source.capture(makeCaptureContext(host))).toEqual({ items: [], problems: [], closed: [] });
    expect((await source.detect(host)).isPresent).toBe(false);
  });
});
