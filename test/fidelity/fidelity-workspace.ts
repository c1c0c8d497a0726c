// A workspace in a folder of its own: home, screen, bus, tmux and data folder. What belongs to it is known by its HOME and files, so that "the
// machine goes down" can be played without touching anything else.

import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { NODE_FLAGS, nodeEnvironment } from '../bench/node-flags.ts';
import { waitFor } from '../support/test-host.ts';

const runFile = promisify(execFile);
const PASSWORD = 'fidelity is not a secret 42';
const CAPTURE_TIMEOUT_MS = 120_000;
const RESTORE_TIMEOUT_MS = 300_000;

/** An item of a snapshot as JSON. */
export interface ShownItem {
  readonly key: string;
  readonly kind: string;
  readonly source: string;
  readonly title: string;
  readonly stale: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** An item with the content of its streams. */
export interface ItemWithContent {
  readonly item: ShownItem;
  readonly contents: Readonly<Record<string, string>>;
}

export interface CapturedWorkspace {
  readonly id: string;
  readonly items: readonly ItemWithContent[];
}

export interface RestoreSteps {
  readonly steps: readonly { readonly key: string; readonly status: string; readonly detail: string }[];
}

export class FidelityWorkspace implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cairn-fidelity-'));
  readonly home = join(this.folder, 'home');
  readonly bin = join(this.folder, 'bin');
  readonly env: Record<string, string>;
  /** Where `cli` and `read-contents` lie. */
  readonly #bundle: string;
  /** Screen and bus: the machine, which stays while what runs on it goes down. */
  readonly #machine: ChildProcess[] = [];
  readonly #exported: Record<string, string> = {};

  constructor(bundle: string) {
    this.#bundle = bundle;
    for (const folder of [this.home, this.bin, join(this.folder, 'run'), join(this.folder, 'screens')])
      mkdirSync(folder, { mode: 0o700 });
    this.env = {
      PATH: `${this.bin}:${process.env['PATH'] ?? ''}`,
      HOME: this.home,
      SHELL: '/bin/bash',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      TMUX_TMPDIR: this.folder,
      SCREENDIR: join(this.folder, 'screens'),
      XDG_RUNTIME_DIR: join(this.folder, 'run'),
      LIBGL_ALWAYS_SOFTWARE: '1',
      CAIRN_HOME: join(this.folder, 'cairn'),
      CAIRN_PASSWORD: PASSWORD,
    };
  }

  /** Starts the screen and the bus that graphical programs need. */
  async openScreen(): Promise<void> {
    const screen = this.#startMachine('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']);
    this.env['DISPLAY'] = `:${await firstLine(screen)}`;
    const address = `unix:path=${join(this.folder, 'run', 'bus')}`;
    const bus = this.#startMachine('dbus-daemon', [
      '--session',
      '--nofork',
      '--print-address=1',
      `--address=${address}`,
    ]);
    this.env['DBUS_SESSION_BUS_ADDRESS'] = await firstLine(bus);
  }

  /** Variables that the shells' start files set, as a person keeps keys and addresses: restored programs find them there too. */
  exportVariables(variables: Readonly<Record<string, string>>): void {
    Object.assign(this.env, variables);
    Object.assign(this.#exported, variables);
    const lines = Object.entries(this.#exported).map(([name, value]) => `export ${name}='${value}'\n`);
    this.write('.environment', `PATH='${this.bin}':$PATH\n${lines.join('')}`);
  }

  makeFolder(...names: readonly string[]): string {
    const path = join(this.home, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  }

  write(path: string, content: string): string {
    const file = join(this.home, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Puts a program on the workspace's PATH, always started with these arguments. */
  addProgram(name: string, path: string, args: readonly string[] = []): void {
    const place = join(this.bin, name);
    const words = [path, ...args].map((word) => `'${word}'`).join(' ');
    if (args.length === 0) symlinkSync(path, place);
    else writeFileSync(place, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }

  start(program: string, args: readonly string[], cwd = this.home): ChildProcess {
    return spawn(program, args, { cwd, env: this.env, stdio: 'ignore', detached: true });
  }

  /** A shell in a terminal of its own, as a window of a terminal program would be, into which this line is typed. */
  startInTerminal(line: string, cwd = this.home): ChildProcess {
    const terminal = spawn('script', ['-qf', '/dev/null'], {
      cwd,
      env: this.env,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    terminal.stdin.write(`${line}\r`);
    return terminal;
  }

  run(program: string, args: readonly string[], cwd = this.home): string {
    return execFileSync(program, args, { cwd, env: this.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async initVault(): Promise<void> {
    await this.#cairn(
      CAPTURE_TIMEOUT_MS,
      'init',
      '--sources',
      'all',
      '--recovery-key-file',
      join(this.folder, 'recovery-key'),
    );
  }

  /** Captures what is open now; what the vault only carries forward is left out, and so are files outside of this workspace. */
  async capture(): Promise<CapturedWorkspace> {
    const { snapshotId } = await this.#cairn<{ snapshotId: string }>(CAPTURE_TIMEOUT_MS, 'capture');
    const vault = join(this.folder, 'cairn', 'vault.db');
    const items = await this.#runBundled<readonly ItemWithContent[]>(
      'read-contents',
      CAPTURE_TIMEOUT_MS,
      vault,
      snapshotId,
    );
    return { id: snapshotId, items: items.filter(({ item }) => !item.stale && this.#isOwn(item)) };
  }

  restore({ id }: CapturedWorkspace): Promise<RestoreSteps> {
    return this.#cairn(RESTORE_TIMEOUT_MS, 'restore', id, '--run', '--apply', '--yes');
  }

  /** Kills all that runs in this home, as a crash of the machine would; what started it has no say. */
  async killAll(): Promise<void> {
    await waitFor(
      'everything to be gone',
      () => {
        const pids = this.#pids();
        for (const pid of pids) killOne(pid);
        return pids.length === 0;
      },
      20_000,
    );
    // Locks and sockets of this folder that a start of the machine would clear.
    rmSync(join(this.folder, `tmux-${process.getuid?.() ?? 0}`), { recursive: true, force: true });
    for (const name of readdirSync(join(this.folder, 'screens'))) rmSync(join(this.folder, 'screens', name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    for (const child of this.#machine) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #startMachine(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    this.#machine.push(child);
    return child;
  }

  /** Tests and other programs of this user may have files open elsewhere. */
  #isOwn({ kind, attributes }: ShownItem): boolean {
    if (kind !== 'document' && kind !== 'repository') return true;
    return String(attributes['path']).startsWith(`${this.folder}/`);
  }

  #cairn<Result>(timeoutMs: number, ...args: readonly string[]): Promise<Result> {
    return this.#runBundled('cli', timeoutMs, ...args, '--json');
  }

  /** The pages and models that programs of the workspace speak to live in this process: nothing may block it. */
  async #runBundled<Result>(program: string, timeoutMs: number, ...args: readonly string[]): Promise<Result> {
    const all = [...NODE_FLAGS, join(this.#bundle, `${program}.js`), ...args];
    const options = {
      env: nodeEnvironment(this.env),
      cwd: this.home,
      encoding: 'utf8',
      timeout: timeoutMs,
      maxBuffer: 256 * 1024 * 1024,
    } as const;
    try {
      const { stdout } = await runFile(process.execPath, all, options);
      return JSON.parse(stdout) as Result; // what docs/cli.md and read-contents.ts promise
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string }; // of execFile
      // A step that failed makes the exit code 1: the document says more than that.
      if (args[0] === 'restore' && stdout?.includes('"steps"') === true) return JSON.parse(stdout) as Result;
      throw new Error(`${program} ${args[0] ?? ''} failed: ${stderr ?? String(error)}`, { cause: error });
    }
  }

  /** What has this home, or holds a file of it open: Chromium overwrites its environment. */
  #pids(): number[] {
    const own = `HOME=${this.home}`;
    const machine = new Set([process.pid, ...this.#machine.map(({ pid }) => pid)]);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && !machine.has(Number(name)))
      .filter((name) => readText(`/proc/${name}/environ`).split('\0').includes(own) || this.#holdsFile(name))
      .filter((name) => !/^State:\s+Z/m.test(readText(`/proc/${name}/status`)))
      .map(Number);
  }

  #holdsFile(pid: string): boolean {
    try {
      const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`));
      return files.some((file) => file.startsWith(`${this.folder}/`));
    } catch {
      // It has ended, or is another user's.
      return false;
    }
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended, or is another user's.
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It was closed meanwhile.
    return '';
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
