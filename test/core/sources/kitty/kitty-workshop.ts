// A kitty of its own for one test, on a virtual screen without a graphics card; both are gone afterwards.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readProcesses, readProcessVariable } from '../../../../src/core/sources/host/proc.ts';
import { askKitty, tellKitty } from '../../../../src/core/sources/kitty/kitty-remote.ts';
import { createKittySource } from '../../../../src/core/sources/kitty/kitty-source.ts';
import type { CaptureContext, Host, RestoreContext, SourceCapture } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import type { JsonObject } from '../../../../src/shared/model/json.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { findProgram } from '../../../support/programs.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';

/** Drawing without a graphics card is slow. */
const START_PATIENCE_MS = 20_000;

export class KittyWorkshop implements AsyncDisposable {
  readonly #folder = makeTemporaryFolder();
  readonly folder = this.#folder.path;
  readonly #scratch = join(this.folder, 'scratch');
  readonly host: Host;
  readonly #children: ChildProcess[];
  readonly source = createKittySource();

  private constructor(display: string, screen: ChildProcess) {
    this.#children = [screen];
    this.host = makeTestHost(this.folder, {
      DISPLAY: display,
      LIBGL_ALWAYS_SOFTWARE: '1',
      LC_ALL: 'C.UTF-8',
      XDG_RUNTIME_DIR: join(this.folder, 'run'),
    });
    mkdirSync(this.#scratch, { mode: 0o700 });
    mkdirSync(join(this.folder, 'run'), { mode: 0o700 });
    writeFileSync(join(this.host.homeDir, '.bashrc'), "PS1='$ '\n");
    this.configure(['allow_remote_control socket-only', `listen_on unix:${join(this.folder, 'k')}`]);
  }

  static async open(): Promise<KittyWorkshop> {
    const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const display = await new Promise<string>((resolve, reject) => {
      screen.once('error', reject);
      screen.stdout.once('data', (bytes: Buffer) => resolve(`:${bytes.toString().trim()}`));
    });
    return new KittyWorkshop(display, screen);
  }

  configure(lines: readonly string[]): void {
    const folder = join(this.host.homeDir, '.config/kitty');
    mkdirSync(folder, { recursive: true });
    const common = ['enabled_layouts splits,tall,stack', 'update_check_interval 0', 'shell_integration disabled'];
    writeFileSync(join(folder, 'kitty.conf'), [...lines, ...common, ''].join('\n'));
  }

  /** Starts kitty; resolves once its first window has a shell. */
  async start(...args: readonly string[]): Promise<void> {
    const env = { ...this.host.env };
    this.#children.push(
      spawn(findProgram('kitty') ?? '', args, { env, stdio: 'ignore', detached: true, cwd: this.folder }),
    );
    await waitFor(
      'kitty',
      async () => (await this.source.detect(this.host)).summary !== 'no kitty is running',
      START_PATIENCE_MS,
    );
  }

  async kill(): Promise<void> {
    for (const pid of this.#kitties()) process.kill(pid, 'SIGKILL');
    await waitFor('the end', () => this.#kitties().length === 0);
  }

  get socket(): string {
    const name = readdirSync(this.folder).find((other) => this.#kitties().some((pid) => other === `k-${pid}`));
    return join(this.folder, name ?? 'k');
  }

  async ask(command: string, payload: JsonObject): Promise<unknown> {
    const answer = await askKitty(this.socket, command, payload, { timeoutMs: 5_000 });
    if (!answer.ok) throw new Error(answer.error);
    return answer.data;
  }

  /** Opens a window; gives its id. */
  async launch(payload: JsonObject): Promise<number> {
    return Number(await this.ask('launch', { args: ['bash'], keep_focus: false, ...payload }));
  }

  async type(id: number, line: string): Promise<void> {
    await tellKitty(this.socket, 'send-text', { match: `id:${id}`, data: `text:${line}\r` });
  }

  makeFolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
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

  async restoreOverPresent(items: readonly CapturedItem[]): ReturnType<KittyWorkshop['restore']> {
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

  leftFiles(): string[] {
    return readdirSync(this.#scratch);
  }

  #kitties(): number[] {
    return readProcesses({ procDir: '/proc' })
      .filter(({ pid, name, isZombie }) => {
        const home = name === 'kitty' && !isZombie ? readProcessVariable('/proc', pid, 'HOME') : null;
        return home === this.host.homeDir;
      })
      .map(({ pid }) => pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.#kitties()) process.kill(pid, 'SIGKILL');
    for (const child of this.#children) child.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));
    this.#folder[Symbol.dispose]();
  }
}
