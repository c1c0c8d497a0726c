// Which project an item belongs to: the repository around the folder that it works in, the repository whose page a tab shows, else the
// folder itself. A repository is the same on every machine and in every folder by the addresses of its remotes. Pure.

import type { SnapshotItem } from '../model/item.ts';

type Placed = Pick<SnapshotItem, 'kind' | 'attributes'>;

/** A repository as a project: where it lies, and what it is called elsewhere. */
export interface ProjectRoot {
  readonly name: string;
  /** Its work tree's folder. */
  readonly path: string;
  /** Its remotes as `remoteIdOf` writes them. */
  readonly remotes: readonly string[];
}

/** The repositories among the items, the innermost first. */
export function repositoryRoots(items: Iterable<Placed>): readonly ProjectRoot[] {
  const roots: ProjectRoot[] = [];
  for (const { kind, attributes } of items) {
    const path = attributes['path'];
    if (kind === 'repository' && typeof path === 'string')
      roots.push({ name: lastPart(path), path, remotes: remotesOf(attributes['remotes']) });
  }
  return roots.toSorted((a, b) => b.path.length - a.path.length);
}

/** The name of the item's project, or undefined where it has none. */
export function projectOf(item: Placed, roots: readonly ProjectRoot[]): string | undefined {
  const root = rootOf(item, roots);
  if (root !== undefined) return root.name || undefined;
  const folder = folderOf(item);
  return folder === undefined ? undefined : lastPart(folder) || undefined;
}

/** The repository that the item belongs to, or undefined where it belongs to none. */
export function rootOf(item: Placed, roots: readonly ProjectRoot[]): ProjectRoot | undefined {
  if (item.kind === 'tab') return rootOfPage(item.attributes['url'], roots);
  const folder = folderOf(item);
  return folder === undefined ? undefined : roots.find(({ path }) => isInside(folder, path));
}

/**
 * Projects that a person may mean: by name, by a folder of theirs (or one inside), or by a remote's address or its end (`acme/api`).
 * @param text what was typed
 */
export function findProjects(text: string, roots: readonly ProjectRoot[]): readonly ProjectRoot[] {
  const wanted = text.trim();
  if (wanted.startsWith('/')) {
    const around = roots.find(({ path }) => isInside(wanted, path));
    return around === undefined ? [] : [around];
  }
  const named = roots.filter(({ name }) => name === wanted);
  if (named.length > 0) return named;
  const id = remoteIdOf(wanted) ?? wanted.toLowerCase();
  return roots.filter(({ remotes }) => remotes.some((remote) => remote === id || remote.endsWith(`/${id}`)));
}

/**
 * The same for all ways to write an address of one repository: `github.com/acme/api`. Null for what is no address of another machine.
 */
export function remoteIdOf(address: string): string | null {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/:?#]+)(?::\d+)?\/([^?#]+)/i.exec(address);
  const scp = url === null ? /^(?:[^/@:]+@)?([^/:]+):(?!\/\/)([^?#]+)$/.exec(address) : null;
  const [, host, path] = url ?? scp ?? [];
  if (host === undefined || path === undefined || !host.includes('.')) return null;
  const name = path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '');
  return name === '' ? null : `${host}/${name}`.toLowerCase();
}

function remotesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const ids = Object.values(value).map((address) => (typeof address === 'string' ? remoteIdOf(address) : null));
  return [...new Set(ids.filter((id) => id !== null))];
}

/** Where the item works. A document works where it lies, unless its editor says in which folder it was opened. */
function folderOf({ kind, attributes }: Placed): string | undefined {
  const { path, cwd } = attributes;
  if (kind === 'repository') return absolute(path);
  if (kind !== 'document') return absolute(cwd);
  const file = absolute(path);
  return file === undefined ? absolute(cwd) : file.slice(0, Math.max(1, file.lastIndexOf('/')));
}

/** A page of the repository itself, of its issues, of a branch: not of its owner's others. */
function rootOfPage(url: unknown, roots: readonly ProjectRoot[]): ProjectRoot | undefined {
  if (typeof url !== 'string' || !/^https?:/i.test(url)) return undefined;
  const page = remoteIdOf(url);
  if (page === null) return undefined;
  return roots.find(({ remotes }) => remotes.some((remote) => isInside(page, remote)));
}

function absolute(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith('/') ? value : undefined;
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
