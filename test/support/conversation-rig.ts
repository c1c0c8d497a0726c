// A real command-line tool that speaks with a fake model, in a home of its own, and the source that captures it.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { textOf } from '../../src/core/sources/conversation/json-record.ts';
import type { ReadConversation } from '../../src/core/sources/conversation/message.ts';
import type { Host, ResumeCommand, Source } from '../../src/core/sources/source.ts';
import type { CapturedItem } from '../../src/shared/model/item.ts';
import type { PlannedStep } from '../../src/shared/model/restore.ts';
import type { FakeServer } from './fake-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost, toSnapshotItems, waitFor } from './test-host.ts';

const START_TIMEOUT_MS = 40_000;

export interface ConversationRigOptions {
  readonly program: string;
  readonly source: Source;
  readonly server: FakeServer;
  /** What the tool needs to find the server. */
  readonly env: Readonly<Record<string, string>>;
}

/** The tool in a tmux pane, as a person has it. */
export interface ToolWindow {
  readonly tty: string;
  /** Waits until the pane shows a text. */
  untilShown(text: string): Promise<void>;
  /** Types a message and sends it. */
  say(text: string): Promise<void>;
  close(): void;
}

export class ConversationRig {
  readonly #options: ConversationRigOptions;
  readonly #folder: TemporaryFolder = makeTemporaryFolder();
  readonly #started: ChildProcess[] = [];
  readonly host: Host = makeTestHost(this.#folder.path);
  readonly cwd: string = join(this.#folder.path, 'my_project');
  readonly env: Readonly<Record<string, string | undefined>>;

  constructor(options: ConversationRigOptions) {
    this.#options = options;
    mkdirSync(this.cwd);
    this.env = { PATH: process.env['PATH'], HOME: this.host.homeDir, TERM: 'screen-256color', ...options.env };
  }

  get server(): FakeServer {
    return this.#options.server;
  }

  start(args: readonly string[], folder = this.cwd): ChildProcess {
    const child = spawn(this.#options.program, args, {
      cwd: folder,
      env: { ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#started.push(child);
    return child;
  }

  /** Runs it to its end. @throws Error with what it wrote, where that is no success */
  async run(args: readonly string[], folder = this.cwd): Promise<void> {
    const child = this.start(args, folder);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => (output += part.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`it ended with ${code}: ${output}`);
  }

  async captureAll(): Promise<readonly CapturedItem[]> {
    return (await this.#options.source.capture(makeCaptureContext(this.host))).items;
  }

  async captureOne(): Promise<CapturedItem> {
    const [item] = await this.captureAll();
    if (item === undefined) throw new Error('nothing captured');
    return item;
  }

  /** Opens the tool in a tmux session of this name; tmux must be there. */
  openWindow(name: string, args: readonly string[]): ToolWindow {
    const size = ['-x', '110', '-y', '40'];
    this.#tmux('new-session', '-d', '-s', name, ...size, '-c', this.cwd, this.#options.program, ...args);
    const untilShown = async (text: string): Promise<void> =>
      waitFor(`"${text}"`, () => this.#tmux('capture-pane', '-p', '-t', name).includes(text), START_TIMEOUT_MS);
    return {
      tty: this.#tmux('display-message', '-p', '-t', name, '#{pane_tty}').trim(),
      untilShown,
      say: async (text) => {
        this.#tmux('send-keys', '-t', name, '-l', text);
        await untilShown(text);
        await new Promise((resolve) => setTimeout(resolve, 300)); // a fast return counts as pasted text
        this.#tmux('send-keys', '-t', name, 'Enter');
      },
      close: () => this.#tmux('kill-session', '-t', name),
    };
  }

  /** The main file of an item whose `file` stands below this folder of the home. */
  pathOf(item: CapturedItem, root: string): string {
    return join(this.host.homeDir, root, textOf(item.attributes['file']) ?? '');
  }

  async read(item: CapturedItem): Promise<ReadConversation> {
    const { items, contents } = toSnapshotItems([item]);
    const readStream = async (name: string) => contents.get(`${item.key}\n${name}`) ?? new Uint8Array();
    const read = await this.#options.source.readConversation?.(items[0]!, { readStream });
    if (read === undefined) throw new Error('no conversations here');
    return read;
  }

  resumeCommand(item: CapturedItem): ResumeCommand | undefined {
    return this.#options.source.resumeCommand?.(toSnapshotItems([item]).items[0]!);
  }

  async plan(item: CapturedItem): Promise<readonly PlannedStep[]> {
    const context = makeRestoreContext(this.host, this.#folder.path, [item]);
    return this.#options.source.planRestore(context.selected, context);
  }

  /** Restores an item; gives the states of its steps. */
  async restore(item: CapturedItem): Promise<string[]> {
    const context = makeRestoreContext(this.host, this.#folder.path, [item]);
    const plan = await this.#options.source.planRestore(context.selected, context);
    const states: string[] = [];
    for await (const { status } of this.#options.source.applyRestore(plan, context)) states.push(status);
    return states;
  }

  /** A prompt whose tool runs until it is killed. */
  readonly endlessPrompt = 'run it [TOOL:sleep 50 & echo $! > tool.pid; wait]';

  async untilToolRuns(): Promise<void> {
    await waitFor('the tool', () => this.#toolPid() > 1, START_TIMEOUT_MS);
  }

  /** Ends what was started and the item's process without a chance to tidy up. */
  killAll(item?: CapturedItem): void {
    for (const child of this.#started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    kill(Number(item?.attributes['pid'] ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    if (existsSync(this.#socket)) this.#endTmux();
    kill(this.#toolPid()); // it outlives a tool that was killed
    // So do a tool's background processes, and tools that do not end with their window.
    for (const pid of findProcessesOf(this.host.homeDir)) kill(pid);
    await this.#options.server[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  get #socket(): string {
    return join(this.#folder.path, 'tmux');
  }

  #tmux(...args: readonly string[]): string {
    const options = { env: { ...this.env }, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('tmux', ['-f', '/dev/null', '-S', this.#socket, ...args], options);
  }

  #endTmux(): void {
    try {
      this.#tmux('kill-server');
    } catch {
      // its last session has ended, and it with that
    }
  }

  #toolPid(): number {
    const path = join(this.cwd, 'tool.pid');
    return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  }
}

/** Processes that have this folder as their home. */
function findProcessesOf(homeDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(join('/proc', name, 'environ'), 'latin1')
          .split('\0')
          .includes(`HOME=${homeDir}`);
      } catch {
        return false; // it has ended, or is another user's
      }
    })
    .map(Number);
}

function kill(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
