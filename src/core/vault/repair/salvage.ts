// From the files of a damaged vault and a secret to a whole one: opens what can be opened of the file, and rebuilds from it. Where SQLite
// refuses the file, or what it gives is not all, the bytes themselves are looked through.

import { readFileSync, statSync } from 'node:fs';

import type { WriteDb } from '../database.ts';
import { withAsyncStorageErrors, withStorageErrors } from '../errors.ts';
import type { KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import type { VaultFiles } from '../vault-files.ts';
import { findKeyring } from './find-keyring.ts';
import { openDamagedSource } from './open-damaged.ts';
import { orNull } from './read-rows.ts';
import { rebuildVault, type Rebuilt } from './rebuild.ts';
import { scanBoxes, type BoxScan } from './scan/box-scan.ts';
import { bytesOf, openByteSource, type ByteSource } from './scan/byte-source.ts';
import { Spares } from './spares.ts';

/** Work that nobody watches or ends. */
export const UNCONTROLLED: WorkControl = { signal: new AbortController().signal, onProgress: () => undefined };
/** A log is emptied long before. */
const MAX_LOG_BYTES = 512 * 1024 * 1024;

export interface SalvageInto {
  /** Makes the empty vault that is filled; closed again where nothing comes of it. */
  readonly target: () => WriteDb;
  /** Backups of this vault, the newest first. */
  readonly backups: readonly string[];
  /** Also gives what only the key file remembers. */
  readonly mayUseKeyFileAlone: boolean;
  /** Files above this are not looked through byte by byte. */
  readonly maxScanBytes: number;
  /** Where a copy of the file may be written that SQLite can be brought to open; null where it must be in memory. */
  readonly scratch: string | null;
}

export type Salvaged = Rebuilt & {
  /** Bytes of the file that the disk did not give back. */
  readonly unreadableBytes: number;
};

/**
 * Null where nothing of a vault is left.
 * @throws AppError VAULT_WRONG_PASSWORD, VAULT_SLOT_DAMAGED, CANCELLED
 */
export async function salvage(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions,
  into: SalvageInto,
  control: WorkControl,
): Promise<Salvaged | null> {
  const bytes = new VaultBytes(files, into.maxScanBytes, control);
  const opened = openDamagedSource(files.database, bytes.log(), into.scratch);
  const source = opened?.db ?? null;
  try {
    const sources = { source, scan: () => bytes.scan(), backups: into.backups };
    const keyring = await findKeyring(sources, secret, options, control);
    if (keyring === null) return null;
    const spares = new Spares(keyring.keys, files.sidecar, into.backups);
    const target = into.target();
    try {
      const rebuilt = await withAsyncStorageErrors('Rebuilding the vault', () =>
        rebuildVault(
          {
            source,
            isAsItStood: opened?.isAsItStood === true,
            target,
            keyring,
            spares,
            mayUseKeyFileAlone: into.mayUseKeyFileAlone,
            scan: () => bytes.scan(),
          },
          control,
        ),
      );
      if (rebuilt === null) target.close();
      return rebuilt === null ? null : { ...rebuilt, unreadableBytes: bytes.unreadableBytes };
    } catch (error) {
      target.close();
      throw error;
    } finally {
      spares.close();
    }
  } finally {
    opened?.close();
    bytes.close();
  }
}

/** The bytes of file and log, looked through when that is asked for. */
class VaultBytes {
  readonly #files: VaultFiles;
  readonly #maxBytes: number;
  readonly #control: WorkControl;
  #database: ByteSource | null = null;
  #scan: BoxScan | null = null;

  constructor(files: VaultFiles, maxBytes: number, control: WorkControl) {
    this.#files = files;
    this.#maxBytes = maxBytes;
    this.#control = control;
  }

  get unreadableBytes(): number {
    return this.#database?.unreadableBytes ?? 0;
  }

  async scan(): Promise<BoxScan | null> {
    if (this.#scan !== null) return this.#scan;
    const database = withStorageErrors('Reading the vault', () => openByteSource(this.#files.database));
    this.#database = database;
    if (database.sizeBytes > this.#maxBytes) return null;
    const log = this.log();
    const logSource = log === null ? null : bytesOf(log);
    this.#scan = await scanBoxes({ database, log, logSource }, this.#control);
    return this.#scan;
  }

  /** The bytes of the log; null where there is none, or more than any log has. */
  log(): Buffer | null {
    return orNull(() => readLog(`${this.#files.database}-wal`));
  }

  close(): void {
    this.#database?.close();
  }
}

function readLog(path: string): Buffer | null {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size === 0 || size > MAX_LOG_BYTES ? null : readFileSync(path);
}
