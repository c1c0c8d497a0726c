// Decides which changed files of a repository are saved: stats each, reads none. What is left out is left out by name, kind or
// size, and said.

import { accessSync, constants, lstatSync, type BigIntStats } from 'node:fs';

import { GITLINK_MODE, type GitStatus, type StatusEntry } from './parse-status.ts';

/** Larger files are rarely work, and both sides of a binary change stand in its patch. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;
/** All changed files of one repository together. */
export const MAX_WORK_BYTES = 48 * 1024 * 1024;
/** A forgotten ignore rule can make a build folder look like work. */
export const MAX_FILES = 10_000;
/** Stats between two breaths of the event loop: about 1 ms. */
const SLICE = 256;

export const LEFT_OUT_REASONS = {
  secret: 'its name says that it holds secrets',
  encrypted: 'a filter encrypts it',
  'too-large': 'it is larger than 10 MB, or all changes together are larger than 48 MB',
  'too-many': 'there are more than 10,000 changed files',
  unreadable: 'it may not be read',
  'not-a-file': 'it is neither a file nor a symbolic link',
} as const;
export type LeftOutReason = keyof typeof LEFT_OUT_REASONS;

const SECRET_NAME =
  /^(\.env(?!\.(example|sample|template|dist|defaults)$).*|.*\.(pem|key|p12|pfx|ppk|keystore|jks|kdbx)|id_(rsa|dsa|ecdsa|ed25519)(_sk)?|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.htpasswd|\.git-credentials|credentials(\.json)?|secrets?\.(ya?ml|json|toml|ini))$/i;
const SECRET_FOLDER = /(^|\/)(\.ssh|\.aws|\.gnupg|\.gpg)\//i;

export interface Change {
  readonly entry: StatusEntry;
  /** Absolute, for people and rules: bytes that are no UTF-8 are replaced. */
  readonly path: string;
  /** Null where the file is saved. */
  readonly leftOut: LeftOutReason | null;
  /** Bytes in the work tree; 0 where there is no file. */
  readonly sizeBytes: number;
  /** Device, inode, size, times and mode: changes whenever the file does. */
  readonly stamp: string;
}

export interface Inspection {
  readonly changes: readonly Change[];
  /** Roots of repositories inside this one that it does not track, absolute. */
  readonly nested: readonly string[];
  /** Changes that a rule of the user hides: nothing more is known of them. */
  readonly excluded: readonly StatusEntry[];
}

/** True where a file of this name (relative, with `/`) must not be saved. */
export function looksSecret(path: string): boolean {
  return SECRET_NAME.test(path.slice(path.lastIndexOf('/') + 1)) || SECRET_FOLDER.test(path);
}

export async function inspectChanges(
  root: string,
  status: GitStatus,
  isExcluded: (path: string) => boolean,
): Promise<Inspection> {
  const changes: Change[] = [];
  const nested: string[] = [];
  const excluded: StatusEntry[] = [];
  for (const [index, entry] of status.entries.entries()) {
    if (index % SLICE === SLICE - 1) await new Promise(setImmediate);
    const relative = entry.path.toString('utf8');
    const path = `${root === '/' ? '' : root}/${relative}`;
    const isNested = entry.type === 'untracked' && relative.endsWith('/');
    if (isExcluded(isNested ? path.slice(0, -1) : path)) excluded.push(entry);
    else if (isNested) nested.push(path.slice(0, -1));
    else changes.push(inspectOne(root, entry, relative, path));
  }
  return { changes: withinLimits(changes), nested, excluded };
}

function inspectOne(root: string, entry: StatusEntry, relative: string, path: string): Change {
  const bytes = Buffer.concat([Buffer.from(root === '/' ? '/' : `${root}/`), entry.path]);
  const stat = readStat(bytes);
  const sizeBytes = stat === null || stat.isDirectory() ? 0 : Number(stat.size);
  const stamp =
    stat === null ? '-' : `${stat.dev}.${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}.${stat.mode}`;
  return { entry, path, sizeBytes, stamp, leftOut: reasonToLeaveOut(entry, relative, bytes, stat) };
}

function reasonToLeaveOut(
  entry: StatusEntry,
  relative: string,
  bytes: Buffer,
  stat: BigIntStats | null,
): LeftOutReason | null {
  if (looksSecret(relative)) return 'secret';
  if (stat === null || stat.isSymbolicLink() || isSubmodule(entry)) return null;
  if (stat.isDirectory()) return null; // a file that has become a folder: its removal is saved
  if (!stat.isFile()) return 'not-a-file';
  if (stat.size > BigInt(MAX_FILE_BYTES)) return 'too-large';
  return canRead(bytes) ? null : 'unreadable';
}

/** Beyond the number and the sum of sizes, untracked files go first, then the largest. */
function withinLimits(changes: readonly Change[]): Change[] {
  const taken = changes.filter((change) => change.leftOut === null);
  const totalBytes = taken.reduce((sum, change) => sum + change.sizeBytes, 0);
  if (taken.length <= MAX_FILES && totalBytes <= MAX_WORK_BYTES) return [...changes];
  const reasons = new Map<Change, LeftOutReason>();
  const rank = (change: Change): number => (change.entry.type === 'untracked' ? 1 : 0);
  const byNeed = taken.toSorted((a, b) => rank(a) - rank(b) || a.sizeBytes - b.sizeBytes);
  let sumBytes = 0;
  for (const [index, change] of byNeed.entries()) {
    sumBytes += change.sizeBytes;
    if (index >= MAX_FILES) reasons.set(change, 'too-many');
    else if (sumBytes > MAX_WORK_BYTES) reasons.set(change, 'too-large');
  }
  return changes.map((change) => ({ ...change, leftOut: reasons.get(change) ?? change.leftOut }));
}

function isSubmodule(entry: StatusEntry): boolean {
  return entry.type === 'changed' && [entry.headMode, entry.indexMode, entry.workMode].includes(GITLINK_MODE);
}

function readStat(path: Buffer): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null; // a folder on the way is gone or became a file: the file is not there
  }
}

function canRead(path: Buffer): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
