// The exclusion rules as settings: the dotted keys `exclude.sources|paths|urls|commands` beside those of config.json, but kept
// sealed in the vault, since they name what the user hides.

import type { SourceId } from '../../shared/model/ids.ts';
import { compileExclusion, type Exclusion, type ExclusionEnvironment } from '../capture/rules/exclusion.ts';
import {
  EXCLUSION_KINDS,
  parseExclusionRules,
  parseRuleList,
  rulePlace,
  type ExclusionKind,
  type ExclusionRules,
} from '../capture/rules/exclusion-rules.ts';
import { refuseRule } from '../capture/rules/refuse-rule.ts';
import type { Vault } from '../vault/vault.ts';

/** The sealed setting that holds the rules. */
export const EXCLUSIONS_SETTING = 'exclusions';
const PREFIX = 'exclude.';

const DESCRIPTIONS: Readonly<Record<ExclusionKind, string>> = {
  sources: 'Sources that are never asked, such as firefox.',
  paths: 'Folders, files and globs that are never captured, such as ~/private or **/.ssh.',
  urls: 'Hosts, with path if you like, that are never captured, such as bank.example or example.com/private.',
  commands: 'Programs and command lines that are never captured, such as pass or ssh *prod*.',
};

type SettingsVault = Pick<Vault, 'readSetting' | 'writeSetting'>;

export interface ExclusionSettingEntry {
  readonly key: string;
  readonly description: string;
  readonly value: readonly string[];
  readonly defaultValue: readonly string[];
}

/** The kind of rule that a dotted key names, or null for keys that are not sealed. */
export function exclusionKindOf(key: string): ExclusionKind | null {
  return EXCLUSION_KINDS.find((kind) => key === `${PREFIX}${kind}`) ?? null;
}

/** Reads the rules. @throws AppError CONFIG_INVALID where they are not understood: never no rules instead */
export async function readExclusionRules(vault: SettingsVault): Promise<ExclusionRules> {
  return parseExclusionRules(await vault.readSetting(EXCLUSIONS_SETTING));
}

/** Lists the sealed keys with their values. @throws AppError as `readExclusionRules` */
export async function listExclusionSettings(vault: SettingsVault): Promise<readonly ExclusionSettingEntry[]> {
  const rules = await readExclusionRules(vault);
  return EXCLUSION_KINDS.map((kind) => ({
    key: `${PREFIX}${kind}`,
    description: DESCRIPTIONS[kind],
    value: rules[kind],
    defaultValue: [],
  }));
}

/** The rules that a user typed: a JSON list, or one rule a line or between commas; `none` or nothing for no rules. */
export function parseRuleText(kind: ExclusionKind, text: string): readonly string[] {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'none') return [];
  if (!trimmed.startsWith('['))
    return parseRuleList(
      kind,
      trimmed.split(/[\n,]/).filter((rule) => rule.trim() !== ''),
    );
  try {
    return parseRuleList(kind, JSON.parse(trimmed));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw refuseRule(`${PREFIX}${kind}`, 'it begins like a JSON list and is none', error);
    throw error;
  }
}

/** What the user's rules would be with one kind's replaced, compiled to see that they all can be used; nothing is stored. */
export async function planExclusions(
  vault: SettingsVault,
  change: { readonly kind: ExclusionKind; readonly rules: readonly string[] },
  context: { readonly environment: ExclusionEnvironment; readonly sourceIds: readonly SourceId[] },
): Promise<{ readonly rules: ExclusionRules; readonly exclusion: Exclusion }> {
  const rules = { ...(await readExclusionRules(vault)), [change.kind]: parseRuleList(change.kind, change.rules) };
  const known = new Set<string>(context.sourceIds);
  const stranger = rules.sources.findIndex((id) => !known.has(id));
  if (change.kind === 'sources' && stranger >= 0) {
    throw refuseRule(rulePlace('sources', stranger), `there are only the sources ${[...known].join(', ')}`);
  }
  return { rules, exclusion: compileExclusion(rules, context.environment) };
}

/** Replaces one kind's rules; they count from the next capture on. @throws AppError CONFIG_INVALID, and nothing is stored */
export async function writeExclusionRules(...values: Parameters<typeof planExclusions>): Promise<ExclusionRules> {
  const { rules } = await planExclusions(...values);
  await values[0].writeSetting(EXCLUSIONS_SETTING, { ...rules });
  return rules;
}
