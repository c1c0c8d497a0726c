// Looks at this installation and its data folder without any secret: files, their modes and sizes, versions, the disk, who has the vault open.
// Nothing here opens a record, and nothing that it says holds a path, a name or a word of what was captured.

import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { isSqliteNewEnough, readFormat, sqliteVersion, FORMAT_VERSION } from '../../core/vault/database.ts';
import { readSidecar } from '../../core/vault/keyring/sidecar.ts';
import { listBackupFiles } from '../../core/vault/repair/backups.ts';
import { findCauses, type Cause } from '../../core/vault/repair/causes.ts';
import { vaultFiles } from '../../core/vault/vault-files.ts';
import { findHolder } from '../../core/vault/writer-lock.ts';
import type { CommandContext } from '../context.ts';

/** Files of the data folder that are told by name. */
const KNOWN_FILES = [
  'vault.db',
  'vault.db-wal',
  'vault.db-shm',
  'vault.db.keys',
  'vault.db.lock',
  'vault.db.open',
  'vault.db.reserve',
  'config.json',
  'api-token',
  'logs',
  'backups',
];

export interface FileFacts {
  readonly name: string;
  readonly sizeBytes: number;
  /** The permission bits; 0 where the platform has none. */
  readonly mode: number;
  readonly modifiedAtMs: number;
}

export interface Surroundings {
  readonly nowMs: number;
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly sqlite: { readonly version: string; readonly isNewEnough: boolean };
  readonly folder: FileFacts | null;
  readonly files: readonly FileFacts[];
  /** Files in the folder that are not Cairn's, or kept from a repair. */
  readonly otherFiles: number;
  readonly format: { readonly found: number | null; readonly known: number };
  readonly keyFileBoxes: number | null;
  readonly freeBytes: number | null;
  readonly holders: { readonly writes: number | null; readonly hasOpen: number | null };
  readonly backups: { readonly count: number; readonly newestAtMs: number | null } | null;
  readonly causes: readonly Cause[];
  readonly settings: {
    readonly error: string | null;
    readonly intervalMs: number;
    readonly enabled: readonly string[];
  };
  readonly sources: readonly { readonly id: string; readonly isPresent: boolean }[];
}

export async function lookAround(context: CommandContext): Promise<Surroundings> {
  const { core, version } = context;
  const files = vaultFiles(join(core.home, 'vault.db'));
  const names = orNull(() => readdirSync(core.home)) ?? [];
  const settings = await core.readSettings().then(
    ({ intervalMs, enabledSources, backup }) => ({ error: null, intervalMs, enabled: enabledSources, backup }),
    (error: unknown) => ({
      error: error instanceof Error ? error.message : 'unknown',
      intervalMs: 0,
      enabled: [],
      backup: null,
    }),
  );
  const backups = settings.backup === null ? null : orNull(() => listBackupFiles(settings.backup.folder));
  const sqlite = sqliteVersion();
  return {
    nowMs: context.nowMs(),
    version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    sqlite: { version: sqlite, isNewEnough: isSqliteNewEnough(sqlite) },
    folder: factsOf(core.home, 'data folder'),
    files: KNOWN_FILES.flatMap((name) => factsOf(join(core.home, name), name) ?? []),
    otherFiles: names.filter((name) => !KNOWN_FILES.includes(name)).length,
    format: { found: orNull(() => readFormat(files.database)), known: FORMAT_VERSION },
    keyFileBoxes: readSidecar(files.sidecar)?.boxes.length ?? null,
    freeBytes: orNull(() => {
      const { bavail, bsize } = statfsSync(core.home);
      return bavail * bsize;
    }),
    holders: { writes: findHolder(files.lock), hasOpen: findHolder(files.presence) },
    backups: backups === null ? null : { count: backups.length, newestAtMs: backups[0]?.madeAtMs ?? null },
    causes: orNull(() => findCauses(files, 0)) ?? [],
    settings: { error: settings.error, intervalMs: settings.intervalMs, enabled: settings.enabled },
    sources: (await core.detectSources(context.signal)).map(({ id, isPresent }) => ({ id, isPresent })),
  };
}

function factsOf(path: string, name: string): FileFacts | null {
  const stats = orNull(() => statSync(path));
  if (stats === null) return null;
  return {
    name,
    sizeBytes: stats.size,
    mode: process.platform === 'win32' ? 0 : stats.mode & 0o777,
    modifiedAtMs: stats.mtimeMs,
  };
}

function orNull<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch {
    return null; // not there, or not readable: each check says what that means
  }
}
