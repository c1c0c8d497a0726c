// From a secret to the open keyring (V6). Four header copies may differ: one is torn, the sidecar is older (a kill before its rename),
// or the vault file is (a backup was put in place). Two questions, two answers: the newest authentic copy says which secret opens the
// vault, so no old password ever comes back; the copies in the file's own tables say which epoch keys its data need.

import { AppError } from '../../../shared/model/app-error.ts';
import { isSlotWeakerThan, openKeySlot, type SlotSecret } from '../../crypto/key-slot.ts';
import { KeyTree } from '../../crypto/key-tree.ts';
import { parseRecoveryKey } from '../../crypto/recovery-key.ts';
import type { ReadDb } from '../database.ts';
import { damaged } from '../errors.ts';
import { readHeaderCopies } from '../tables/single-rows.ts';
import type { OpeningNotice } from '../vault.ts';
import {
  isHeaderAuthentic,
  openHeaderSecrets,
  parseHeader,
  type Header,
  type HeaderCopy,
  type HeaderSecrets,
} from './header.ts';
import { Keyring, type KeyringOptions, type VaultSecret } from './keyring.ts';
import { readSidecar } from './sidecar.ts';

export interface OpenedKeyring {
  readonly keyring: Keyring;
  readonly notices: readonly OpeningNotice[];
  readonly isMendNeeded: boolean;
  readonly isSlotWeak: boolean;
}

interface Unlocked {
  readonly copy: HeaderCopy;
  readonly commitment: string;
  readonly keys: KeyTree;
}

/**
 * What can be known of a vault without any secret: enough to seal into the inbox (V5).
 * @throws AppError VAULT_DAMAGED where there is no header, or it cannot be told whose the vault is: nobody may have the key to seal to
 */
export function readPublicHeader(
  db: ReadDb,
  sidecarPath: string,
): { readonly vaultId: Buffer; readonly publicKey: Buffer } {
  const { copies, other } = joinFound(readHeaderCopies(db), sidecarPath);
  const [best] = copies;
  if (best === undefined) throw noHeader();
  if (other !== null) throw damaged("the header in it is that of another vault than the key file's");
  return {
    vaultId: Buffer.from(best.header.vaultId, 'base64'),
    publicKey: Buffer.from(best.header.publicKey, 'base64'),
  };
}

/**
 * Opens the keyring.
 * @throws AppError VAULT_WRONG_PASSWORD where the secret fits no slot of the newest header, VAULT_SLOT_DAMAGED where its slot is
 * damaged, VAULT_DAMAGED where no header copy is left, or where the secret is that of the key file alone, which is another vault's.
 */
export function openKeyring(db: ReadDb, secret: VaultSecret, options: KeyringOptions): Promise<OpenedKeyring> {
  return openKeyringOf(readHeaderCopies(db), secret, options);
}

/** The same from copies of the header wherever they were found in the vault's file. */
export async function openKeyringOf(
  found: readonly (Buffer | null)[],
  secret: VaultSecret,
  options: KeyringOptions,
): Promise<OpenedKeyring> {
  const { copies, tableCopies, other } = joinFound(found, options.sidecarPath);
  if (copies.length === 0) throw noHeader();
  const slotSecret: SlotSecret =
    secret.type === 'recovery' ? { type: 'recovery', bytes: parseRecoveryKey(secret.text) } : secret;
  const failures = new Map<HeaderCopy, AppError>();
  const unlocked = await unlock(copies, slotSecret, options, failures);
  if (unlocked === null) {
    if (other !== null && (await canUnlock(other, slotSecret, options)))
      throw damaged("the header in it is that of another vault than the key file's, and this opens only the latter");
    throw [...failures.values()][0] ?? noHeader();
  }
  const { keys } = unlocked;
  try {
    const base = decidingCopy(copies, unlocked);
    if (base === null) throw damaged('a copy of the header was not written by the owner of the vault');
    if (!base.header.slots.some((slot) => slot.commitment === unlocked.commitment))
      throw failures.get(base) ?? slotFailure(secret.type, []);
    const own = newestAuthentic(tableCopies, keys);
    const header = { ...(own ?? base).header, ...joinCopies(base, own, copies, keys) };
    const secrets = joinSecrets(base, own, copies, keys);
    const isMendNeeded = copies.length < 4 || copies.some((copy) => !copy.isWhole || !copy.bytes.equals(base.bytes));
    return {
      keyring: new Keyring(keys, header, secrets, options),
      notices: isMendNeeded ? [mendNotice(copies, base)] : [],
      isMendNeeded,
      isSlotWeak: secret.type === 'password' && header.slots.some((slot) => isSlotWeakerThan(slot, options.argon2)),
    };
  } catch (error) {
    keys.wipe();
    throw error;
  }
}

/** The first copy, the best first, that the secret opens; what stopped it at the others goes into `failures`. */
async function unlock(
  copies: readonly HeaderCopy[],
  secret: SlotSecret,
  options: KeyringOptions,
  failures: Map<HeaderCopy, AppError>,
): Promise<Unlocked | null> {
  const tried = new Map<string, HeaderCopy>();
  for (const copy of copies) {
    const vaultId = Buffer.from(copy.header.vaultId, 'base64');
    const slots = copy.header.slots.filter((slot) => slot.type === secret.type);
    // The same slots give the same answer, and each costs a whole key derivation.
    const identity = JSON.stringify([copy.header.vaultId, slots]);
    const same = tried.get(identity);
    if (same !== undefined) {
      failures.set(copy, failures.get(same) ?? noHeader());
      continue;
    }
    tried.set(identity, copy);
    const results: string[] = [];
    for (const slot of slots) {
      const opened = await openKeySlot(slot, vaultId, secret);
      if (opened.result === 'opened')
        return { copy, commitment: slot.commitment, keys: new KeyTree(opened.vaultKey, vaultId, options.random) };
      results.push(opened.result);
    }
    failures.set(copy, slotFailure(secret.type, results));
  }
  return null;
}

async function canUnlock(copy: HeaderCopy, secret: SlotSecret, options: KeyringOptions): Promise<boolean> {
  const unlocked = await unlock([copy], secret, options, new Map());
  unlocked?.keys.wipe();
  return unlocked !== null;
}

/**
 * The copy whose slots count: the newest that the vault's owner wrote. A torn copy cannot be told from a forged one by its MAC; it
 * counts where it says that it is newer and the secret fits one of its slots. Null where only a forged copy is left.
 */
function decidingCopy(copies: readonly HeaderCopy[], { copy, keys }: Unlocked): HeaderCopy | null {
  const newest = newestAuthentic(copies, keys);
  if (!copy.isWhole && copy.header.counter > (newest?.header.counter ?? 0)) return copy;
  return newest;
}

function newestAuthentic(copies: readonly HeaderCopy[], keys: KeyTree): HeaderCopy | null {
  return copies.reduce<HeaderCopy | null>(
    (best, copy) =>
      copy.isWhole && isHeaderAuthentic(copy, keys) && copy.header.counter > (best?.header.counter ?? 0) ? copy : best,
    null,
  );
}

/** Slots and counter of the deciding copy; the epochs of the file's own header first, then those of the deciding one. */
function joinCopies(
  base: HeaderCopy,
  own: HeaderCopy | null,
  copies: readonly HeaderCopy[],
  keys: KeyTree,
): Pick<Header, 'slots' | 'counter' | 'epochs'> {
  // Every wrapped key authenticates by itself, so a torn header loses only what was torn in it.
  const sources = [own ?? base, base, ...(base.isWhole ? [] : copies)];
  const epochs = new Map<number, Header['epochs'][number]>();
  for (const source of sources) {
    for (const epoch of source.header.epochs) {
      if (epochs.has(epoch.epoch)) continue;
      if (keys.addEpoch({ epoch: epoch.epoch, wrappedKey: Buffer.from(epoch.wrappedKey, 'base64') }))
        epochs.set(epoch.epoch, epoch);
    }
  }
  if (epochs.size === 0) throw damaged('the key of an epoch does not authenticate');
  const { slots, counter } = base.header;
  return { slots, counter, epochs: [...epochs.values()].toSorted((a, b) => a.epoch - b.epoch) };
}

/** The rotation under way is the file's own; when slots and epochs were made, both know. A torn one is replaced by any that opens. */
function joinSecrets(
  base: HeaderCopy,
  own: HeaderCopy | null,
  copies: readonly HeaderCopy[],
  keys: KeyTree,
): HeaderSecrets {
  const opened = [...(own === null ? [] : [own]), base, ...copies].map((copy) => openHeaderSecrets(copy.header, keys));
  const secrets = opened.find((found) => found !== null);
  if (secrets === undefined) throw damaged('the secret part of the header does not authenticate');
  const newest = openHeaderSecrets(base.header, keys);
  return {
    ...secrets,
    epochCreatedAtMs: { ...newest?.epochCreatedAtMs, ...secrets.epochCreatedAtMs },
    slotCreatedAtMs: { ...secrets.slotCreatedAtMs, ...newest?.slotCreatedAtMs },
  };
}

function mendNotice(copies: readonly HeaderCopy[], base: HeaderCopy): OpeningNotice {
  const agreeing = copies.filter((copy) => copy.bytes.equals(base.bytes)).length;
  return {
    code: 'header-mended',
    message: `${agreeing} of 4 copies of the vault's header agreed; the others were written anew.`,
  };
}

/** Why no slot of a kind opened. */
export function slotFailure(type: SlotSecret['type'], results: readonly string[]): AppError {
  const name = type === 'password' ? 'password' : type === 'recovery' ? 'recovery key' : 'keychain';
  if (results.includes('damaged')) {
    return new AppError(
      'VAULT_SLOT_DAMAGED',
      `The vault's ${name} slot is damaged; whether the ${name} is right cannot be told.`,
      {
        hint:
          type === 'password'
            ? 'Open the vault with the recovery key, then set the password anew.'
            : 'Open the vault with the password, then make a new recovery key.',
      },
    );
  }
  if (results.includes('below-floor')) {
    return new AppError(
      'VAULT_SLOT_DAMAGED',
      `The vault's ${name} slot asks for a weaker key derivation than Cairn ever writes; it was changed by somebody.`,
      {
        hint: 'Do not enter the password again. Put the vault back from a backup that you trust, or use the recovery key.',
      },
    );
  }
  return new AppError(
    'VAULT_WRONG_PASSWORD',
    type === 'password' ? 'Wrong password.' : `This ${name} does not open this vault.`,
    {
      hint:
        type === 'password'
          ? 'Try again, or open the vault with the recovery key.'
          : 'Try again, or open the vault with the password.',
    },
  );
}

/**
 * All readable copies, the best first: whole before torn, of the vault that most of them name, newest before older. `other` is a
 * sidecar of another vault, which is none of them.
 */
function joinFound(
  found: readonly (Buffer | null)[],
  sidecarPath: string,
): {
  readonly copies: readonly HeaderCopy[];
  readonly tableCopies: readonly HeaderCopy[];
  readonly other: HeaderCopy | null;
} {
  const parse = (bytes: Buffer | null): HeaderCopy | null => (bytes === null ? null : parseHeader(bytes));
  const tableCopies = found.map(parse).filter((copy) => copy !== null);
  const beside = parse(readSidecar(sidecarPath)?.header ?? null);
  // One copy of the same vault is enough: the others may be what was mixed in.
  const isOfThisVault =
    beside !== null &&
    (!tableCopies.some(({ isWhole }) => isWhole) ||
      tableCopies.some(({ header }) => header.vaultId === beside.header.vaultId));
  const joined = [...tableCopies, ...(isOfThisVault ? [beside] : [])];
  const votes = ({ header }: HeaderCopy): number =>
    joined.filter((copy) => copy.header.vaultId === header.vaultId).length;
  const copies = joined.toSorted(
    (a, b) => Number(b.isWhole) - Number(a.isWhole) || votes(b) - votes(a) || b.header.counter - a.header.counter,
  );
  return { copies, tableCopies, other: isOfThisVault ? null : beside };
}

function noHeader(): AppError {
  return damaged('none of its four header copies can be read');
}
