// How whole the open vault is known to be, as the session tells it: each news once.

import type { AppEvent } from '../../shared/contract/schemas.ts';
import type { PlainError } from '../../shared/model/app-error.ts';
import type { UpkeepListener } from '../app.ts';
import { tellDamage, tellFailedWork, tellHealed } from '../capture/maintenance-words.ts';
import type { VaultHealth } from '../vault/vault.ts';

export interface KnownHealthDeps {
  emit(event: AppEvent): void;
  warn(what: string, error: PlainError): void;
  /** The status is another one now. */
  tell(): void;
}

export class KnownHealth {
  readonly #deps: KnownHealthDeps;
  #health: VaultHealth | null = null;

  constructor(deps: KnownHealthDeps) {
    this.#deps = deps;
  }

  /** Null until the vault was asked. */
  get now(): VaultHealth | null {
    return this.#health;
  }

  /** Another vault is open, or none. */
  forget(): void {
    this.#health = null;
  }

  note(health: VaultHealth): void {
    const before = this.#health;
    this.#health = health;
    const { damage } = health;
    if (damage !== null && damage.records > (before?.damage?.records ?? 0))
      this.#deps.emit({ type: 'notice', text: tellDamage(damage) });
    if (JSON.stringify(before) !== JSON.stringify(health)) this.#deps.tell();
  }

  /** For the work beside the captures of one open vault. @param isOpen false once that is closed */
  listener(isOpen: () => boolean): UpkeepListener {
    return {
      onFailed: (work, error) => this.#deps.warn(tellFailedWork(work), error),
      onHealth: (health) => {
        if (isOpen()) this.note(health);
      },
      onHealed: (report) => this.#deps.emit({ type: 'notice', text: tellHealed(report) }),
    };
  }
}
