// A home, a runtime folder in memory and a vault of their own, and notes as the hooks write them.

import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { Collector, type CaptureOutcome, type CaptureSettings } from '../../../../src/core/capture/collector.ts';
import { compileExclusion } from '../../../../src/core/capture/rules/exclusion.ts';
import { NO_EXCLUSIONS, type ExclusionRules } from '../../../../src/core/capture/rules/exclusion-rules.ts';
import { LockedCaptures } from '../../../../src/core/session/locked-captures.ts';
import { decodeCommands, type CommandEntry } from '../../../../src/core/sources/shell-history/command-entry.ts';
import { createShellHistorySource } from '../../../../src/core/sources/shell-history/shell-history-source.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import { openInbox } from '../../../../src/core/vault/inbox-client.ts';
import type { Vault } from '../../../../src/core/vault/vault.ts';
import type { SnapshotItem } from '../../../../src/shared/model/item.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { makeTestHost, waitFor } from '../../../support/test-host.ts';
import { openTestVault, type TestVault } from '../../../support/test-vault.ts';

const SHARED_MEMORY = '/dev/shm';
export const hasSharedMemory = existsSync(SHARED_MEMORY);

export interface MemoryFolder extends Disposable {
  readonly path: string;
}

/** A private folder in memory, which is gone when the test is over. */
export function makeMemoryFolder(): MemoryFolder {
  const path = mkdtempSync(join(SHARED_MEMORY, 'cairn-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A host whose home and runtime folder lie in memory. */
export function makeShellHost(folder: string, env: Readonly<Record<string, string>> = {}): Host {
  const runtime = join(folder, 'runtime');
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  return makeTestHost(folder, { XDG_RUNTIME_DIR: runtime, LANG: 'C.UTF-8', ...env });
}

export interface Note {
  readonly number: number;
  readonly command: string;
  readonly cwd?: string;
  readonly atMs?: number;
  readonly durationMs?: number;
  readonly exitCode?: number;
}

export interface NotedShell {
  readonly pid?: number;
  readonly shell?: string;
  readonly startedAtMs?: number;
}

export function headerBytes(about: NotedShell & { readonly home: string }): string {
  const { home, pid = 999_999_999, shell = 'bash', startedAtMs = 1_795_206_831_000 } = about;
  return [
    '\u001eH',
    '1',
    shell,
    String(pid),
    String(startedAtMs * 1_000),
    '/dev/pts/7',
    'tmux:/tmp/t:%3',
    home,
    '',
  ].join('\0');
}

export function noteBytes({ number, command, cwd = '/home/dev/api', ...note }: Note): string {
  const { atMs = 1_795_206_831_000 + number, durationMs = 12, exitCode = 0 } = note;
  return ['\u001eC', number, atMs, durationMs, exitCode, cwd, command, ''].join('\0');
}

export class HistoryWorkshop implements AsyncDisposable {
  readonly #folder: MemoryFolder;
  readonly #vault: TestVault;
  readonly host: Host;
  readonly spools: string;
  rules: Partial<ExclusionRules> = {};
  isRedactionOn = true;
  /** Makes the next save fail. */
  isBroken = false;
  clock = new ManualClock();
  source: Source = createShellHistorySource();
  #collector: Collector | null = null;

  private constructor(folder: MemoryFolder, vault: TestVault) {
    this.#folder = folder;
    this.#vault = vault;
    this.host = makeShellHost(folder.path);
    this.spools = join(folder.path, 'runtime', 'cairn', 'shell');
  }

  static async open(): Promise<HistoryWorkshop> {
    return new HistoryWorkshop(makeMemoryFolder(), await openTestVault());
  }

  get vault(): Vault {
    return this.#vault.vault;
  }

  /** Notes as a hook appends them; the shell is long gone unless told otherwise. */
  note(id: string, notes: readonly Note[], about: NotedShell = {}): void {
    mkdirSync(this.spools, { recursive: true, mode: 0o700 });
    const path = join(this.spools, `${id}.log`);
    const header = existsSync(path) ? '' : headerBytes({ home: this.host.homeDir, ...about });
    appendFileSync(path, header + notes.map(noteBytes).join(''), { mode: 0o600 });
  }

  files(): readonly string[] {
    return readdirSync(this.spools).toSorted();
  }

  /** Captures once; two seconds pass. */
  async capture(): Promise<CaptureOutcome> {
    // What lies aside is as old as the real clock says.
    this.clock.jumpWall(Date.now() + 5_000 - this.clock.nowMs());
    const vault = this.vault;
    this.#collector ??= new Collector({
      vault: {
        save: (request) => (this.isBroken ? Promise.reject(new Error('no disk')) : vault.save(request)),
        known: () => vault.known(),
        listSnapshots: (query) => vault.listSnapshots(query),
        readSnapshot: (id) => vault.readSnapshot(id),
        deleteCheckpoints: (ids) => vault.deleteCheckpoints(ids),
      },
      clock: this.clock,
      host: this.host,
      loadSettings: async () => this.#settings(),
    });
    return this.#collector.capture({ kind: 'automatic' });
  }

  #settings(): CaptureSettings {
    return {
      sources: [this.source],
      exclusion: compileExclusion(
        { ...NO_EXCLUSIONS, ...this.rules },
        { homeDir: this.host.homeDir, platform: 'linux', realPath: (path) => path },
      ),
      isRedactionOn: this.isRedactionOn,
      scrollbackLines: 10_000,
      inactiveDays: 7,
    };
  }

  /** Locks the vault; the work captures write-only as often as it likes. Then it is unlocked. */
  async whileLocked(work: (capture: () => Promise<void>) => Promise<void>): Promise<void> {
    const [newest] = await this.vault.listSnapshots({ limit: 1 });
    const snapshot = newest === undefined ? null : await this.vault.readSnapshot(newest.id);
    await this.vault.close();
    let deposits = 0;
    const captures = new LockedCaptures(
      {
        inbox: openInbox(this.#vault.path),
        host: this.host,
        clock: this.clock,
        settings: this.#settings(),
        intervalMs: 1_000,
        newest: snapshot,
        onDeposit: () => {
          deposits += 1;
        },
        onFailed: ({ message }) => {
          throw new Error(message);
        },
      },
      false,
    );
    captures.start();
    await work(async () => {
      const before = deposits;
      this.clock.jumpWall(Date.now() + 5_000 - this.clock.nowMs());
      await this.clock.advance(1_000);
      await waitFor('a deposit', () => deposits > before);
      await settle();
    });
    await captures.stop();
    this.#collector = null;
    await this.#vault.reopen();
  }

  /** Cairn is killed and started again: nothing is remembered but the vault and the folder in memory. */
  async restart(): Promise<void> {
    this.#collector = null;
    this.source = createShellHistorySource();
    await this.#vault.reopen();
  }

  async items(): Promise<readonly SnapshotItem[]> {
    const [newest] = await this.vault.listSnapshots({ limit: 1 });
    return newest === undefined ? [] : (await this.vault.readSnapshot(newest.id)).itemList;
  }

  /** All commands of an item of the newest snapshot. */
  async commands(key: string): Promise<readonly CommandEntry[]> {
    const [newest] = await this.vault.listSnapshots({ limit: 1 });
    const item = (await this.items()).find((other) => other.key === key);
    if (newest === undefined || item === undefined) return [];
    const entries: CommandEntry[] = [];
    for (const { name } of item.streams)
      entries.push(...decodeCommands(await this.vault.readStream(newest.id, item.key, name)));
    return entries;
  }

  async lines(key: string): Promise<readonly string[]> {
    return (await this.commands(key)).map(({ command }) => command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vault[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}
