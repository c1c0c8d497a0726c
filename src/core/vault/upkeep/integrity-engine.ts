// What proves that a vault is whole, and keeps it so, in the vault's thread: verification, healing and backups. Each call takes its turn
// like every other work on the file.

import type { VaultState } from '../log/vault-state.ts';
import type { VaultFiles } from '../vault-files.ts';
import type { BackupReport, HealReport, VaultHealth, VerifyReport, VerifySliceOptions } from '../vault.ts';
import { backupVault } from './backup.ts';
import { healVault } from './heal.ts';
import { IdleVerification } from './idle-verification.ts';
import type { WorkControl } from './slices.ts';
import { SEARCH_INDEX, verifyVault } from './verify.ts';

export interface IntegrityEngineDeps {
  readonly state: VaultState;
  readonly files: VaultFiles;
  read<Result>(work: () => Result): Result;
  write<Result>(what: string, work: () => Promise<Result> | Result): Promise<Result>;
  work<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  /** Drops what of the search index is damaged: it is made anew. */
  dropDamagedIndex(): Promise<void>;
}

export class IntegrityEngine {
  readonly #deps: IntegrityEngineDeps;
  readonly #idle: IdleVerification;

  constructor(deps: IntegrityEngineDeps) {
    this.#deps = deps;
    this.#idle = new IdleVerification({ state: deps.state, write: (work) => deps.write('Verifying', work) });
  }

  health(): VaultHealth {
    return this.#deps.read(() => this.#idle.health());
  }

  verifySlice(options: VerifySliceOptions, control: WorkControl): Promise<VaultHealth> {
    return this.#deps.work('Verifying', () => this.#deps.read(() => this.#idle.slice(options, control.signal)));
  }

  /** Before the vault is closed, with the writer's lock held: the next process goes on from here. */
  noteProgress(): void {
    this.#idle.noteProgress();
  }

  async verify(isDeep: boolean, nowMs: number, control: WorkControl): Promise<VerifyReport> {
    const deps = this.#depsFor('Verifying');
    const report = await this.#deps.work('Verifying', () => verifyVault(deps, isDeep, nowMs, control));
    if (report.damaged.some(({ what }) => what === SEARCH_INDEX)) await this.#deps.dropDamagedIndex();
    return report;
  }

  heal(backups: readonly string[], control: WorkControl): Promise<HealReport> {
    return this.#deps.work('Healing', () =>
      this.#deps.read(() => healVault(this.#depsFor('Healing'), backups, control)),
    );
  }

  backup(folder: string, keep: number, nowMs: number, control: WorkControl): Promise<BackupReport> {
    return this.#deps.work('Backing up', () => backupVault(this.#depsFor('Backing up'), folder, keep, nowMs, control));
  }

  #depsFor(what: string) {
    const { state, files } = this.#deps;
    return {
      state,
      files,
      withLock: <Result>(work: () => Promise<Result> | Result): Promise<Result> => this.#deps.write(what, work),
    };
  }
}
