import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createShellSource } from '../../../../src/core/sources/shell/shell-source.ts';
import type { Host, OpenTerminal, RestoreContext } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  DEFAULT_RESTORE_OPTIONS,
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
} from '../../../support/test-host.ts';
import { PTS_0, writeProcess, type FakeProcess } from '../host/fake-proc.ts';

describe('the shell source', () => {
  const source = createShellSource();
  let folder: TemporaryFolder;
  let host: Host;
  let place: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    const procDir = join(folder.path, 'proc');
    mkdirSync(procDir);
    host = { ...makeTestHost(folder.path), procDir };
    place = join(folder.path, 'place');
    mkdirSync(place);
  });

  afterEach(() => folder[Symbol.dispose]());

  function add(process: FakeProcess): void {
    writeProcess(host.procDir, { env: `HOME=${host.homeDir}\0TOKEN=secret\0`, cwd: place, ...process });
  }

  async function capture(): Promise<readonly CapturedItem[]> {
    return (await source.capture(makeCaptureContext(host))).items;
  }

  /** An emulator with one terminal in which vim runs. */
  function addWorkspace(): void {
    add({ pid: 5, tty: 0, argv: ['gnome-terminal-server'], name: 'gnome-terminal-' });
    add({ pid: 10, parentPid: 5, foreground: 20, argv: ['-bash'], name: 'bash' });
    add({ pid: 20, parentPid: 10, group: 20, session: 10, foreground: 20, argv: ['vim', 'a b.txt'] });
  }

  async function plan(
    items: readonly CapturedItem[],
    overrides: Partial<RestoreContext> = {},
  ): Promise<readonly PlannedStep[]> {
    const context = makeRestoreContext(host, folder.path, items, overrides);
    return source.planRestore(context.selected, context);
  }

  const refuse: OpenTerminal = () => Promise.reject(new Error('tmux did not open a window'));

  it('gives each terminal its folder, program, emulator and device', async () => {
    addWorkspace();

    expect(await capture()).toEqual([
      {
        key: 'shell:pts/0',
        kind: 'terminal',
        source: 'shell',
        group: 'gnome-terminal-',
        title: 'vim in place',
        attributes: {
          tty: '/dev/pts/0',
          identity: '-10-10',
          emulator: 'gnome-terminal-',
          shell: 'bash',
          cwd: place,
          isIdle: false,
          argv: ['vim', 'a b.txt'],
        },
        streams: [],
      },
    ]);
    expect(await source.detect(host)).toEqual({ isPresent: true, summary: '1 terminal' });
  });

  it.each<[string, () => void]>([
    [
      'panes of tmux',
      () => {
        add({ pid: 5, tty: 0, name: 'tmux: server' });
        add({ pid: 10, parentPid: 5 });
      },
    ],
    [
      'windows of screen and panes of Zellij',
      () => {
        add({ pid: 5, tty: 0, name: 'screen' });
        add({ pid: 10, parentPid: 5 });
        add({ pid: 6, tty: 0, name: 'zellij' });
        add({ pid: 11, parentPid: 6, tty: PTS_0 + 1 });
      },
    ],
    [
      'terminals that show screen',
      () => {
        add({ pid: 10, foreground: 20 });
        add({ pid: 20, parentPid: 10, session: 10, foreground: 20, argv: ['screen', '-r'] });
      },
    ],
    [
      'terminals behind a pane of tmux',
      () => {
        add({ pid: 5, tty: 0, name: 'tmux: server' });
        add({ pid: 10, parentPid: 5 });
        add({ pid: 11, parentPid: 10, session: 10, tty: PTS_0, argv: ['script'] });
        add({ pid: 12, parentPid: 11, tty: PTS_0 + 1 });
      },
    ],
    [
      'terminals that show tmux',
      () => {
        add({ pid: 10, foreground: 20 });
        add({ pid: 20, parentPid: 10, session: 10, foreground: 20, argv: ['tmux', 'attach'], name: 'tmux: client' });
      },
    ],
    ['another home', () => add({ pid: 10, env: 'HOME=/home/other\0' })],
    [
      'scripts and desktops',
      () => {
        add({ pid: 10, argv: ['bash', '/usr/bin/startx'] });
        add({ pid: 11, tty: 4 * 256 + 2, argv: ['gnome-session'] });
      },
    ],
    [
      'ended shells and processes without a terminal',
      () => {
        add({ pid: 10, state: 'Z' });
        add({ pid: 11, tty: 0 });
      },
    ],
  ])('leaves out %s', async (_, addProcesses) => {
    addProcesses();

    expect(await capture()).toEqual([]);
    expect(await source.detect(host)).toMatchObject({ isPresent: expect.any(Boolean) });
  });

  it('plans a tmux window in the nearest folder, the command on its prompt', async () => {
    addWorkspace();
    const items = await capture();

    const [step] = await plan(items, { openTerminal: refuse });

    expect(step).toMatchObject({
      action: 'open-terminal',
      status: 'planned',
      detail: `A tmux window in ${place}, with \`vim 'a b.txt'\` on the prompt.`,
      payload: { name: 'pts/0 place', cwd: place, argv: ['vim', 'a b.txt'], shouldRun: false },
    });
  });

  it('says what to type where there is no tmux', async () => {
    addWorkspace();

    const [step] = await plan(await capture());

    expect(step).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining(`\`cd -- ${place} && vim 'a b.txt'\``),
    });
  });

  it('recognises what is open: the terminal itself, or the window of an earlier restore', async () => {
    addWorkspace();
    const items = await capture();
    const { items: present } = toSnapshotItems(items);
    const [terminal] = present;
    if (terminal === undefined) throw new Error('nothing captured');
    const window = {
      ...terminal,
      attributes: { session: { name: 'cairn' }, window: { name: 'pts/0 place' }, cwd: place },
    };
    const reused = { ...terminal, attributes: { ...terminal.attributes, identity: 'other-10-10' } };

    const statuses = [];
    for (const open of [[terminal], [window], [reused], [{ ...terminal, stale: true }]]) {
      statuses.push((await plan(items, { openTerminal: refuse, present: open }))[0]?.status);
    }

    expect(statuses).toEqual(['skipped', 'skipped', 'planned', 'planned']);
  });

  it('puts a conversation’s resume command in place of the program, runs only if asked and never a guess', async () => {
    addWorkspace();
    const [item] = await capture();
    if (item === undefined) throw new Error('nothing captured');
    const asked = { openTerminal: refuse, options: { ...DEFAULT_RESTORE_OPTIONS, shouldRunCommands: true } };
    const guess = { ...item, attributes: { ...item.attributes, isArgvExact: false } };
    const resumeCommandFor = (): { argv: string[]; cwd: string } => ({ argv: ['claude', '--resume', 'x'], cwd: '/' });

    expect((await plan([item], { ...asked, resumeCommandFor }))[0]?.payload).toMatchObject({
      argv: ['claude', '--resume', 'x'],
      cwd: '/',
      shouldRun: true,
    });
    expect((await plan([item], asked))[0]?.payload).toMatchObject({ shouldRun: true });
    expect((await plan([guess], asked))[0]?.payload).toMatchObject({ shouldRun: false });
  });

  it('reports each window, and one that does not open costs no other', async () => {
    addWorkspace();
    add({ pid: 30, tty: PTS_0 + 1, foreground: 30 });
    const items = await capture();
    let calls = 0;
    const openTerminal: OpenTerminal = async (request) => {
      calls += 1;
      if (calls === 1) throw new Error('no space');
      return { where: 'there', undo: { name: request.name } };
    };
    const context = makeRestoreContext(host, folder.path, items, { openTerminal });

    const results: StepResult[] = [];
    for await (const result of source.applyRestore(await plan(items, { openTerminal }), context)) results.push(result);

    expect(results).toMatchObject([
      { status: 'failed', detail: expect.stringContaining('no space') },
      { status: 'done', undo: { name: 'pts/1 place' } },
    ]);
  });

  it('finds nothing on a system without /proc', async () => {
    expect(await source.capture(makeCaptureContext({ ...host, procDir: '/nowhere' }))).toEqual({
      items: [],
      problems: [],
      closed: [],
    });
  });
});
