// Parses `git config --list -z`: what of a repository's settings a capture needs. Pure and total; everything else (tokens in
// headers, for example) is dropped right here.

import { withoutCredentials } from './remote-address.ts';

export interface GitConfig {
  /** Names of filter drivers, which run programs. */
  readonly filters: readonly string[];
  /** Addresses of the remotes by name, without credentials. */
  readonly remotes: ReadonlyMap<string, string>;
  /** `status.showUntrackedFiles=no`: the user does not want untracked files looked at, as in a home folder under git. */
  readonly hidesUntracked: boolean;
  /** `core.worktree`: where the settings say that the work tree is; null where they do not. */
  readonly workTree: string | null;
}

const MAX_REMOTES = 50;
const MAX_REMOTE_NAME_LENGTH = 200;

export function parseGitConfig(bytes: Uint8Array): GitConfig {
  const filters = new Set<string>();
  const remotes = new Map<string, string>();
  let hidesUntracked = false;
  let workTree: string | null = null;
  for (const record of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\0')) {
    // A key without `=` in the file has no value and no newline; the middle part of a key may hold dots, but no newline.
    const newline = record.indexOf('\n');
    const key = newline < 0 ? record : record.slice(0, newline);
    const value = newline < 0 ? '' : record.slice(newline + 1);
    const filter = /^filter\.(.*)\.[a-z]+$/.exec(key)?.[1];
    if (filter !== undefined) filters.add(filter);
    const remote = /^remote\.(.+)\.url$/.exec(key)?.[1];
    // The first address of a remote is the one that is fetched from.
    if (remote !== undefined && value !== '' && remotes.size < MAX_REMOTES && !remotes.has(remote)) {
      remotes.set(remote.slice(0, MAX_REMOTE_NAME_LENGTH), withoutCredentials(value));
    }
    if (key === 'core.worktree') workTree = value;
    if (key === 'status.showuntrackedfiles') hidesUntracked = /^(no|false|off|0)$/i.test(value);
  }
  return { filters: [...filters], remotes, hidesUntracked, workTree };
}
