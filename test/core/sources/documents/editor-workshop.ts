// Editors in a tmux of the test's own: captured, restored and taken back as Cairn does it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CaptureContext, RestoreContext, Source, SourceCapture } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { findTmuxTerminal } from '../../../../src/core/sources/tmux/open-tmux-terminal.ts';
import { makeCaptureContext, makeRestoreContext, toSnapshotItems } from '../../../support/test-host.ts';
import { openTmuxWorkshop, type TmuxWorkshop } from '../tmux/tmux-workshop.ts';

export interface EditorWorkshop extends AsyncDisposable {
  readonly shop: TmuxWorkshop;
  readonly source: Source;
  /** Runs a command in a new session of its own. */
  start(session: string, command: string): Promise<void>;
  keys(session: string, ...keys: string[]): Promise<void>;
  /** The process in the session's pane. */
  pidOf(session: string): Promise<number>;
  capture(overrides?: Partial<CaptureContext>): Promise<SourceCapture>;
  /** A capture that knows the one before, as a running Cairn does. */
  captureAfter(before: SourceCapture, overrides?: Partial<CaptureContext>): Promise<SourceCapture>;
  restore(
    items: readonly CapturedItem[],
    overrides?: Partial<RestoreContext>,
  ): Promise<{ plan: readonly PlannedStep[]; results: readonly StepResult[] }>;
  undo(results: readonly StepResult[]): Promise<readonly StepResult[]>;
}

export function openEditorWorkshop(source: Source): EditorWorkshop {
  const shop = openTmuxWorkshop();
  const workshop: EditorWorkshop = {
    shop,
    source,
    start: async (session, command) => {
      await shop.tmux('new-session', '-d', '-s', session, '-x', '120', '-y', '40', '-c', shop.folder, command);
    },
    keys: async (session, ...keys) => {
      await shop.tmux('send-keys', '-t', session, ...keys);
    },
    pidOf: async (session) => Number(await shop.tmux('display-message', '-p', '-t', session, '#{pane_pid}')),
    capture: (overrides = {}) => source.capture(makeCaptureContext(shop.host, overrides)),
    captureAfter: (before, overrides = {}) =>
      workshop.capture({
        previous: before.items.map((item) => ({ ...item, stale: false })),
        known: (key, stream) => {
          const found = before.items.find((item) => item.key === key)?.streams.find(({ name }) => name === stream);
          return found === undefined ? undefined : { version: found.version, sizeBytes: 1 };
        },
        ...overrides,
      }),
    restore: async (items, overrides = {}) => {
      const context = makeRestoreContext(shop.host, shop.folder, items, {
        openTerminal: await findTmuxTerminal(shop.host),
        ...overrides,
      });
      const plan = await source.planRestore(context.selected, context);
      const results: StepResult[] = [];
      for await (const result of source.applyRestore(plan, context)) results.push(result);
      return { plan, results };
    },
    undo: async (results) => {
      const undone: StepResult[] = [];
      for (const result of results) {
        undone.push(
          await source.undoRestore(result, {
            host: shop.host,
            signal: AbortSignal.timeout(5_000),
            nowMs: Date.now(),
            readBefore: async () => new Uint8Array(),
          }),
        );
      }
      return undone;
    },
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
  return workshop;
}

/** The unsaved text that a capture handed over; null where it handed over none. */
export function unsavedText(item: CapturedItem | undefined): string | null {
  const content = item?.streams.find(({ name }) => name === 'text')?.content;
  return content?.type === 'whole' ? Buffer.from(content.bytes).toString() : null;
}

export function presentOf(capture: SourceCapture) {
  return toSnapshotItems(capture.items).items;
}

export function readFile(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}
