// On a program that stands in for WezTerm, with real shells on real terminals: the real one cannot be had where these tests run.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Host, RestoreContext } from '../../../../src/core/sources/source.ts';
import { createWeztermSource } from '../../../../src/core/sources/wezterm/wezterm-source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { describeWith } from '../../../support/programs.ts';
import { StandInTerminals } from '../../../support/stand-ins/stand-in-terminals.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor as waitShortly,
} from '../../../support/test-host.ts';
import { streamText } from '../tmux/tmux-workshop.ts';

/** Each call of the stand-in starts a Node. */
const PATIENCE_MS = 20_000;
const STAND_IN = new URL('../../../support/stand-ins/wezterm.ts', import.meta.url).pathname;

function waitFor(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  return waitShortly(what, holds, PATIENCE_MS);
}

describeWith(['script', 'bash'], 'the WezTerm source on a program that stands in for it', () => {
  const source = createWeztermSource();
  let folder: TemporaryFolder;
  let host: Host;
  let server: Server;
  let terminals: StandInTerminals;
  let scratch: string;

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    const [bin, socket, state] = ['bin', 'sock', 'state'].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ]; // three
    scratch = join(folder.path, 'scratch');
    for (const each of [bin, scratch]) mkdirSync(each, { mode: 0o700 });
    writeFileSync(
      join(bin, 'wezterm'),
      `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${STAND_IN}' "$@"\n`,
    );
    chmodSync(join(bin, 'wezterm'), 0o755);
    host = makeTestHost(folder.path, {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      DISPLAY: ':none',
      STAND_IN_FOLDER: state,
      STAND_IN_SOCKET: socket,
      WEZTERM_UNIX_SOCKET: socket,
    });
    writeFileSync(join(host.homeDir, '.bashrc'), "PS1='$ '\n");
    terminals = new StandInTerminals(state);
    server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  });

  afterEach(async () => {
    for (const { id } of terminals.panes()) terminals.close(id);
    await new Promise((resolve) => server.close(resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    folder[Symbol.dispose]();
  });

  async function capture(): Promise<readonly CapturedItem[]> {
    return (await source.capture(makeCaptureContext(host))).items;
  }

  async function cli(...args: readonly string[]): Promise<number> {
    return Number((await host.run('wezterm', ['cli', ...args], { timeoutMs: 10_000 })).stdout.toString());
  }

  async function restore(
    items: readonly CapturedItem[],
    overrides: Partial<RestoreContext> = {},
  ): Promise<{ plan: readonly PlannedStep[]; results: readonly StepResult[] }> {
    const context = makeRestoreContext(host, scratch, items, overrides);
    const plan = await source.planRestore(context.selected, context);
    const results: StepResult[] = [];
    for await (const result of source.applyRestore(plan, context)) results.push(result);
    return { plan, results };
  }

  /** Two windows, one with two tabs, one of them with three panes. */
  async function makeWorkspace(): Promise<readonly CapturedItem[]> {
    const place = join(folder.path, "my 'place'");
    mkdirSync(place);
    const first = await cli('spawn', '--new-window', '--workspace', 'w 1', '--cwd', place, '--', 'bash');
    const right = await cli(
      'split-pane',
      '--pane-id',
      `${first}`,
      '--right',
      '--percent',
      '30',
      '--cwd',
      '/usr',
      '--',
      'bash',
    );
    await cli('split-pane', '--pane-id', `${right}`, '--bottom', '--cwd', '/tmp', '--', 'bash');
    await cli('spawn', '--window-id', '0', '--cwd', '/var', '--', 'bash');
    await cli('set-tab-title', '--pane-id', '3', '--', 'a`id` 日');
    await cli('spawn', '--new-window', '--cwd', '/', '--', 'bash');
    await cli('activate-pane', '--pane-id', `${right}`);
    terminals.type(first, "printf '\\033[31mred\\033[0m\\n'; sleep 1000\r");
    await waitFor('the program', async () => (await capture())[0]?.attributes['argv'] !== undefined);
    return capture();
  }

  function shape(items: readonly CapturedItem[]): unknown[] {
    const windows = [...new Set(items.map(({ attributes }) => Object(attributes['window']).id))];
    return items
      .map(({ attributes }) => {
        const [window, tab, pane] = ['window', 'tab', 'pane'].map((name) => Object(attributes[name]));
        const ids = items.flatMap(({ attributes: other }) =>
          Object(other['tab']).id === tab.id ? Object(other['pane']).id : [],
        );
        const splits = JSON.stringify(tab.splits).replaceAll(
          /"(one|two)":(\d+)/g,
          (_, part: string, id: string) => `${part}:${ids.indexOf(Number(id))}`,
        );
        return JSON.stringify([
          ...[windows.indexOf(window.id), window.workspace, tab.index, tab.title, ids.length > 1 ? splits : ''],
          ...[pane.width, pane.height, pane.isActive, attributes['cwd']],
        ]);
      })
      .toSorted();
  }

  it('captures windows, tabs, splits, folders, programs and text', async () => {
    const items = await makeWorkspace();

    expect(items.map(({ key }) => key)).toEqual([0, 1, 2, 3, 4].map((id) => `wezterm:${id}`));
    expect(items[0]).toMatchObject({
      kind: 'terminal',
      source: 'wezterm',
      group: 'wezterm',
      attributes: {
        cwd: join(folder.path, "my 'place'"),
        argv: ['sleep', '1000'],
        tty: expect.stringMatching(/^\/dev\/pts\/\d+$/),
        window: { id: 0, workspace: 'w 1' },
        tab: {
          index: 0,
          splits: { isHorizontal: true, one: 0, percent: 30, two: { isHorizontal: false, one: 1, two: 2 } },
        },
        pane: { id: 0, width: 84, height: 40 },
      },
    });
    expect(streamText(items[0])).toContain('\u001b[31mred');
    expect(items[3]?.attributes['tab']).toMatchObject({ index: 1, title: 'a`id` 日' });
    expect(await source.detect(host)).toEqual({ isPresent: true, summary: '5 panes' });
    expect(JSON.stringify(items)).not.toContain('STAND_IN');
  });

  it('brings all back after a kill, in a WezTerm that it starts, and nothing twice', async () => {
    const items = await makeWorkspace();
    const before = shape(items);
    for (const { id } of terminals.panes()) terminals.close(id);
    await waitFor('the end', () => terminals.panes().length === 0);

    const { results } = await restore(items);

    expect(results.map(({ status }) => status)).toEqual(items.map(() => 'done'));
    await waitFor('the shells', async () =>
      (await capture()).every(({ attributes }) => attributes['shell'] === 'bash'),
    );
    const now = await capture();
    expect(shape(now)).toEqual(before);
    const text = streamText(now.find(({ attributes }) => attributes['cwd'] === items[0]?.attributes['cwd']));
    expect(text).toContain('restored from 2026-11-20 14:02 UTC');
    expect(text).toContain('sleep 1000');
    expect(now.every(({ attributes }) => attributes['argv'] === undefined)).toBe(true);
    expect(readdirSync(scratch)).toEqual([]);
    for (const again of [items, now]) {
      expect((await restore(again, { present: toSnapshotItems(now).items })).results).toEqual([]);
    }
    // What is typed is for nobody to see in the list of processes.
    expect(readFileSync(join(folder.path, 'state/calls'), 'utf8')).not.toContain('sleep 1000');
  });

  it('puts a closed pane back into its tab, types hostile words as they are, and undoes what nobody used', async () => {
    const items = await makeWorkspace();
    const marker = join(folder.path, 'owned');
    const hostile = items.map((item): CapturedItem =>
      item.key === 'wezterm:2'
        ? { ...item, attributes: { ...item.attributes, argv: ['echo', `$(touch ${marker})`] } }
        : item,
    );
    terminals.close(2);
    await waitFor('the end', async () => (await capture()).length === 4);

    const { results } = await restore(hostile, { present: toSnapshotItems(await capture()).items });

    expect(results).toMatchObject([{ key: 'wezterm:2', status: 'done' }]);
    const back = (await capture()).at(-1);
    expect(back?.attributes).toMatchObject({ cwd: '/tmp', tab: { id: 0 }, identity: items[2]?.attributes['identity'] });
    await waitFor('the line', async () => streamText((await capture()).at(-1)).includes(`echo '$(touch ${marker})'`));
    const undo = async (): Promise<string[]> => {
      const context = { host, signal: AbortSignal.timeout(10_000), nowMs: 0, readBefore: async () => new Uint8Array() };
      return Promise.all(results.map(async (result) => (await source.undoRestore(result, context)).status));
    };
    expect(await undo()).toEqual(['done']);
    await waitFor('the end', async () => (await capture()).length === 4);
    expect(await undo()).toEqual(['skipped']);
    expect(existsSync(marker)).toBe(false);
  });

  it('says why it was not read, and why it cannot be restored', async () => {
    const items = await makeWorkspace();
    const failing: Host = {
      ...host,
      run: (file, args, options) => host.run(file === 'wezterm' ? 'false' : file, args, options),
    };
    const without: Host = { ...host, env: { ...host.env, PATH: '/nowhere' } };

    expect(await source.capture(makeCaptureContext(failing))).toMatchObject({
      items: [],
      problems: [{ reason: 'failed', group: 'wezterm' }],
    });
    expect((await restore(items, { host: without })).plan[0]).toMatchObject({
      status: 'skipped',
      detail: 'WezTerm is not installed here.',
    });
  });
});
