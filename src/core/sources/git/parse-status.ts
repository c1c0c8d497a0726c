// Parses `git status --porcelain=v2 --branch --show-stash -z` (git-status(1), "Porcelain Format Version 2"). Pure and total: any
// bytes give a status or a reason. Paths stay bytes, since a file name need not be UTF-8 and may hold newlines.

export interface StatusStage {
  readonly stage: 1 | 2 | 3;
  readonly mode: string;
  readonly oid: string;
}

/** A tracked file that differs between HEAD, index and work tree. A letter is `.` where there is no difference. */
export interface ChangedEntry {
  readonly type: 'changed';
  readonly inIndex: string;
  readonly inWork: string;
  readonly isSubmodule: boolean;
  readonly headMode: string;
  readonly indexMode: string;
  readonly workMode: string;
  readonly headOid: string;
  readonly indexOid: string;
  readonly path: Buffer;
  /** The name before a rename or copy. */
  readonly from: Buffer | null;
}

export interface ConflictEntry {
  readonly type: 'conflict';
  /** `UU`, `AA`, `DU` ...: what our side and theirs did. */
  readonly state: string;
  readonly stages: readonly StatusStage[];
  readonly workMode: string;
  readonly path: Buffer;
}

export interface UntrackedEntry {
  readonly type: 'untracked';
  /** Ends with a slash where it is a repository of its own. */
  readonly path: Buffer;
}

export type StatusEntry = ChangedEntry | ConflictEntry | UntrackedEntry;

export interface GitStatus {
  /** Null in a repository without commits. */
  readonly head: string | null;
  /** Null where HEAD is detached. */
  readonly branch: string | null;
  readonly upstream: string | null;
  readonly ahead: number;
  readonly behind: number;
  readonly stashes: number;
  readonly entries: readonly StatusEntry[];
}

export type ParsedStatus =
  | { readonly ok: true; readonly status: GitStatus }
  | { readonly ok: false; readonly reason: string; readonly atByte: number };

/** The mode that stands for "no file here". */
export const NO_MODE = '000000';
/** The mode of a submodule's commit. */
export const GITLINK_MODE = '160000';

const OID = '([0-9a-f]{40,64})';
const MODE = '([0-7]{6})';
const SUBMODULE = String.raw`(N\.\.\.|S[.C][.M][.U])`;
const LETTERS = '([.MTADRCU])([.MTADRCU])';
const CHANGED = new RegExp(`^1 ${LETTERS} ${SUBMODULE} ${MODE} ${MODE} ${MODE} ${OID} ${OID} ([^]+)$`);
const RENAMED = new RegExp(`^2 ${LETTERS} ${SUBMODULE} ${MODE} ${MODE} ${MODE} ${OID} ${OID} [RC]\\d{1,3} ([^]+)$`);
const CONFLICT = new RegExp(`^u ([AUD]{2}) ${SUBMODULE} ${MODE} ${MODE} ${MODE} ${MODE} ${OID} ${OID} ${OID} ([^]+)$`);

/** Parses the whole output. A record of an unknown type is an error; an unknown header line is not, since git adds such. */
export function parseGitStatus(bytes: Uint8Array): ParsedStatus {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headers = new Map<string, string>();
  const entries: StatusEntry[] = [];
  for (let start = 0; start < buffer.length;) {
    const end = buffer.indexOf(0, start);
    if (end < 0) return { ok: false, reason: 'the last record has no end', atByte: start };
    // Latin-1 gives every byte one character, so that the path comes out as the bytes that went in.
    const record = buffer.toString('latin1', start, end);
    let next = end + 1;
    if (record.startsWith('# ')) readHeader(buffer.toString('utf8', start + 2, end), headers);
    else if (record.startsWith('2 ')) {
      const fromEnd = buffer.indexOf(0, next);
      const entry = fromEnd <= next ? null : readChanged(RENAMED.exec(record), buffer.subarray(next, fromEnd));
      if (entry === null) return { ok: false, reason: 'a rename record is malformed', atByte: start };
      entries.push(entry);
      next = fromEnd + 1;
    } else if (!record.startsWith('! ')) {
      const entry = readEntry(record);
      if (entry === null) return { ok: false, reason: 'a record is malformed or of an unknown type', atByte: start };
      entries.push(entry);
    }
    start = next;
  }
  return { ok: true, status: { ...fromHeaders(headers), entries } };
}

function readHeader(line: string, headers: Map<string, string>): void {
  const blank = line.indexOf(' ');
  if (blank > 0) headers.set(line.slice(0, blank), line.slice(blank + 1));
}

function fromHeaders(headers: ReadonlyMap<string, string>): Omit<GitStatus, 'entries'> {
  const head = headers.get('branch.oid') ?? '';
  const branch = headers.get('branch.head') ?? '(detached)';
  const distance = /^\+(\d{1,9}) -(\d{1,9})$/.exec(headers.get('branch.ab') ?? '');
  return {
    head: /^[0-9a-f]{40,64}$/.test(head) ? head : null,
    branch: branch === '(detached)' ? null : branch,
    upstream: headers.get('branch.upstream') ?? null,
    ahead: Number(distance?.[1] ?? 0),
    behind: Number(distance?.[2] ?? 0),
    stashes: Number(/^\d{1,9}$/.exec(headers.get('stash') ?? '')?.[0] ?? 0),
  };
}

function readEntry(record: string): StatusEntry | null {
  switch (record.slice(0, 2)) {
    case '1 ':
      return readChanged(CHANGED.exec(record), null);
    case 'u ':
      return readConflict(CONFLICT.exec(record));
    case '? ':
      return record.length < 3 ? null : { type: 'untracked', path: Buffer.from(record.slice(2), 'latin1') };
    default:
      return null;
  }
}

function readChanged(match: RegExpExecArray | null, from: Buffer | null): ChangedEntry | null {
  if (match === null) return null;
  const [, inIndex = '', inWork = '', submodule = ''] = match;
  const [headMode = '', indexMode = '', workMode = '', headOid = '', indexOid = '', path = ''] = match.slice(4);
  return {
    type: 'changed',
    inIndex,
    inWork,
    isSubmodule: submodule.startsWith('S'),
    headMode,
    indexMode,
    workMode,
    headOid,
    indexOid,
    path: Buffer.from(path, 'latin1'),
    from,
  };
}

function readConflict(match: RegExpExecArray | null): ConflictEntry | null {
  if (match === null) return null;
  const [, state = ''] = match;
  const [mode1 = '', mode2 = '', mode3 = '', workMode = '', oid1 = '', oid2 = '', oid3 = '', path = ''] =
    match.slice(3);
  const all: StatusStage[] = [
    { stage: 1, mode: mode1, oid: oid1 },
    { stage: 2, mode: mode2, oid: oid2 },
    { stage: 3, mode: mode3, oid: oid3 },
  ];
  const stages = all.filter((stage) => stage.mode !== NO_MODE);
  return { type: 'conflict', state, stages, workMode, path: Buffer.from(path, 'latin1') };
}
