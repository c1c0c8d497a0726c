// What captures need of the user's settings, read before each one: config.json and the sealed exclusion rules, so that a change
// made by another process counts from the next capture on.

import { AppError, toPlainError, type PlainError } from '../shared/model/app-error.ts';
import { compileExclusion, type Exclusion, type ExclusionEnvironment } from './capture/rules/exclusion.ts';
import { parseExclusionRules } from './capture/rules/exclusion-rules.ts';
import type { CaptureSettings } from './capture/collector.ts';
import { readConfigSync, type Config, type ConfigPlace } from './config/config.ts';
import { EXCLUSIONS_SETTING } from './config/exclusion-settings.ts';
import type { Source } from './sources/source.ts';
import type { Vault } from './vault/vault.ts';

export interface SettingsReaderDeps {
  readonly place: ConfigPlace;
  readonly sources: readonly Source[];
  readonly vault: Pick<Vault, 'readSetting'>;
  readonly environment: ExclusionEnvironment;
}

export class SettingsReader {
  readonly #deps: SettingsReaderDeps;
  #config: Config;
  #configError: PlainError | null = null;
  #compiled: { readonly stored: string; readonly exclusion: Exclusion } | null = null;

  /** @throws AppError CONFIG_UNREADABLE, CONFIG_UNKNOWN_KEY, CONFIG_INVALID: nothing begins on a configuration that is wrong */
  constructor(deps: SettingsReaderDeps) {
    this.#deps = deps;
    this.#config = readConfigSync(deps.place);
  }

  /** The configuration in force. */
  config(): Config {
    return this.#config;
  }

  /** Why config.json, as it stands now, is not in force; the one before it is then. */
  configError(): PlainError | null {
    return this.#configError;
  }

  /** The sources that may be watched: on, and named by no rule. None before the rules were read for the first time. */
  watchedSources(): readonly Source[] {
    const exclusion = this.#compiled?.exclusion;
    return exclusion === undefined ? [] : this.#enabledSources().filter(({ id }) => !exclusion.source(id));
  }

  /**
   * Reads all of it anew. A config.json that was spoiled in the meantime leaves the last good one in force: a slip in an editor must
   * not end the captures.
   * @throws AppError where the exclusion rules cannot be read: nothing may be captured without them
   */
  async load(): Promise<CaptureSettings> {
    this.#reloadConfig();
    const exclusion = await this.#loadExclusion();
    const { isRedactionOn, scrollbackLines, retention } = this.#config;
    return {
      sources: this.#enabledSources(),
      exclusion,
      isRedactionOn,
      scrollbackLines,
      inactiveDays: retention.inactiveDays,
    };
  }

  #enabledSources(): readonly Source[] {
    const enabled = new Set(this.#config.enabledSources);
    return this.#deps.sources.filter(({ id }) => enabled.has(id));
  }

  #reloadConfig(): void {
    try {
      this.#config = readConfigSync(this.#deps.place);
      this.#configError = null;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#configError = toPlainError(error);
    }
  }

  async #loadExclusion(): Promise<Exclusion> {
    const stored = await this.#deps.vault.readSetting(EXCLUSIONS_SETTING);
    // Sources remember what they read under the same rules: what markers say is one of them.
    const text = `${this.#deps.environment.refreshMarks?.() ?? 0} ${JSON.stringify(stored)}`;
    if (this.#compiled?.stored !== text) {
      this.#compiled = {
        stored: text,
        exclusion: compileExclusion(parseExclusionRules(stored), this.#deps.environment),
      };
    }
    return this.#compiled.exclusion;
  }
}
