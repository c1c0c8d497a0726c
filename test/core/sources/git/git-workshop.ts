// A folder with a home and a repository of its own, and the git source pointed at it. Everything runs the real git.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { createGitSource } from '../../../../src/core/sources/git/git-source.ts';
import type {
  CaptureContext,
  Host,
  RestoreContext,
  RestoreOptions,
  SourceCapture,
} from '../../../../src/core/sources/source.ts';
import type { CapturedItem, SnapshotItem } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  DEFAULT_RESTORE_OPTIONS,
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
} from '../../../support/test-host.ts';

/** The branch of the snapshot that `makeRestoreContext` names. */
export const BRANCH = 'cairn/restore-01234567';

/** One object for all captures, as long as the user's rules stay the same. */
const NO_RULES: CaptureContext['excludes'] = { path: () => false, url: () => false, command: () => false };

/** A time long ago: whatever git touches stands out. */
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

export interface Restored {
  readonly plan: readonly PlannedStep[];
  readonly results: readonly StepResult[];
}

export class GitWorkshop implements Disposable {
  readonly #folder = makeTemporaryFolder();
  readonly path = realpathSync(this.#folder.path);
  readonly host: Host = makeTestHost(this.path);
  readonly scratch = join(this.path, 'scratch');
  readonly source = createGitSource({ privateParents: [this.scratch] });
  /** The repository that most tests work in. */
  readonly repo = join(this.path, 'api');

  /** @param template a repository to begin with, instead of an empty one */
  constructor(template?: GitWorkshop) {
    mkdirSync(this.scratch);
    if (template === undefined) {
      mkdirSync(this.repo);
      this.git('init', '-q', '-b', 'main');
    } else cpSync(template.repo, this.repo, { recursive: true, preserveTimestamps: true });
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  /** A repository with one commit of a few files, packed and old. */
  static withCommit(): GitWorkshop {
    const workshop = new GitWorkshop();
    workshop.write('kept.txt', 'kept\n');
    workshop.write('edited.txt', 'one\ntwo\nthree\n');
    workshop.write('gone.txt', 'gone\n');
    workshop.write('folder/a.txt', 'a\n');
    workshop.write('folder/b.txt', 'b\n');
    workshop.write('run.sh', 'echo\n');
    workshop.write('binary.bin', Buffer.from([0, 1, 2, 255]));
    workshop.commitAll('first');
    return workshop;
  }

  /** As after `withCommit` and `settle`, from a workshop that has been there; its index knows the files as they lie here. */
  static copyOf(settled: GitWorkshop): GitWorkshop {
    const workshop = new GitWorkshop(settled);
    workshop.git('update-index', '--refresh');
    workshop.#dateBack(workshop.repo);
    return workshop;
  }

  git(...args: string[]): string {
    return this.gitIn(this.repo, ...args);
  }

  gitIn(root: string, ...args: string[]): string {
    const settings = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'protocol.file.allow=always'];
    return execFileSync('git', ['-C', root, ...settings, ...args], {
      encoding: 'utf8',
      env: { ...this.host.env, LC_ALL: 'C', GIT_EDITOR: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
  }

  /** Runs a git that is meant to stop, as on a conflict. */
  gitStops(...args: string[]): void {
    let hasStopped = false;
    try {
      this.git(...args);
    } catch {
      hasStopped = true;
    }
    if (!hasStopped) throw new Error(`git ${args.join(' ')} did not stop`);
  }

  write(name: string, content: string | Buffer, root = this.repo): void {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }

  commitAll(message: string, root = this.repo): void {
    this.gitIn(root, 'add', '-A');
    this.gitIn(root, 'commit', '-q', '-m', message);
  }

  /** Packs everything and dates git's files back. */
  settle(root = this.repo): void {
    this.gitIn(root, 'gc', '-q');
    this.#dateBack(root);
  }

  #dateBack(root: string): void {
    const gitDir = join(root, '.git');
    if (!lstatSync(gitDir).isDirectory()) return;
    for (const path of [gitDir, ...listAll(gitDir)]) lutimesSync(path, LONG_AGO, LONG_AGO);
  }

  clone(from = this.repo, name = 'clone'): string {
    const to = join(this.path, name);
    this.gitIn(this.path, 'clone', '-q', '--no-local', from, to);
    return to;
  }

  capture(overrides: Partial<CaptureContext> = {}): Promise<SourceCapture> {
    const pointedPaths = [join(this.repo, 'some', 'where'), this.repo];
    return this.source.capture(makeCaptureContext(this.host, { pointedPaths, excludes: NO_RULES, ...overrides }));
  }

  /** Captures, and expects one repository and no problem. */
  async captureOne(overrides: Partial<CaptureContext> = {}): Promise<CapturedItem> {
    const { items, problems } = await this.capture(overrides);
    const [item] = items;
    if (item === undefined || items.length !== 1 || problems.length > 0) {
      throw new Error(`captured ${items.length} repositories: ${JSON.stringify(problems)}`);
    }
    return item;
  }

  planOnly(items: readonly SnapshotItem[]): Promise<readonly PlannedStep[]> {
    return this.source.planRestore(items, makeRestoreContext(this.host, this.scratch, [], { selected: items }));
  }

  async restoreAll(items: readonly CapturedItem[], options: Partial<RestoreOptions> = {}): Promise<StepResult[]> {
    const context = makeRestoreContext(this.host, this.scratch, items, {
      options: { ...DEFAULT_RESTORE_OPTIONS, ...options },
    });
    const plan = await this.source.planRestore(context.selected, context);
    const results: StepResult[] = [];
    for await (const result of this.source.applyRestore(plan, context)) results.push(result);
    return results;
  }

  async restore(
    item: CapturedItem,
    options: Partial<RestoreOptions> = {},
    overrides: Partial<RestoreContext> = {},
  ): Promise<Restored> {
    const all = { options: { ...DEFAULT_RESTORE_OPTIONS, ...options }, ...overrides };
    const context = makeRestoreContext(this.host, this.scratch, [item], all);
    const plan = await this.source.planRestore(context.selected, context);
    const results: StepResult[] = [];
    for await (const result of this.source.applyRestore(plan, context)) results.push(result);
    return { plan, results };
  }

  /** Restores into a new worktree and gives its path. */
  async restoreWorktree(item: CapturedItem, worktreeDir = join(this.path, 'trees')): Promise<string> {
    const { plan, results } = await this.restore(item, { worktreeDir });
    if (results[0]?.status !== 'done') throw new Error(JSON.stringify({ plan, results }));
    const payload = plan[0]?.payload as { worktree: string }; // what the plan of a worktree holds
    return payload.worktree;
  }

  async undo(restored: Restored): Promise<StepResult> {
    const [result] = restored.results;
    if (result === undefined) throw new Error('nothing was restored');
    return this.source.undoRestore(structuredClone(result), {
      host: this.host,
      signal: AbortSignal.timeout(20_000),
      nowMs: 0,
      readBefore: async () => new Uint8Array(),
    });
  }

  /** The trees of index and work tree as git itself would write them; of the index null where it holds conflicts. */
  trees(root = this.repo): { staged: string | null; work: string } {
    const index = join(this.path, 'probe-index');
    const gitDir = this.gitIn(root, 'rev-parse', '--absolute-git-dir').trim();
    if (existsSync(join(gitDir, 'index'))) {
      copyFileSync(join(gitDir, 'index'), index);
      // An index that is older than its files makes git look into all of them.
      lutimesSync(index, LONG_AGO, LONG_AGO);
    }
    const at = (...args: string[]): string =>
      execFileSync('git', ['-C', root, ...args], {
        encoding: 'utf8',
        env: { ...this.host.env, GIT_INDEX_FILE: index },
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const hasConflicts = this.gitIn(root, 'ls-files', '--unmerged') !== '';
    const staged = hasConflicts ? null : at('write-tree');
    at('add', '-A', '.');
    return { staged, work: at('write-tree') };
  }
}

/** Every path below a folder, each byte of a name as one character. */
export function listAll(root: string): string[] {
  const names = readdirSync(Buffer.from(root, 'latin1'), { encoding: 'buffer' }).map((name) => name.toString('latin1'));
  return names.flatMap((name) => {
    const path = `${root}/${name}`;
    return lstatSync(Buffer.from(path, 'latin1')).isDirectory() ? [path, ...listAll(path)] : [path];
  });
}

/** Content, mode, inode and times of everything below a folder, by path. */
export function fingerprint(root: string): Record<string, string> {
  const prints: Record<string, string> = {};
  for (const path of [root, ...listAll(root)]) {
    const bytes = Buffer.from(path, 'latin1');
    const stat = lstatSync(bytes, { bigint: true });
    const content = stat.isFile() ? readFileSync(bytes) : stat.isSymbolicLink() ? readlinkSync(bytes) : '';
    const digest = createHash('sha256').update(content).digest('hex').slice(0, 16);
    prints[path] = `${stat.mode} ${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs} ${digest}`;
  }
  return prints;
}

export function streamOf(item: CapturedItem, name: string): Uint8Array<ArrayBuffer> | null {
  const content = item.streams.find((stream) => stream.name === name)?.content;
  return content?.type === 'whole' ? content.bytes : null;
}

export function patchOf(item: CapturedItem, name: string): string {
  return Buffer.from(streamOf(item, name) ?? new Uint8Array()).toString('latin1');
}

/** The item as if it had been captured at another place: what a restore into a clone works on. */
export function movedTo(item: CapturedItem, path: string): CapturedItem {
  return { ...item, attributes: { ...item.attributes, path } };
}

/** The item with another content of one stream. */
export function withStream(item: CapturedItem, name: string, bytes: Uint8Array<ArrayBuffer>): CapturedItem {
  const others = item.streams.filter((stream) => stream.name !== name);
  return { ...item, streams: [...others, { name, kind: 'blob', version: 'v', content: { type: 'whole', bytes } }] };
}
