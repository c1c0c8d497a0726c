// Merges another vault into this one, which is closed: writes a copy beside it, brings in what is missing here, checks all of it, and only
// then puts it in this vault's place, whose file is kept under another name. A kill or a cancel before that changes nothing; merging the
// same vault again brings nothing more.

import { AppError } from '../../../shared/model/app-error.ts';
import { openReadDatabase, openWriteDatabase } from '../database.ts';
import { damaged, withAsyncStorageErrors, withStorageErrors } from '../errors.ts';
import type { KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import { openKeyring } from '../keyring/open-keyring.ts';
import { syncFile } from '../keyring/sidecar.ts';
import { REPLICA_SETTINGS } from '../log/records.ts';
import { VaultState } from '../log/vault-state.ts';
import { readState } from '../open-beside.ts';
import { replaceVault, whileAlone, whileEntered } from '../replace-vault.ts';
import { copyDatabase } from '../upkeep/copy-database.ts';
import { rebuildChunkBox } from '../upkeep/parity.ts';
import { rememberHead } from '../upkeep/remember-head.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import { verifyVault } from '../upkeep/verify.ts';
import { vaultFiles, type VaultFiles } from '../vault-files.ts';
import { assertVaultExists, removeLeftovers } from '../vault-place.ts';
import { openOtherVault, type OtherVault } from './open-other.ts';
import type { MergeRules } from './merge-fields.ts';
import { planMerge, type MergePlan } from './plan-merge.ts';
import type { MergeReport } from './merge-report.ts';
import { writeMerged } from './write-merged.ts';

export type MergeVaultsOptions = KeyringOptions &
  MergeRules & {
    /** The other vault's file: a backup of this vault, or a vault of its own. */
    readonly other: string;
    /** What opens a vault of its own; null for a backup of this one. */
    readonly otherSecret: VaultSecret | null;
    readonly nowMs: number;
    /** Says what would come in, and changes nothing. */
    readonly isDryRun: boolean;
  };

/**
 * @throws AppError VAULT_BUSY while somebody has this vault open, VAULT_WRONG_PASSWORD, VAULT_DAMAGED where this vault is damaged,
 * CANCELLED, and as `openOtherVault`
 */
export async function mergeVaults(
  files: VaultFiles,
  secret: VaultSecret,
  options: MergeVaultsOptions,
  control: WorkControl,
): Promise<MergeReport> {
  assertVaultExists(files);
  const work = (): Promise<MergeReport> => new Merge(files, secret, options, control).run();
  return options.isDryRun ? whileEntered(files, work) : whileAlone(files, work);
}

class Merge {
  readonly #files: VaultFiles;
  readonly #secret: VaultSecret;
  readonly #options: MergeVaultsOptions;
  readonly #control: WorkControl;

  constructor(files: VaultFiles, secret: VaultSecret, options: MergeVaultsOptions, control: WorkControl) {
    this.#files = files;
    this.#secret = secret;
    this.#options = options;
    this.#control = control;
  }

  async run(): Promise<MergeReport> {
    const readDb = openReadDatabase(this.#files.database);
    try {
      const { keyring } = await withAsyncStorageErrors('Opening the vault', () =>
        openKeyring(readDb, this.#secret, this.#options),
      );
      const own = withStorageErrors('Reading the vault', () => readState(keyring, readDb));
      try {
        assertWhole(own);
        const { other: path, otherSecret } = this.#options;
        const other = await openOtherVault({
          ...{ path, secret: otherSecret, ownId: keyring.keys.vaultId, ownSecret: this.#secret },
          keyring: this.#options,
        });
        try {
          return await this.#mergeFrom(own, other);
        } finally {
          other.close();
        }
      } finally {
        own.helper.close();
        keyring.keys.wipe();
      }
    } finally {
      readDb.close();
    }
  }

  async #mergeFrom(own: VaultState, other: OtherVault): Promise<MergeReport> {
    const plan = withStorageErrors('Comparing the vaults', () =>
      planMerge(own, other.state, other.isSameVault, this.#options),
    );
    const report = reportOf(own, other, plan);
    if (this.#options.isDryRun || report.isNothingNew) return report;
    const fresh = vaultFiles(`${this.#files.database}.new-${process.pid}`);
    removeLeftovers(fresh);
    try {
      const itemsLeftOut = await withAsyncStorageErrors('Merging the vaults', () =>
        this.#write(own, other, plan, fresh),
      );
      const keptAs = withStorageErrors('Putting the merged vault in place', () => {
        syncFile(fresh.database);
        return replaceVault(this.#files, fresh, { nowMs: this.#options.nowMs, keptAs: 'before-merge' });
      });
      return { ...report, itemsLeftOut, keptAs };
    } finally {
      removeLeftovers(fresh);
    }
  }

  async #write(own: VaultState, other: OtherVault, plan: MergePlan, fresh: VaultFiles): Promise<number> {
    await copyDatabase(own.readDb, fresh.database, this.#control);
    const db = openWriteDatabase(fresh.database);
    // Nothing depends on it before it is whole: it is made durable at once at the end.
    db.pragma('synchronous = OFF');
    try {
      const copy = new VaultState(own.keyring, db, db);
      const deps = { own: copy, other: other.state, isSameVault: other.isSameVault, nowMs: this.#options.nowMs };
      const { state, itemsLeftOut } = await writeMerged(deps, plan, this.#control);
      try {
        await this.#prove(state, fresh);
        rememberHead(state, fresh.sidecar);
        db.pragma('synchronous = FULL');
        db.pragma('wal_checkpoint(TRUNCATE)');
      } finally {
        state.helper.close();
      }
      return itemsLeftOut;
    } finally {
      db.close();
    }
  }

  /** Everything in the new file is looked at before it takes the vault's place. */
  async #prove(state: VaultState, files: VaultFiles): Promise<void> {
    state.store.healWith((recordId) => rebuildChunkBox(state, recordId));
    const deps = { state, files, withLock: async <Result>(work: () => Promise<Result> | Result) => work() };
    const { ok, damaged: found } = await verifyVault(deps, true, this.#options.nowMs, this.#control);
    if (!ok)
      throw new AppError('VAULT_DAMAGED', `Something in the vault is damaged: ${found[0]?.detail ?? 'unknown'}.`, {
        hint: 'Nothing was changed. Repair the vault (`cairn repair`), then merge again.',
      });
  }
}

/** A merge must not make a damaged vault look whole. */
function assertWhole(own: VaultState): void {
  const [finding] = own.lastingFindings;
  if (finding === undefined) return;
  const { message } = damaged(finding);
  throw new AppError('VAULT_DAMAGED', message, {
    hint: 'Nothing was changed. Repair the vault first (`cairn repair`), then merge again.',
  });
}

function reportOf(own: VaultState, { isSameVault }: OtherVault, plan: MergePlan): MergeReport {
  const { incoming, span, inBoth, unreadable, newer, newCheckpoints, changedCheckpoints, sessions, conflicts } = plan;
  const sessionsAdded = sessions.filter(({ isNew }) => isNew).length;
  return {
    isSameVault,
    snapshots: incoming,
    inBoth,
    unreadable: Math.max(0, unreadable),
    newerLeftOut: newer,
    incoming: span,
    itemsLeftOut: 0,
    checkpointsAdded: newCheckpoints.length,
    checkpointsChanged: changedCheckpoints.length,
    sessionsAdded,
    sessionsChanged: sessions.length - sessionsAdded,
    sessionsDeletedHere: plan.sessionsDeletedHere,
    conflicts,
    isNothingNew: incoming + newCheckpoints.length + changedCheckpoints.length + sessions.length === 0,
    isShared: own.records.findSetting(REPLICA_SETTINGS.log) !== undefined,
    keptAs: null,
  };
}
