import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { dropTwinTerminals } from '../../../../src/core/capture/drop-twin-terminals.ts';
import { createShellSource } from '../../../../src/core/sources/shell/shell-source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith } from '../../../support/programs.ts';
import { makeCaptureContext, toSnapshotItems, waitFor } from '../../../support/test-host.ts';
import { itemOf, streamText } from '../tmux/tmux-workshop.ts';
import { KittyWorkshop } from './kitty-workshop.ts';

describeWith(['kitty', 'xvfb', 'bash'], 'the kitty source on a real kitty', () => {
  let shop: KittyWorkshop;

  beforeEach(async () => {
    shop = await KittyWorkshop.open();
  });

  afterEach(() => shop[Symbol.asyncDispose]());

  /** What should come back of every window, in order, with numbers that count from the first of this run. */
  function shape(items: readonly CapturedItem[]): unknown[] {
    const numbers = new Map<number, number>();
    const numberOf = (id: number): number => {
      if (!numbers.has(id)) numbers.set(id, numbers.size);
      return numbers.get(id) ?? -1;
    };
    const rename = (splits: unknown): unknown =>
      typeof splits === 'object' && splits !== null
        ? { ...splits, one: rename(Object(splits).one), two: rename(Object(splits).two) }
        : numberOf(Number(splits));
    const rows = items.map(({ attributes }) => ({
      ...{ osWindow: Object(attributes['osWindow']).id, tab: Object(attributes['tab']), cwd: attributes['cwd'] },
      window: Object(attributes['window']),
    }));
    const osWindows = [...new Set(rows.map((row) => row.osWindow))];
    return rows.map(({ osWindow, tab, cwd, window }) => [
      ...[osWindows.indexOf(osWindow), tab.index, tab.layout, tab.title === window.title ? null : tab.title],
      ...[tab.isActive, window.isActive, cwd, tab.layout === 'splits' ? rename(tab.splits) : null],
    ]);
  }

  /** Two OS windows, tabs, splits, a hostile tab title, folders, a program and text. */
  async function makeWorkspace(): Promise<readonly CapturedItem[]> {
    await shop.start();
    const api = shop.makeFolder("web app:1 'x' $y");
    const right = await shop.launch({ type: 'window', location: 'vsplit', cwd: api });
    await shop.launch({ type: 'window', location: 'hsplit', cwd: '/usr' });
    const tab = await shop.launch({ type: 'tab', cwd: shop.makeFolder('wörld 日本') });
    await shop.launch({ type: 'window', match: `window_id:${tab}`, cwd: '/tmp' });
    await shop.ask('goto-layout', { match: `window_id:${tab}`, layout: 'tall' });
    await shop.ask('set-tab-title', { match: `window_id:${tab}`, title: 'a`id` $(id) "q" \u65e5' });
    await shop.launch({ type: 'os-window', cwd: '/var' });
    await waitFor('the windows', async () => (await shop.capture()).length === 6);
    await shop.type(right, "printf '\\033[31mred 日本\\033[0m\\n'; sleep 1000");
    await waitFor('the program', async () => (await shop.capture())[1]?.attributes['argv'] !== undefined);
    return shop.capture();
  }

  it('captures windows, tabs, splits, folders, programs and text with colours, and no environment', async () => {
    const items = await makeWorkspace();

    expect(items.map(({ key }) => key)).toEqual([1, 2, 3, 4, 5, 6].map((id) => `kitty:${id}`));
    expect(items[1]).toMatchObject({
      kind: 'terminal',
      source: 'kitty',
      group: 'kitty',
      attributes: {
        cwd: join(shop.folder, "web app:1 'x' $y"),
        argv: ['sleep', '1000'],
        shell: 'bash',
        tty: expect.stringMatching(/^\/dev\/pts\/\d+$/),
        tab: {
          index: 0,
          layout: 'splits',
          splits: { isHorizontal: true, one: 1, two: { isHorizontal: false, one: 2, two: 3 } },
        },
        window: { id: 2, width: expect.any(Number) },
      },
    });
    expect(streamText(items[1])).toMatch(/\u001b\[[0-9;]*31mred 日本/);
    expect(items[3]?.attributes['tab']).toMatchObject({ index: 1, title: 'a`id` $(id) "q" \u65e5', layout: 'tall' });
    expect(JSON.stringify(items)).not.toMatch(/LIBGL|PATH/);
    expect(await shop.source.detect(shop.host)).toEqual({ isPresent: true, summary: '6 windows' });
    const plain = await createShellSource().capture(makeCaptureContext(shop.host));
    expect(plain.items).toHaveLength(6);
    expect(dropTwinTerminals([...items, ...plain.items])).toEqual(items);
  });

  it('reads many windows, each with its own text, and none that is excluded', async () => {
    await shop.start();
    for (let at = 0; at < 24; at += 1) {
      const cwd = shop.makeFolder(`place ${at}`);
      const type = at % 6 === 0 ? 'os-window' : at % 3 === 0 ? 'tab' : 'window';
      await shop.launch({ type, cwd, args: ['sh', '-c', `echo 'text ${at} wörld 日本'; exec bash`] });
    }
    const texts = async (): Promise<string[]> =>
      (await shop.capture()).flatMap((item) => {
        // Narrow windows wrap it.
        const text = streamText(item).replaceAll(/\u001b\[[0-9;:]*m|\n/g, '');
        return /text \d+ wörld 日本/.exec(text)?.[0] ?? [];
      });
    await waitFor('the texts', async () => (await texts()).length === 24);

    expect(new Set(await texts()).size).toBe(24);
    const excludes = { path: (path: string) => path.endsWith('place 7'), url: () => false, command: () => false };
    const unread = (await shop.capture({ excludes })).filter(({ streams }) => streams.length === 0);
    expect(unread.map(({ attributes }) => attributes['cwd'])).toEqual([join(shop.folder, 'place 7')]);
  });

  it('keeps a long line in one piece, so that a secret in it is found', async () => {
    await shop.start();
    const line = 'long'.repeat(100);
    await shop.type(1, `printf '\\033[32m%s\\033[0m\\n' ${line}`);

    await waitFor('the line', async () => streamText((await shop.capture())[0]).includes(`32m${line}`));
  });

  it('brings all back after a kill, in a kitty that it starts, and nothing twice', async () => {
    const items = await makeWorkspace();
    const before = shape(items);
    await shop.kill();
    await waitFor('the end', async () => (await shop.capture()).length === 0);

    const { results } = await shop.restore(items);

    expect(results.map(({ status, detail }) => `${status} ${detail}`)).toEqual(
      results.map(() => expect.stringMatching(/^done Window \d of kitty, in tab \d, in \/.*\.$/)),
    );
    await waitFor('the shells', async () =>
      (await shop.capture()).every(({ attributes }) => attributes['shell'] === 'bash'),
    );
    const now = await shop.capture();
    expect(shape(now)).toEqual(before);
    const [, same] = [...now].toSorted((a, b) => a.key.localeCompare(b.key));
    const text = streamText(same).replaceAll(/\u001b\[[0-9;:]*m/g, '');
    expect(streamText(same)).toMatch(/\u001b\[[0-9;]*31mred 日本/);
    expect(text).toContain('restored from 2026-11-20 14:02 UTC');
    expect(text.trimEnd()).toMatch(/\n\$ sleep 1000$/);
    expect(now.every(({ attributes }) => attributes['argv'] === undefined)).toBe(true);
    expect(shop.leftFiles()).toEqual([]);
    expect((await shop.restoreOverPresent(items)).results).toEqual([]);
    expect((await shop.restoreOverPresent(now)).results).toEqual([]);
  });

  it('puts a closed window back into its tab, and undoes only what nobody has used', async () => {
    const items = await makeWorkspace();
    for (const id of [3, 6]) await shop.ask('close-window', { match: `id:${id}` });
    await waitFor('the windows', async () => (await shop.capture()).length === 4);

    const { results } = await shop.restoreOverPresent(items);

    expect(results).toMatchObject([
      { key: 'kitty:3', status: 'done' },
      { key: 'kitty:6', status: 'done' },
    ]);
    const now = await shop.capture();
    const back = now.filter(({ key }) => !items.slice(0, 5).some((item) => item.key === key));
    expect(back.map(({ attributes }) => [Object(attributes['tab']).id, attributes['cwd']])).toEqual([
      [Object(items[2]?.attributes['tab']).id, '/usr'],
      [expect.any(Number), '/var'],
    ]);
    await shop.type(Object(back[0]?.attributes['window']).id, 'sleep 444');
    await waitFor(
      'the program',
      async () => itemOf(await shop.capture(), back[0]?.key ?? '').attributes['argv'] !== undefined,
    );
    expect((await shop.undo(results)).map(({ status }) => status)).toEqual(['done', 'skipped']);
    await waitFor('the window to close', async () => (await shop.capture()).length === 5);
    expect((await shop.undo(results)).map(({ status }) => status)).toEqual(['skipped', 'skipped']);
  });

  it('types hostile words as they are and runs none of them', async () => {
    await shop.start();
    const [model] = await shop.capture();
    if (model === undefined) throw new Error('nothing captured');
    const marker = join(shop.folder, 'owned');
    const argv = ['echo', `$(touch ${marker})`, '\\x03\\r', "it's", '"q"', 'ü日'];
    const tab = { ...Object(model.attributes['tab']), title: `$(touch ${marker})\u001b]0;x\u0007` };
    const hostile: CapturedItem = { ...model, attributes: { ...model.attributes, argv, tab, identity: 'abc-1-2' } };

    const { results } = await shop.restore([hostile]);

    expect(results).toMatchObject([{ status: 'done' }]);
    const line = `$ echo '$(touch ${marker})' ''\\\\'x03'\\\\'r' 'it'\\''s' '"q"' 'ü日'`;
    await waitFor('the line', async () =>
      (await shop.capture()).some((item) =>
        streamText(item)
          .replaceAll(/\u001b\[[0-9;:]*m|\n/g, '')
          .includes(line),
      ),
    );
    expect(existsSync(marker)).toBe(false);
  });

  it('says once where remote control is not configured, and leaves the windows to the plain terminals', async () => {
    shop.configure(['allow_remote_control no']);
    await shop.start();

    const [first, second] = [await shop.captureAll(), await shop.captureAll()];

    expect(first).toMatchObject({
      items: [],
      problems: [{ reason: 'partial', message: expect.stringContaining('is not configured') }],
    });
    expect(second).toEqual({ items: [], problems: [], closed: [] });
    expect(await shop.source.detect(shop.host)).toMatchObject({ isPresent: false });
    expect((await createShellSource().capture(makeCaptureContext(shop.host))).items).toMatchObject([
      { group: 'kitty' },
    ]);
  });

  it('says once where remote control is refused', async () => {
    shop.configure([
      ...['allow_remote_control password', 'remote_control_password "x" get-colors'],
      `listen_on unix:@${shop.folder}`,
    ]);
    await shop.start();

    expect((await shop.captureAll()).problems).toMatchObject([{ message: expect.stringContaining('was refused') }]);
    expect((await shop.captureAll()).problems).toEqual([]);
  });

  it('starts kitty with the remote control that its command line had', async () => {
    shop.configure(['allow_remote_control no']);
    await shop.start('--listen-on', `unix:${join(shop.folder, 'cli')}`, '-o', 'allow_remote_control=socket-only');
    const items = await shop.capture();
    expect(items).toHaveLength(1);
    await shop.kill();

    const { results } = await shop.restore(items);

    expect(results).toMatchObject([{ status: 'done', detail: expect.not.stringContaining('But') }]);
    const { items: present } = toSnapshotItems(await shop.capture());
    expect(present).toHaveLength(1);
    expect((await shop.restore(items, { present })).results).toEqual([]);
  });
});
