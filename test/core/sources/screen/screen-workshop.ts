// A GNU screen of its own for one test: sockets and home lie in a folder that is gone afterwards, with every session in it.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createScreenSource } from '../../../../src/core/sources/screen/screen-source.ts';
import type { CaptureContext, Host, RestoreContext, SourceCapture } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';

export class ScreenWorkshop implements AsyncDisposable {
  readonly #folder = makeTemporaryFolder();
  readonly folder = this.#folder.path;
  readonly sockets = join(this.folder, 's');
  readonly memory = join(this.folder, 'memory');
  readonly #scratch = join(this.folder, 'scratch');
  readonly source = createScreenSource({ memoryFolders: [this.memory] });
  readonly host: Host;

  constructor() {
    for (const folder of [this.sockets, this.memory, this.#scratch]) mkdirSync(folder, { mode: 0o700 });
    this.host = makeTestHost(this.folder, { SCREENDIR: this.sockets, LANG: 'C.UTF-8' });
    writeFileSync(join(this.host.homeDir, '.screenrc'), 'startup_message off\nshell /bin/bash\n');
    writeFileSync(join(this.host.homeDir, '.bashrc'), "PS1='$ '\n");
  }

  /** Runs screen in the session of this name. */
  async screen(name: string, ...args: readonly string[]): Promise<string> {
    const result = await this.host.run('screen', ['-S', this.socketOf(name), ...args]);
    return result.stdout.toString();
  }

  socketOf(name: string): string {
    const socket = readdirSync(this.sockets).find((other) => other.slice(other.indexOf('.') + 1) === name);
    if (socket === undefined) throw new Error(`no session ${name} among ${readdirSync(this.sockets).join(', ')}`);
    return socket;
  }

  async newSession(name: string, cwd = this.folder): Promise<void> {
    await this.host.run('screen', ['-U', '-dmS', name], { cwd, env: { LC_ALL: undefined } });
    await waitFor(`session ${name}`, async () => (await this.capture()).some((item) => item.group === name));
  }

  makeFolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Types a line of shell; a backslash, `$` and `^` mean to screen what they mean to it. */
  async type(name: string, window: number, line: string): Promise<void> {
    const quoted = line.replaceAll(/[\\^$]/g, (character) => `\\${character}`);
    await this.screen(name, '-p', String(window), '-X', 'stuff', `${quoted}^M`);
  }

  captureAll(overrides: Partial<CaptureContext> = {}): Promise<SourceCapture> {
    return this.source.capture(makeCaptureContext(this.host, overrides));
  }

  async capture(overrides: Partial<CaptureContext> = {}): Promise<readonly CapturedItem[]> {
    return (await this.captureAll(overrides)).items;
  }

  async restore(
    items: readonly CapturedItem[],
    overrides: Partial<RestoreContext> = {},
  ): Promise<{ plan: readonly PlannedStep[]; results: readonly StepResult[] }> {
    const context = makeRestoreContext(this.host, this.#scratch, items, overrides);
    const plan = await this.source.planRestore(context.selected, context);
    const results: StepResult[] = [];
    for await (const result of this.source.applyRestore(plan, context)) results.push(result);
    return { plan, results };
  }

  /** The same against what is open now, as a restore does it. */
  async restoreOverPresent(items: readonly CapturedItem[]): ReturnType<ScreenWorkshop['restore']> {
    return this.restore(items, { present: toSnapshotItems(await this.capture()).items });
  }

  async undo(results: readonly StepResult[]): Promise<readonly StepResult[]> {
    const undone: StepResult[] = [];
    for (const result of results.toReversed())
      undone.push(
        await this.source.undoRestore(result, {
          host: this.host,
          signal: AbortSignal.timeout(10_000),
          nowMs: Date.now(),
          readBefore: async () => new Uint8Array(),
        }),
      );
    return undone;
  }

  /** What restores left of their files. */
  leftFiles(): string[] {
    return [...readdirSync(this.#scratch), ...readdirSync(this.memory)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of readdirSync(this.sockets)) {
      await this.host.run('screen', ['-S', socket, '-X', 'quit']).catch(() => undefined);
    }
    this.#folder[Symbol.dispose]();
  }
}
