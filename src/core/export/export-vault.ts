// Writes what can be read of a vault as plain files: terminals as text, conversations as Markdown, unsaved files, patches, tabs. It works on
// a damaged vault too, and says what it could not read. The vault is only read.

import { isAbsolute, relative } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotId } from '../../shared/model/ids.ts';
import type { ItemKind, SnapshotItem } from '../../shared/model/item.ts';
import type { Snapshot, SnapshotSummary } from '../../shared/model/snapshot.ts';
import { repositoryRoots } from '../../shared/timeline/project.ts';
import { exportFileName, exportSession } from '../sessions/export-session.ts';
import { readSessionMessages } from '../sessions/read-messages.ts';
import { fromStored, readFacts } from '../sessions/session.ts';
import type { Source } from '../sources/source.ts';
import { toIso, viewItem } from '../timeline/views.ts';
import type { LongWorkOptions, Vault } from '../vault/vault.ts';
import { ExportFolder } from './export-folder.ts';
import { exportItem, type WrittenItem } from './export-item.ts';
import {
  renderBookmarks,
  renderReadme,
  renderSnapshot,
  renderTabs,
  snapshotTitle,
  type ExportedItem,
} from './export-pages.ts';
import { toHarmlessText } from './intact-text.ts';

const LIST_PAGE = 500;
/** Stands in the folder until everything else does. */
const UNFINISHED = 'unfinished.txt';
const FORMAT = 1;
const KIND_FOLDERS: Readonly<Record<ItemKind, string>> = {
  terminal: 'terminals',
  conversation: 'conversations',
  document: 'files',
  repository: 'repositories',
  tab: 'tabs',
};

export interface ExportDeps {
  readonly vault: Vault;
  readonly sources: readonly Source[];
  /** The data folder, in which nothing may be written. */
  readonly home: string;
  readonly nowMs: () => number;
}

export interface ExportRequest extends LongWorkOptions {
  /** Made new; absolute. */
  readonly folder: string;
  /** The newest snapshot and every checkpoint; every snapshot; or these, by any reference to a snapshot. */
  readonly snapshots: 'usual' | 'all' | readonly string[];
}

/** Something that could not be read. */
export interface UnreadablePart {
  readonly snapshotId: SnapshotId | null;
  readonly key: string | null;
  readonly title: string;
  /** Of a stream: which, and which bytes of it. */
  readonly stream?: string;
  readonly from?: number;
  readonly length?: number;
}

export interface ExportReport {
  readonly folder: string;
  readonly snapshots: number;
  /** Different contents: what several snapshots have counts once. */
  readonly items: number;
  readonly sessions: number;
  readonly files: number;
  readonly sizeBytes: number;
  readonly unreadable: readonly UnreadablePart[];
}

/**
 * @throws AppError USAGE_INVALID where the folder is no place for it, SNAPSHOT_NOT_FOUND, EXEC_FAILED where it cannot be written, CANCELLED: then what was
 * written so far stays, and says that it is not finished
 */
export async function exportVault(deps: ExportDeps, request: ExportRequest): Promise<ExportReport> {
  assertPlace(deps.home, request.folder);
  // Before anything is made: a name that is wrong leaves no folder.
  const chosen = await chooseSnapshots(deps, request);
  return new VaultExport(deps, request, ExportFolder.create(request.folder)).run(chosen);
}

function assertPlace(home: string, folder: string): void {
  const inside = relative(home, folder);
  if (isAbsolute(folder) && (inside.startsWith('..') || isAbsolute(inside))) return;
  throw new AppError(
    'USAGE_INVALID',
    "An export cannot lie in Cairn's own data folder, nor in a folder without its full path.",
    {
      hint: 'Name another folder.',
    },
  );
}

interface Chosen {
  readonly id: SnapshotId;
  /** Null where it cannot be read. */
  readonly takenAtMs: number | null;
}

/** The newest first. */
async function chooseSnapshots({ vault, nowMs }: ExportDeps, { snapshots }: ExportRequest): Promise<readonly Chosen[]> {
  if (snapshots === 'all') return listAll(vault, false);
  const found = new Map<SnapshotId, Chosen>();
  if (snapshots === 'usual') {
    for (const summary of [...(await findNewest(vault)), ...(await listAll(vault, true))])
      found.set(summary.id, summary);
  } else
    for (const reference of snapshots) {
      const id = await vault.resolveSnapshot(reference, nowMs());
      found.set(id, { id, takenAtMs: (await orDamaged(() => vault.readSnapshot(id)))?.takenAtMs ?? null });
    }
  return [...found.values()].toSorted((a, b) => (b.takenAtMs ?? 0) - (a.takenAtMs ?? 0));
}

async function listAll(vault: Vault, checkpointsOnly: boolean): Promise<readonly SnapshotSummary[]> {
  const all: SnapshotSummary[] = [];
  for (let before: SnapshotId | undefined; ;) {
    const page = await vault.listSnapshots({
      ...{ limit: LIST_PAGE, skipsDamaged: true, checkpointsOnly },
      ...(before === undefined ? {} : { before }),
    });
    all.push(...page);
    before = page.at(-1)?.id;
    if (before === undefined) return all;
  }
}

/** The newest snapshot of which the list of items can be read, and before it the newer ones of which it cannot. */
async function findNewest(vault: Vault): Promise<readonly SnapshotSummary[]> {
  const looked: SnapshotSummary[] = [];
  for (let before: SnapshotId | undefined; ;) {
    const [newest] = await vault.listSnapshots({
      ...{ limit: 1, skipsDamaged: true },
      ...(before === undefined ? {} : { before }),
    });
    if (newest === undefined) return looked;
    looked.push(newest);
    if ((await orDamaged(() => vault.readSnapshot(newest.id))) !== null) return looked;
    before = newest.id;
  }
}

class VaultExport {
  readonly #deps: ExportDeps;
  readonly #request: ExportRequest;
  readonly #folder: ExportFolder;
  /** What was written already, by what it holds. */
  readonly #written = new Map<string, WrittenItem>();
  readonly #unreadable: UnreadablePart[] = [];
  readonly #snapshots: { readonly folder: string; readonly title: string }[] = [];

  constructor(deps: ExportDeps, request: ExportRequest, folder: ExportFolder) {
    this.#deps = deps;
    this.#request = request;
    this.#folder = folder;
  }

  async run(chosen: readonly Chosen[]): Promise<ExportReport> {
    const unfinished = this.#folder.nameIn('', 'unfinished', '.txt');
    await this.#folder.write(
      unfinished,
      'This export is not finished: something is still missing, and nothing says what. Nothing in this folder is encrypted.\n',
    );
    for (const [at, summary] of chosen.entries()) {
      await this.#exportSnapshot(summary, (ratio) => this.#tell(at + ratio, chosen.length));
      this.#tell(at + 1, chosen.length);
    }
    const sessions = await this.#exportSessions();
    return this.#finish(unfinished, sessions);
  }

  async #exportSnapshot({ id, takenAtMs }: Chosen, onProgress: (ratio: number) => void): Promise<void> {
    this.#assertRunning();
    const snapshot = await orDamaged(() => this.#deps.vault.readSnapshot(id));
    if (snapshot === null) {
      const title = takenAtMs === null ? 'the snapshot' : `the snapshot of ${toIso(takenAtMs)}`;
      this.#unreadable.push({ snapshotId: id, key: null, title });
      return;
    }
    const within = this.#folder.addFolder('', `${toIso(snapshot.takenAtMs).slice(0, 19)} ${id.slice(0, 8)}`);
    const folders = new Map<ItemKind, string>();
    const folderOf = (kind: ItemKind): string => {
      const folder = folders.get(kind) ?? this.#folder.addFolder(within, KIND_FOLDERS[kind]);
      folders.set(kind, folder);
      return folder;
    };
    const exported: ExportedItem[] = [];
    for (const [at, item] of snapshot.itemList.entries()) {
      const { files, lost } = await this.#exportItem(snapshot, item, folderOf);
      exported.push({ item, files, isDamaged: lost.length > 0 });
      onProgress((at + 1) / snapshot.itemList.length);
    }
    await this.#writePages(within, snapshot, exported);
    this.#snapshots.push({ folder: within, title: snapshotTitle(snapshot) });
  }

  async #exportItem(
    snapshot: Snapshot,
    item: SnapshotItem,
    folderOf: (kind: ItemKind) => string,
  ): Promise<WrittenItem> {
    if (item.streams.length === 0) return { files: [], lost: [] };
    const content = JSON.stringify([
      item.key,
      item.title,
      item.streams.map(({ name, contentId }) => [name, contentId]),
    ]);
    const before = this.#written.get(content);
    if (before !== undefined) return before;
    const { vault, sources } = this.#deps;
    const deps = { vault, sources, folder: this.#folder, assertRunning: () => this.#assertRunning() };
    const place = { snapshot, item, roots: repositoryRoots(snapshot.itemList), within: folderOf(item.kind) };
    const written = (await orDamaged(() => exportItem(deps, place))) ?? {
      files: [],
      lost: item.streams.map(({ name, sizeBytes }) => ({ stream: name, from: 0, length: sizeBytes })),
    };
    for (const lost of written.lost)
      this.#unreadable.push({ snapshotId: snapshot.id, key: item.key, title: item.title, ...lost });
    this.#written.set(content, written);
    return written;
  }

  async #writePages(within: string, snapshot: Snapshot, exported: readonly ExportedItem[]): Promise<void> {
    const { itemList } = snapshot;
    const write = (name: string, ending: string, text: string): Promise<unknown> =>
      this.#folder.write(this.#folder.nameIn(within, name, ending), text);
    const tabs = itemList.filter(({ kind }) => kind === 'tab');
    if (tabs.length > 0) {
      await write('tabs', '.md', renderTabs(tabs));
      await write('tabs', '.html', renderBookmarks(tabs));
    }
    const roots = repositoryRoots(itemList);
    const items = exported.map(({ item, files, isDamaged }) => ({ ...viewItem(item, roots), files, isDamaged }));
    await write(
      'items',
      '.json',
      `${JSON.stringify({ id: snapshot.id, takenAt: toIso(snapshot.takenAtMs), items }, null, 1)}\n`,
    );
    await write('index', '.md', renderSnapshot(snapshot, exported, '../'));
  }

  /** Conversations that the vault keeps itself: chats, pushes and imports. */
  async #exportSessions(): Promise<number> {
    const { vault } = this.#deps;
    const stored = await orDamaged(() => vault.listSessions());
    if (stored === null) this.#unreadable.push({ snapshotId: null, key: null, title: 'the list of sessions' });
    const sessions = (stored ?? []).filter((session) => readFacts(session).deletedAtMs === null).map(fromStored);
    const within = sessions.length === 0 ? '' : this.#folder.addFolder('', 'sessions');
    let count = 0;
    for (const session of sessions) {
      this.#assertRunning();
      const all = { firstIndex: 0, limit: Number.MAX_SAFE_INTEGER };
      const read = await orDamaged(() => readSessionMessages(this.#deps, session.id, undefined, all));
      if (read === null || read.unreadable > 0)
        this.#unreadable.push({ snapshotId: null, key: session.id, title: session.name });
      if (read === null) continue;
      const name = exportFileName(session, 'markdown').replace(/\.md$/, '');
      const [markdown, json] = [exportSession(session, read, 'markdown'), exportSession(session, read, 'json')];
      await this.#folder.write(this.#folder.nameIn(within, name, '.md'), toHarmlessText(markdown));
      await this.#folder.write(this.#folder.nameIn(within, name, '.json'), json);
      count += 1;
    }
    return count;
  }

  async #finish(unfinished: string, sessions: number): Promise<ExportReport> {
    const { nowMs } = this.#deps;
    this.#folder.remove(unfinished);
    const facts = { madeAtMs: nowMs(), snapshots: this.#snapshots, sessions, unreadable: this.#unreadable.length };
    await this.#folder.write(this.#folder.nameIn('', 'readme', '.md'), renderReadme(facts));
    const files = [...this.#folder.files];
    const manifest = {
      format: FORMAT,
      madeAt: toIso(facts.madeAtMs),
      snapshots: this.#snapshots,
      unreadable: this.#unreadable,
      files,
    };
    await this.#folder.write(this.#folder.nameIn('', 'manifest', '.json'), `${JSON.stringify(manifest, null, 1)}\n`);
    return {
      folder: this.#folder.path,
      snapshots: this.#snapshots.length,
      items: this.#written.size,
      sessions,
      files: this.#folder.files.length,
      sizeBytes: this.#folder.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      unreadable: this.#unreadable,
    };
  }

  #tell(done: number, total: number): void {
    this.#request.onProgress?.({ done, total });
  }

  #assertRunning(): void {
    if (this.#request.signal?.aborted === true)
      throw new AppError(
        'CANCELLED',
        `The export was cancelled; what was written so far stays, with ${UNFINISHED} in it.`,
        {
          isRetryable: true,
        },
      );
  }
}

/** Null for what is damaged, or was thinned out meanwhile. */
async function orDamaged<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AppError && (error.code === 'VAULT_DAMAGED' || error.code === 'SNAPSHOT_NOT_FOUND'))
      return null;
    throw error;
  }
}
