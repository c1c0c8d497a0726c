// Hears of changes below folders that come and go: programs make theirs when they first run, and a new one for each project. Watches
// folders only, never files: the system tells of the files in a watched folder. Where watching is not possible the interval captures.

import { existsSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** The system grants a user some thousands of watches for all programs together. */
const MAX_FOLDERS = 2_000;

/** How often roots are asked for that are found by looking: what such a look costs is a few listings of folders. */
const LOOK_AGAIN_MS = 5_000;

export interface WatchFoldersOptions {
  /** Watched with everything below them, whether they are there already or not. A function is asked again and again: new profiles come. */
  readonly roots: readonly string[] | (() => readonly string[]);
  /** Whether a change of this file or folder counts; all do unless told. */
  readonly isRelevant?: (path: string) => boolean;
  readonly signal: AbortSignal;
  onChange(): void;
}

/** Begins to watch, until the signal. Never throws. */
export function watchFolders(options: WatchFoldersOptions): void {
  if (options.signal.aborted) return;
  const { roots, signal } = options;
  const tree = new WatchedFolders(options);
  tree.followAll(typeof roots === 'function' ? roots() : roots);
  if (typeof roots !== 'function') {
    signal.addEventListener('abort', () => tree.close(), { once: true });
    return;
  }
  const timer = setInterval(() => {
    if (tree.followAll(roots())) options.onChange();
  }, LOOK_AGAIN_MS);
  timer.unref();
  signal.addEventListener(
    'abort',
    () => {
      clearInterval(timer);
      tree.close();
    },
    { once: true },
  );
}

class WatchedFolders {
  readonly #options: WatchFoldersOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #present = new Set<string>();
  readonly #roots = new Set<string>();
  #isClosed = false;

  constructor(options: WatchFoldersOptions) {
    this.#options = options;
  }

  /** Watches those that it does not yet; true where there were any. What is no root any more is watched on, which costs little. */
  followAll(roots: readonly string[]): boolean {
    const fresh = roots.filter((root) => !this.#roots.has(root));
    for (const root of fresh) {
      this.#roots.add(root);
      this.follow(root);
    }
    return fresh.length > 0;
  }

  /** Watches the root and all below it, or, while it is not there, the nearest folder above it. */
  follow(root: string): void {
    if (existsSync(root)) {
      this.#present.add(root);
      this.#watchTree(root);
      return;
    }
    this.#present.delete(root);
    let next = root;
    while (!existsSync(dirname(next)) && dirname(next) !== next) next = dirname(next);
    this.#watchOne(dirname(next));
    // It may have come while nobody watched yet.
    if (existsSync(next)) this.follow(root);
  }

  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watchTree(folder: string): void {
    this.#watchOne(folder);
    for (const name of foldersIn(folder)) this.#watchTree(join(folder, name));
  }

  #watchOne(folder: string): void {
    if (this.#isClosed || this.#watchers.has(folder) || this.#watchers.size >= MAX_FOLDERS) return;
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => this.#handle(folder, event, name));
      watcher.on('error', () => this.#forget(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // Gone again, not readable, or no watch left: the interval still captures.
    }
  }

  #handle(folder: string, event: string, name: string | null): void {
    if (this.#isClosed) return;
    const path = name === null ? folder : join(folder, name);
    const roots = [...this.#roots];
    const before = new Set(this.#present);
    if (event === 'rename') this.#handleNames(folder, path);
    if (roots.some((root) => this.#present.has(root) && !before.has(root))) this.#options.onChange();
    const isInside = roots.some((root) => path === root || path.startsWith(root + sep));
    if (isInside && this.#options.isRelevant?.(path) !== false) this.#options.onChange();
  }

  /** Something came, went, or was put in another's place. */
  #handleNames(folder: string, path: string): void {
    if (!existsSync(folder)) this.#forget(folder);
    for (const root of this.#present) if (!existsSync(root)) this.#present.delete(root);
    // A folder of that name may be another one than before.
    this.#forget(path);
    for (const root of this.#roots) {
      const isOnTheWay = root === path || root.startsWith(path + sep) || !existsSync(folder);
      if (isOnTheWay) this.follow(root);
      else if (path.startsWith(root + sep) && isFolder(path)) this.#watchTree(path);
    }
  }

  /** Ends the watches of a folder and of all below it. */
  #forget(folder: string): void {
    for (const [path, watcher] of this.#watchers) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return []; // gone again, or no folder
  }
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
