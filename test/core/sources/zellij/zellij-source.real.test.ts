// On a program that stands in for Zellij, with real shells on real terminals: the real one cannot be had where these tests run.

import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createShellSource } from '../../../../src/core/sources/shell/shell-source.ts';
import type { Host, RestoreContext } from '../../../../src/core/sources/source.ts';
import { createZellijSource } from '../../../../src/core/sources/zellij/zellij-source.ts';
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
const STAND_IN = new URL('../../../support/stand-ins/zellij.ts', import.meta.url).pathname;

function waitFor(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  return waitShortly(what, holds, PATIENCE_MS);
}

describeWith(['script', 'bash'], 'the Zellij source on a program that stands in for it', () => {
  const source = createZellijSource();
  let folder: TemporaryFolder;
  let host: Host;
  let scratch: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    const bin = join(folder.path, 'bin');
    scratch = join(folder.path, 'scratch');
    for (const each of [bin, scratch, join(folder.path, 'state')]) mkdirSync(each, { mode: 0o700 });
    const run = `'${process.execPath}' --disable-warning=ExperimentalWarning '${STAND_IN}'`;
    writeFileSync(join(bin, 'zellij'), `#!/bin/sh\nexec ${run} "$@"\n`);
    chmodSync(join(bin, 'zellij'), 0o755);
    host = hostWith({});
    writeFileSync(join(host.homeDir, '.bashrc'), "PS1='$ '\n");
  });

  afterEach(async () => {
    for (const name of readdirSync(join(folder.path, 'state'))) {
      const terminals = new StandInTerminals(join(folder.path, 'state', name), 'zellij');
      for (const { id } of terminals.panes()) terminals.close(id);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    folder[Symbol.dispose]();
  });

  function hostWith(env: Readonly<Record<string, string>>): Host {
    return makeTestHost(folder.path, {
      PATH: `${join(folder.path, 'bin')}:${process.env['PATH'] ?? ''}`,
      STAND_IN_FOLDER: join(folder.path, 'state'),
      ...env,
    });
  }

  function terminalsOf(session: string): StandInTerminals {
    return new StandInTerminals(join(folder.path, 'state', Buffer.from(session).toString('hex')), 'zellij');
  }

  async function capture(): Promise<readonly CapturedItem[]> {
    return (await source.capture(makeCaptureContext(host))).items;
  }

  async function zellij(...args: readonly string[]): Promise<void> {
    const result = await host.run('zellij', args, { timeoutMs: 10_000 });
    if (result.exitCode !== 0) throw new Error(`zellij ${args.join(' ')}: ${result.stderr.toString()}`);
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

  /** One session, two tabs, one of them with three panes. */
  async function makeWorkspace(): Promise<readonly CapturedItem[]> {
    const place = join(folder.path, "my 'place'");
    mkdirSync(place);
    const inWork = (...args: readonly string[]): Promise<void> => zellij('--session', 'wörk 1', 'action', ...args);
    await zellij('attach', '--create-background', 'wörk 1');
    await inWork('new-tab', '--name=a`id` 日', '--cwd', place, '--', 'bash');
    await inWork('new-pane', '--tab-id', '1', '--direction', 'right', '--cwd', '/usr', '--', 'bash');
    await inWork('new-pane', '--tab-id', '1', '--direction', 'down', '--cwd', '/tmp', '--', 'bash');
    terminalsOf('wörk 1').type(1, "printf '\\033[31mred\\033[0m\\n'; sleep 1000\r");
    await waitFor('the program', async () => (await capture())[1]?.attributes['argv'] !== undefined);
    return capture();
  }

  function shape(items: readonly CapturedItem[]): string[] {
    const tabs = [...new Set(items.map(({ attributes }) => Object(attributes['tab']).index as number))].toSorted(
      (a, b) => a - b,
    );
    return items
      .map(({ attributes }) => {
        const [session, tab, pane] = ['session', 'tab', 'pane'].map((name) => Object(attributes[name]));
        const place = [tabs.indexOf(tab.index), tab.name, pane.width];
        return JSON.stringify([session.name, ...place, attributes['cwd']]);
      })
      .toSorted();
  }

  it('captures sessions, tabs, splits, folders, programs and text, and leaves none to the plain terminals', async () => {
    const items = await makeWorkspace();

    expect(items.map(({ key }) => key)).toEqual([0, 1, 2, 3].map((id) => `zellij:wörk 1:${id}`));
    expect(items[1]).toMatchObject({
      kind: 'terminal',
      source: 'zellij',
      group: 'wörk 1',
      attributes: {
        cwd: join(folder.path, "my 'place'"),
        argv: ['sleep', '1000'],
        tty: expect.stringMatching(/^\/dev\/pts\/\d+$/),
        session: { name: 'wörk 1' },
        tab: {
          ...{ id: 1, index: 1, name: 'a`id` 日' },
          splits: { isHorizontal: true, one: 1, two: { isHorizontal: false, one: 2, two: 3 } },
        },
        pane: { id: 1, width: 60 },
      },
    });
    expect(streamText(items[1])).toContain('\u001b[31mred');
    expect(await source.detect(host)).toEqual({ isPresent: true, summary: '4 panes in 1 session' });
    expect((await createShellSource().capture(makeCaptureContext(host))).items).toEqual([]);
    expect(JSON.stringify(items)).not.toContain('STAND_IN');
  });

  it('brings all back after a kill, in a session of its name, and nothing twice', async () => {
    const items = await makeWorkspace();
    const before = shape(items);
    for (const { id } of terminalsOf('wörk 1').panes()) terminalsOf('wörk 1').close(id);
    await waitFor('the end', async () => (await capture()).length === 0);

    const { results } = await restore(items);

    expect(results.map(({ status, detail }) => `${status} ${detail}`)).toEqual(
      items.map(() => expect.stringMatching(/^done Pane \d of Zellij session "wörk 1" in /)),
    );
    await waitFor('the shells', async () => {
      const now = await capture();
      return now.length === items.length && now.every(({ attributes }) => attributes['shell'] === 'bash');
    });
    const now = await capture();
    expect(shape(now)).toEqual(before);
    const text = streamText(now.find(({ attributes }) => attributes['cwd'] === items[1]?.attributes['cwd']));
    expect(text).toContain('restored from 2026-11-20 14:02 UTC');
    expect(text).toContain('sleep 1000');
    expect(now.every(({ attributes }) => attributes['argv'] === undefined)).toBe(true);
    expect(readdirSync(scratch)).toEqual([]);
    for (const again of [items, now]) {
      expect((await restore(again, { present: toSnapshotItems(now).items })).results).toEqual([]);
    }
  });

  it('puts a closed pane back into its tab, types hostile words as they are, and undoes what nobody used', async () => {
    const items = await makeWorkspace();
    const marker = join(folder.path, 'owned');
    const argv = ['-x', `$(touch ${marker})`];
    const hostile = items.map((item): CapturedItem =>
      item.key.endsWith(':3') ? { ...item, attributes: { ...item.attributes, argv } } : item,
    );
    terminalsOf('wörk 1').close(3);
    await waitFor('the end', async () => (await capture()).length === 3);

    const { results } = await restore(hostile, { present: toSnapshotItems(await capture()).items });

    expect(results).toMatchObject([{ key: 'zellij:wörk 1:3', status: 'done' }]);
    const back = (await capture()).at(-1);
    expect(back?.attributes).toMatchObject({ cwd: '/tmp', tab: { id: 1 }, identity: items[3]?.attributes['identity'] });
    await waitFor('the line', async () => streamText((await capture()).at(-1)).includes(`-x '$(touch ${marker})'`));
    const undo = async (): Promise<string[]> => {
      const context = { host, signal: AbortSignal.timeout(10_000), nowMs: 0, readBefore: async () => new Uint8Array() };
      return Promise.all(results.map(async (result) => (await source.undoRestore(result, context)).status));
    };
    expect(await undo()).toEqual(['done']);
    await waitFor('the end', async () => (await capture()).length === 3);
    expect(await undo()).toEqual(['skipped']);
    expect(existsSync(marker)).toBe(false);
  });

  it('tells folder and program of an older version, and the tab where only one fits', async () => {
    await makeWorkspace();
    host = hostWith({ STAND_IN_IS_OLD: '1' });

    const items = await capture();

    expect(items.map(({ attributes }) => [attributes['cwd'], attributes['tab']])).toEqual([
      ['/', { index: 0, name: 'Tab #1' }],
      [join(folder.path, "my 'place'"), undefined],
      ['/usr', { index: 2, name: 'a`id` 日' }],
      ['/tmp', { index: 3, name: 'a`id` 日' }],
    ]);
    expect(items.every(({ streams }) => streams.length === 0)).toBe(true);
    const without: Host = { ...host, env: { ...host.env, PATH: '/nowhere' } };
    expect((await restore(items, { host: without })).plan[0]).toMatchObject({
      status: 'skipped',
      detail: 'Zellij is not installed here.',
    });
  });
});
