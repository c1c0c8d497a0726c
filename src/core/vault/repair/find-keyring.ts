// The keys of a damaged vault, and with them whose the file is. Where two vaults were mixed, the headers in the tables may all be those of the
// other one. Then a header alone proves nothing: the vault of which the most in the file authenticates is the one that it holds.

import { AppError } from '../../../shared/model/app-error.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { ReadDb } from '../database.ts';
import { parseHeader } from '../keyring/header.ts';
import type { Keyring, KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import { openKeyringOf, slotFailure } from '../keyring/open-keyring.ts';
import { readSidecar } from '../keyring/sidecar.ts';
import { openReadingCopy } from '../reading-copy.ts';
import { readHeaderCopies } from '../tables/single-rows.ts';
import { yieldToOthers, type WorkControl } from '../upkeep/slices.ts';
import { orNull } from './read-rows.ts';
import type { BoxScan } from './scan/box-scan.ts';

/** A damaged id of a vault looks like one more: each costs a key derivation. */
const MAX_VAULTS = 4;
const SLICE_BOXES = 256;

export interface KeyringSources {
  /** The tables of the file; null where SQLite cannot read any. */
  readonly source: ReadDb | null;
  /** Looks through the bytes of the file; null where it is too large for that. */
  readonly scan: () => Promise<BoxScan | null>;
  /** Backups of this vault, the newest first. */
  readonly backups: readonly string[];
}

/**
 * From the tables; else from copies of the header anywhere in the file, beside it, or in a backup. Null where no copy is left: there is no way in.
 * @throws AppError VAULT_WRONG_PASSWORD, VAULT_SLOT_DAMAGED, CANCELLED
 */
export async function findKeyring(
  { source, scan, backups }: KeyringSources,
  secret: VaultSecret,
  options: KeyringOptions,
  control: WorkControl,
): Promise<Keyring | null> {
  const tables = source === null ? [] : readHeaderCopies(source);
  const parsed = tables.flatMap((bytes) => (bytes === null ? [] : (parseHeader(bytes) ?? [])));
  const named = new Set(parsed.filter(({ isWhole }) => isWhole).map(({ header }) => header.vaultId));
  const beside = idOf(readSidecar(options.sidecarPath)?.header ?? Buffer.alloc(0));
  const own = source === null ? null : await tryHeaders(tables, secret, options);
  if (own instanceof AppError && parsed.length > 0) throw own;
  if (own !== null && !(own instanceof AppError) && (beside === null || beside === vaultIdOf(own))) return own;

  const scanned = await scan();
  const tried = [own];
  for (const headers of groupByVault(scanned?.headers ?? [], beside))
    tried.push(await tryHeaders(headers, secret, options));
  const opened = tried.flatMap((result) => (result === null || result instanceof AppError ? [] : [result]));
  if (opened.length > 0) {
    const best = scanned === null ? opened[0] : await pickByBoxes(opened, named, scanned, control);
    for (const keyring of opened) if (keyring !== best) keyring.keys.wipe();
    // Keys that open nothing of a file that says it is another vault's: they came with a key file that was left beside it.
    if (best === undefined) throw slotFailure(secret.type, []);
    return best;
  }
  // A backup knows older secrets: it is asked only where no header is left that refuses.
  const refusal = tried.find((result) => result instanceof AppError);
  if (refusal !== undefined) throw refusal;
  return openFromBackups(backups, secret, options);
}

/** Undefined where the only keys there are open nothing, and the tables name another vault. */
async function pickByBoxes(
  opened: readonly Keyring[],
  named: ReadonlySet<string>,
  scan: BoxScan,
  control: WorkControl,
): Promise<Keyring | undefined> {
  const isNamed = (keyring: Keyring): boolean => named.size === 0 || named.has(vaultIdOf(keyring));
  const [only] = opened;
  if (only !== undefined && new Set(opened.map(vaultIdOf)).size === 1 && isNamed(only)) return only;
  let best: { readonly keyring: Keyring; readonly count: number } | undefined;
  for (const keyring of opened) {
    const count = await countBoxes(scan, keyring.keys, control);
    if (count === 0 && !isNamed(keyring)) continue;
    if (best === undefined || count > best.count) best = { keyring, count };
  }
  return best?.keyring;
}

async function countBoxes(scan: BoxScan, keys: KeyTree, control: WorkControl): Promise<number> {
  let count = 0;
  for (const [at, found] of scan.boxes.entries()) {
    if (at % SLICE_BOXES === 0) await yieldToOthers(control.signal);
    if (scan.read(keys, found) !== null) count += 1;
  }
  return count;
}

/** Copies of one vault's header together, those of the key file's vault first, of which none need be in the file. */
function groupByVault(headers: readonly Buffer[], beside: string | null): readonly (readonly Buffer[])[] {
  const groups = new Map<string, Buffer[]>(beside === null ? [] : [[beside, []]]);
  for (const bytes of headers) {
    const id = idOf(bytes);
    if (id === null) continue;
    const group = groups.get(id);
    if (group !== undefined) group.push(bytes);
    else if (groups.size < MAX_VAULTS) groups.set(id, [bytes]);
  }
  return [...groups.values()];
}

async function openFromBackups(
  backups: readonly string[],
  secret: VaultSecret,
  options: KeyringOptions,
): Promise<Keyring | null> {
  for (const path of backups) {
    const copies = orNull(() => readBackupHeaders(path));
    const found = copies === null ? null : await tryHeaders(copies, secret, options);
    if (found instanceof AppError) throw found;
    if (found !== null) return found;
  }
  return null;
}

/** Null where no copy of the header is left there; the error where the secret does not fit. */
async function tryHeaders(
  headers: readonly (Buffer | null)[],
  secret: VaultSecret,
  options: KeyringOptions,
): Promise<Keyring | AppError | null> {
  try {
    return (await openKeyringOf(headers, secret, options)).keyring;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'VAULT_DAMAGED') return null;
    if (error.code === 'VAULT_WRONG_PASSWORD' || error.code === 'VAULT_SLOT_DAMAGED') return error;
    throw error;
  }
}

function readBackupHeaders(path: string): readonly (Buffer | null)[] {
  const db = openReadingCopy(path);
  try {
    return readHeaderCopies(db);
  } finally {
    db.close();
  }
}

function vaultIdOf(keyring: Keyring): string {
  return keyring.keys.vaultId.toString('base64');
}

function idOf(header: Buffer): string | null {
  return parseHeader(header)?.header.vaultId ?? null;
}
