// A tmux of its own for one test: servers, sockets and home lie in a folder that is gone afterwards, with every server in it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Host, RestoreContext, UndoContext } from '../../../../src/core/sources/source.ts';
import { createTmuxSource } from '../../../../src/core/sources/tmux/tmux-source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import type { CaptureContext, SourceCapture } from '../../../../src/core/sources/source.ts';
import { text } from '../../../support/captures.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';

export interface TmuxWorkshop extends AsyncDisposable {
  readonly folder: string;
  readonly host: Host;
  /** Runs tmux on the default server; `-L` or `-S` first for another. @throws where it fails */
  tmux(...args: string[]): Promise<string>;
  /** A new detached session with a bash that reads no files. */
  newSession(name: string, ...args: string[]): Promise<void>;
  makeFolder(name: string): string;
  captureAll(overrides?: Partial<CaptureContext>): Promise<SourceCapture>;
  capture(overrides?: Partial<CaptureContext>): Promise<readonly CapturedItem[]>;
  restore(
    items: readonly CapturedItem[],
    overrides?: Partial<RestoreContext>,
  ): Promise<{ plan: readonly PlannedStep[]; results: readonly StepResult[] }>;
  /** The same against what is open now, as a restore does it. */
  restoreOverPresent(items: readonly CapturedItem[]): ReturnType<TmuxWorkshop['restore']>;
  undo(results: readonly StepResult[]): Promise<readonly StepResult[]>;
  screen(target: string): Promise<string>;
  waitForScreen(target: string, part: string): Promise<void>;
  waitForProgram(target: string, name: string): Promise<void>;
}

const BASH = 'bash --norc --noprofile';

export function openTmuxWorkshop(extraEnv: Readonly<Record<string, string>> = {}): TmuxWorkshop {
  const folder = makeTemporaryFolder();
  const host = makeTestHost(folder.path, extraEnv);
  const scratch = join(folder.path, 'scratch');
  mkdirSync(scratch, { mode: 0o700 });
  const source = createTmuxSource();
  const servers = new Set<string>(['-L default']);
  const shop: TmuxWorkshop = {
    folder: folder.path,
    host,
    tmux: async (...args) => {
      if (args[0] === '-L' || args[0] === '-S') servers.add(args.slice(0, 2).join(' '));
      const result = await host.run('tmux', ['-u', '-f', '/dev/null', ...args], { timeoutMs: 5_000 });
      if (result.exitCode !== 0) throw new Error(`tmux ${args.join(' ')}: ${result.stderr.toString()}`);
      return result.stdout.toString();
    },
    newSession: async (name, ...args) => {
      await shop.tmux('new-session', '-d', '-s', name, '-x', '120', '-y', '40', ...args, BASH);
    },
    makeFolder: (name) => {
      const path = join(folder.path, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    captureAll: (overrides = {}) => source.capture(makeCaptureContext(host, overrides)),
    capture: async (overrides = {}) => (await shop.captureAll(overrides)).items,
    restore: async (items, overrides = {}) => {
      const context = makeRestoreContext(host, scratch, items, overrides);
      const plan = await source.planRestore(context.selected, context);
      const results: StepResult[] = [];
      for await (const result of source.applyRestore(plan, context)) results.push(result);
      return { plan, results };
    },
    restoreOverPresent: async (items) => shop.restore(items, { present: toSnapshotItems(await shop.capture()).items }),
    undo: async (results) => {
      const context: UndoContext = {
        host,
        signal: AbortSignal.timeout(10_000),
        nowMs: Date.now(),
        readBefore: async () => new Uint8Array(),
      };
      const undone: StepResult[] = [];
      for (const result of results.toReversed()) undone.push(await source.undoRestore(result, context));
      return undone;
    },
    screen: (target) => shop.tmux('capture-pane', '-p', '-J', '-S', '-', '-t', target),
    waitForScreen: (target, part) => waitFor(`"${part}"`, async () => (await shop.screen(target)).includes(part)),
    waitForProgram: (target, name) =>
      waitFor(name, async () =>
        (await shop.tmux('list-panes', '-t', target, '-F', '#{pane_current_command}')).split('\n').includes(name),
      ),
    [Symbol.asyncDispose]: async () => {
      for (const server of servers)
        await host.run('tmux', [...server.split(' '), 'kill-server']).catch(() => undefined);
      folder[Symbol.dispose]();
    },
  };
  return shop;
}

/**
 * Waits until the shell of every pane stands at its prompt. Before that tmux may call a window "tmux", since its shell has not
 * started, and the prompt that follows is output, after which a pane is read anew.
 */
export async function waitForShells(tmux: (...args: string[]) => Promise<string>): Promise<void> {
  const isReady = ([command = '', column = '', ...name]: readonly string[]): boolean =>
    command !== 'tmux' && name.join(' ') !== 'tmux' && (command !== 'bash' || column !== '0');
  await waitFor('the shells', async () => {
    const panes = await tmux('list-panes', '-a', '-F', '#{pane_current_command} #{cursor_x} #{window_name}');
    return panes
      .trimEnd()
      .split('\n')
      .every((pane) => isReady(pane.split(' ')));
  });
}

/** The text of one stream of an item; fails where it was not handed over. */
export function streamText(item: CapturedItem | undefined, name = 'scrollback'): string {
  const content = item?.streams.find((stream) => stream.name === name)?.content;
  if (content?.type !== 'whole') throw new Error(`${item?.key ?? 'no item'} has no whole ${name}`);
  return text(content.bytes);
}

export function itemOf(items: readonly CapturedItem[], key: string): CapturedItem {
  const item = items.find((other) => other.key === key);
  if (item === undefined) throw new Error(`${key} is not among ${items.map((other) => other.key).join(', ')}`);
  return item;
}
