// What proves that a vault is whole, in the vault's thread: verification and backups. Each call takes its turn like every other work on
// the file.

import type { VaultState } from '../log/vault-state.ts';
import type { VaultFiles } from '../vault-files.ts';
import type { BackupReport, VerifyReport } from '../vault.ts';
import { backupVault } from './backup.ts';
import type { WorkControl } from './slices.ts';
import { SEARCH_INDEX, verifyVault } from './verify.ts';

export interface IntegrityEngineDeps {
  readonly state: VaultState;
  readonly files: VaultFiles;
  write<Result>(what: string, work: () => Promise<Result> | Result): Promise<Result>;
  work<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  /** Drops what of the search index is damaged: it is made anew. */
  dropDamagedIndex(): Promise<void>;
}

export class IntegrityEngine {
  readonly #deps: IntegrityEngineDeps;

  constructor(deps: IntegrityEngineDeps) {
    this.#deps = deps;
  }

  async verify(isDeep: boolean, nowMs: number, control: WorkControl): Promise<VerifyReport> {
    const { state, files } = this.#deps;
    const deps = { state, files, withLock: this.#withLock('Verifying') };
    const report = await this.#deps.work('Verifying', () => verifyVault(deps, isDeep, nowMs, control));
    if (report.damaged.some(({ what }) => what === SEARCH_INDEX)) await this.#deps.dropDamagedIndex();
    return report;
  }

  backup(folder: string, keep: number, nowMs: number, control: WorkControl): Promise<BackupReport> {
    const { state, files } = this.#deps;
    const deps = { state, files, withLock: this.#withLock('Backing up') };
    return this.#deps.work('Backing up', () => backupVault(deps, folder, keep, nowMs, control));
  }

  #withLock(what: string) {
    return <Result>(work: () => Promise<Result> | Result): Promise<Result> => this.#deps.write(what, work);
  }
}
