// Parses `git status --porcelain=v2 --branch --show-stash -z` (git-status(1), "Porcelain Format Version 2"). Total: what is not
// understood is counted, never thrown.

export interface StatusEntry {
  readonly path: string;
  /** The name before a rename. */
  readonly from: string | null;
  /** Two letters: index and work tree against HEAD; `??` for untracked. */
  readonly state: string;
  readonly isConflict: boolean;
  readonly isUntracked: boolean;
  readonly isSubmodule: boolean;
}

export interface GitStatus {
  readonly head: string | null;
  /** Null where HEAD is detached. */
  readonly branch: string | null;
  readonly upstream: string | null;
  readonly ahead: number;
  readonly behind: number;
  readonly stashes: number;
  readonly entries: readonly StatusEntry[];
  readonly unreadable: number;
}

export function parseGitStatus(bytes: Buffer): GitStatus {
  const fields = bytes.toString('utf8').split('\0');
  const status = { head: null as string | null, branch: null as string | null, upstream: null as string | null, ahead: 0, behind: 0, stashes: 0, unreadable: 0 };
  const entries: StatusEntry[] = [];
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] ?? '';
    if (field === '') continue;
    if (field.startsWith('# ')) readHeader(field.slice(2), status);
    else {
      const entry = readEntry(field, field.startsWith('2 ') ? fields[index + 1] : undefined);
      if (entry === null) status.unreadable += 1;
      else {
        if (entry.from !== null) index += 1;
        entries.push(entry);
      }
    }
  }
  return { ...status, entries };
}

function readHeader(line: string, status: { head: string | null; branch: string | null; upstream: string | null; ahead: number; behind: number; stashes: number }): void {
  const [name = '', ...rest] = line.split(' ');
  const value = rest.join(' ');
  if (name === 'branch.oid' && /^[0-9a-f]{40,64}$/.test(value)) status.head = value;
  if (name === 'branch.head' && value !== '(detached)') status.branch = value;
  if (name === 'branch.upstream') status.upstream = value;
  if (name === 'stash') status.stashes = toCount(value);
  if (name === 'branch.ab') {
    status.ahead = toCount(/\+(\d+)/.exec(value)?.[1]);
    status.behind = toCount(/-(\d+)/.exec(value)?.[1]);
  }
}

function readEntry(line: string, from: string | undefined): StatusEntry | null {
  const words = line.split(' ');
  const after = (count: number): string => words.slice(count).join(' ');
  const state = words[1] ?? '';
  const isSubmodule = (words[2] ?? '').startsWith('S');
  const common = { from: null, state, isConflict: false, isUntracked: false, isSubmodule };
  switch (words[0]) {
    case '1':
      return words.length < 9 ? null : { ...common, path: after(8) };
    case '2':
      return words.length < 10 || from === undefined ? null : { ...common, path: after(9), from };
    case 'u':
      return words.length < 11 ? null : { ...common, path: after(10), isConflict: true };
    case '?':
      return { ...common, path: after(1), state: '??', isUntracked: true, isSubmodule: false };
    default:
      return null;
  }
}

function toCount(text: string | undefined): number {
  const count = Number.parseInt(text ?? '', 10);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
