// Opens the files of a vault: to write where that is possible, else to read. A full disk gives up the reserve first, since even a reader
// needs an index of the log beside the file; where there is none, or the disk is read-only, a copy in memory is read.

import { AppError } from '../../shared/model/app-error.ts';
import {
  diskFull,
  isDiskFull,
  explainDiskError,
  openDamaged,
  readOnly,
  withAsyncStorageErrors,
  withStorageErrors,
} from './errors.ts';
import { FORMAT_VERSION, openReadDatabase, openWriteDatabase, readNumber } from './database.ts';
import type { KeyringOptions, VaultSecret } from './keyring/keyring.ts';
import { openKeyring } from './keyring/open-keyring.ts';
import { VaultState } from './log/vault-state.ts';
import { runMigrations } from './migrations/run-migrations.ts';
import { openReadingCopy } from './reading-copy.ts';
import { createMemoryDatabase } from './repair/first-page.ts';
import type { Rebuilt } from './repair/rebuild.ts';
import { salvage, UNCONTROLLED } from './repair/salvage.ts';
import { rebuildChunkBox } from './upkeep/parity.ts';
import { findRollback } from './upkeep/remember-head.ts';
import { freeBytes, releaseReserve } from './upkeep/reserve.ts';
import type { OpeningNotice } from './vault.ts';
import type { VaultFiles } from './vault-files.ts';
import { assertReadable, isWritable, mendPermissions } from './vault-place.ts';
import type { Presence } from './presence.ts';
import { enterVault } from './replace-vault.ts';
import { WriterLock } from './writer-lock.ts';

/** What is rebuilt to be read is in memory. */
const MAX_IN_MEMORY_BYTES = 1024 * 1024 * 1024;

/** Why a vault is open for reading only. */
export type Obstacle = 'read-only' | 'disk-full' | 'damaged';

type OpenedState = Omit<OpenedVault, 'presence'>;

export interface OpenedVault {
  readonly state: VaultState;
  /** Null where nothing can be written; then `obstacle` says why. */
  readonly lock: WriterLock | null;
  readonly obstacle: Obstacle | null;
  readonly notices: readonly OpeningNotice[];
  readonly isMendNeeded: boolean;
  readonly isSlotWeak: boolean;
  /** The reserve was given up; whoever closes holds it back again. */
  readonly hasReleasedReserve: boolean;
  /** Says that the vault is open here, until it is closed. */
  readonly presence: Presence;
}

/** @throws AppError VAULT_WRONG_PASSWORD, VAULT_SLOT_DAMAGED, VAULT_DAMAGED, VAULT_NEWER_FORMAT, VAULT_ROLLED_BACK ... */
export async function openVaultFiles(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions,
): Promise<OpenedVault> {
  assertReadable([files.folder, files.database]);
  const presence = enterVault(files);
  try {
    return { ...(await openWhatIsThere(files, secret, options)), presence };
  } catch (error) {
    presence.close();
    throw error;
  }
}

async function openWhatIsThere(files: VaultFiles, secret: VaultSecret, options: KeyringOptions): Promise<OpenedState> {
  try {
    return await openUndamaged(files, secret, options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const opened = await openRebuilt(files, secret, options);
    if (opened === null) throw error;
    return opened;
  }
}

/** What somebody who writes is told. */
export function cannotWrite(obstacle: Obstacle | null, what: string): AppError {
  if (obstacle === 'damaged') return openDamaged(what);
  return obstacle === 'disk-full' ? diskFull(what) : readOnly(what);
}

async function openUndamaged(files: VaultFiles, secret: VaultSecret, options: KeyringOptions): Promise<OpenedState> {
  if (!isWritable([files.folder, files.database])) return openToRead(files, secret, options, 'read-only');
  try {
    return await openToWrite(files, secret, options, false);
  } catch (error) {
    if (!isFull(error, files)) throw error;
  }
  try {
    if (releaseReserve(files)) return await openToWrite(files, secret, options, true);
  } catch (error) {
    if (!isFull(error, files)) throw error;
  }
  return openToRead(files, secret, options, 'disk-full');
}

async function openToWrite(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions,
  hasReleasedReserve: boolean,
): Promise<OpenedState> {
  const permissionNotices = mendPermissions(files);
  // Whatever was opened is closed again when the opening fails further on.
  const opened: { close(): void }[] = [];
  try {
    const readDb = openReadDatabase(files.database);
    opened.push(readDb);
    const unlocking = withAsyncStorageErrors('Opening the vault', () => openKeyring(readDb, secret, options));
    // Deriving the key takes its time in another thread: what needs no key is opened meanwhile.
    unlocking.catch(() => undefined);
    const lock = new WriterLock(files.lock);
    opened.push(lock);
    const writeDb = openWriteDatabase(files.database);
    opened.push(writeDb);
    const { keyring, notices, isMendNeeded, isSlotWeak } = await unlocking;
    if (readNumber(writeDb, 'user_version') < FORMAT_VERSION) {
      await withAsyncStorageErrors('Bringing the vault to the new format', () =>
        lock.hold(() => runMigrations(writeDb)),
      );
    }
    const state = withStorageErrors('Reading the vault', () => new VaultState(keyring, writeDb, readDb));
    const found = [...permissionNotices, ...notices, ...noticesOf(state, files)];
    if (state.lastingFindings.length > 0) {
      // Whatever is written now may fall on what could still be won back.
      lock.close();
      return {
        state,
        lock: null,
        obstacle: 'damaged',
        notices: [damageNotice(state.lastingFindings), ...found],
        isMendNeeded: false,
        isSlotWeak: false,
        hasReleasedReserve,
      };
    }
    return {
      state,
      lock,
      obstacle: null,
      notices: found,
      isMendNeeded,
      isSlotWeak,
      hasReleasedReserve,
    };
  } catch (error) {
    for (const resource of opened.toReversed()) resource.close();
    throw error;
  }
}

async function openToRead(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions,
  obstacle: Obstacle,
): Promise<OpenedState> {
  const db = openReadingCopy(files.database);
  try {
    const { keyring } = await withAsyncStorageErrors('Opening the vault', () => openKeyring(db, secret, options));
    // In memory: the file stays of its own format.
    withStorageErrors('Reading the vault', () => runMigrations(db));
    const state = withStorageErrors('Reading the vault', () => new VaultState(keyring, db, db));
    return {
      state,
      lock: null,
      obstacle,
      notices: noticesOf(state, files),
      isMendNeeded: false,
      isSlotWeak: false,
      hasReleasedReserve: false,
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A vault whose file cannot be opened as it stands, rebuilt in memory to be read; null where nothing is left of one. */
async function openRebuilt(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions,
): Promise<OpenedState | null> {
  const into = {
    target: createMemoryDatabase,
    backups: [],
    scratch: null,
    mayUseKeyFileAlone: false,
    maxScanBytes: MAX_IN_MEMORY_BYTES,
  };
  const salvaged = await salvage(files, secret, options, into, UNCONTROLLED).catch((error: unknown) => {
    if (error instanceof AppError && (error.code === 'VAULT_WRONG_PASSWORD' || error.code === 'VAULT_SLOT_DAMAGED'))
      throw error;
    return null; // the first failure says more
  });
  if (salvaged === null) return null;
  const { state } = salvaged;
  return {
    state,
    lock: null,
    obstacle: 'damaged',
    notices: [damageNotice([describeRebuilt(salvaged)])],
    isMendNeeded: false,
    isSlotWeak: false,
    hasReleasedReserve: false,
  };
}

function describeRebuilt({ snapshots, lostSnapshots }: Rebuilt): string {
  const lost = lostSnapshots === 0 ? '' : `, ${lostSnapshots} cannot`;
  return `its file cannot be opened as it stands; ${snapshots} snapshots can be read${lost}`;
}

function isDamage(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'VAULT_DAMAGED' || error.code === 'VAULT_NOT_A_VAULT');
}

function damageNotice(findings: readonly string[]): OpeningNotice {
  const more = findings.length > 1 ? `, and ${findings.length - 1} more` : '';
  return {
    code: 'opened-read-only',
    message: `The vault is damaged, so it is open for reading only: ${findings[0] ?? 'its file cannot be read as it stands'}${more}.`,
  };
}

function noticesOf(state: VaultState, files: VaultFiles): OpeningNotice[] {
  state.store.healWith((recordId) => rebuildChunkBox(state, recordId));
  const damage = state.findings.map((finding) => ({
    code: 'truncated' as const,
    message: `Damage was found: ${finding}.`,
  }));
  return [...findRollback(state, files.sidecar), ...damage];
}

function isFull(error: unknown, files: VaultFiles): boolean {
  return isDiskFull(explainDiskError('Opening the vault', error, () => freeBytes(files.folder)));
}
