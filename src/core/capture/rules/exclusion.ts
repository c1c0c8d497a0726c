// Decides what the user's exclusion rules hide, before anything is stored. A fact that a rule matches hides the nearest thing
// around it: an element of a list (a page in a tab's history), else the whole item. Streams are not looked into. The matches are
// never logged or counted by rule: what a user hides is nobody's business.

import { fileURLToPath } from 'node:url';

import type { SourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { LeftOutReason } from '../../../shared/model/left-out.ts';
import { isJsonList, type JsonObject, type JsonValue } from '../../../shared/model/json.ts';
import { rulePlace, type ExclusionRules } from './exclusion-rules.ts';
import { factOf } from './facts.ts';
import { compileCommandRule, toCommandCandidates } from './match-command.ts';
import { compilePathRule, toComparable, type PathRuleEnvironment } from './match-path.ts';
import { compileUrlRule, toUrlCandidates } from './match-url.ts';

export interface ExclusionEnvironment extends PathRuleEnvironment {
  /** Another reason why a path is hidden, for example a marker file in one of its folders. */
  readonly isMarkedPath?: (path: string) => boolean;
  /** Looks at the markers anew; another number than before where they say something else now. */
  readonly refreshMarks?: () => number;
}

/** What rules look at in an item. */
export type ExcludableItem = Pick<CapturedItem, 'source' | 'attributes'>;

/** The user's rules, compiled. */
export interface Exclusion {
  readonly isEmpty: boolean;
  source(id: SourceId): boolean;
  path(path: string): boolean;
  url(url: string): boolean;
  command(commandLine: string): boolean;
  /** The item without what the rules hide: itself where they hide nothing, null where they hide all of it. */
  apply<Item extends ExcludableItem>(item: Item): Item | null;
  /** What hides an item that `apply` hides: the user's rules where they do, else a marker. */
  whyHidden(item: ExcludableItem): LeftOutReason;
}

/** Deeper attributes than any source makes: there a filter that cannot look must hide. */
const MAX_DEPTH = 32;
/** Facts whose judgement is remembered: more than a large workspace has. */
const MAX_REMEMBERED = 20_000;
const HIDDEN = Symbol('hidden');

/** Compiles the rules. @throws AppError CONFIG_INVALID naming the first rule that cannot be used by its place */
export function compileExclusion(rules: ExclusionRules, environment: ExclusionEnvironment): Exclusion {
  const sources = new Set<string>(rules.sources);
  const paths = rules.paths.map((rule, at) => compilePathRule(rule, rulePlace('paths', at), environment));
  const urls = rules.urls.map((rule, at) => compileUrlRule(rule, rulePlace('urls', at)));
  const commands = rules.commands.map((rule, at) => compileCommandRule(rule, rulePlace('commands', at)));
  const { isMarkedPath } = environment;
  const looksAtPaths = paths.length > 0 || isMarkedPath !== undefined;
  const looksAtFacts = looksAtPaths || urls.length > 0 || commands.length > 0;

  const isRuledPath = remembering(paths, (path) => toComparable(path, environment.platform));
  const isRuledUrl = remembering(urls, toUrlCandidates);
  // Where a path leads may be another place at the next capture, so what was judged by one is judged anew.
  let marksAsked = 0;
  const isHiddenPath = (path: string): boolean => {
    if (isRuledPath(path)) return true;
    if (isMarkedPath === undefined) return false;
    marksAsked += 1;
    return isMarkedPath(path);
  };

  // The same rules without the markers; only asked for what is hidden.
  let ruled: Exclusion | null = null;
  const exclusion: Exclusion = {
    isEmpty: sources.size === 0 && !looksAtFacts,
    source: (id) => sources.has(id),
    path: isHiddenPath,
    url: (url) => isRuledUrl(url) || (looksAtPaths && isHiddenFile(isHiddenPath, url)),
    command: remembering(commands, toCommandCandidates),
    apply: (item) => {
      if (sources.has(item.source)) return null;
      if (!looksAtFacts) return item;
      const attributes = judgeOnce(judge, item.attributes, () => filterObject(judge, item.attributes, 0));
      if (attributes === HIDDEN) return null;
      return attributes === item.attributes ? item : { ...item, attributes };
    },
    whyHidden: (item) => {
      if (isMarkedPath === undefined) return 'rule';
      const { homeDir, platform } = environment;
      ruled ??= compileExclusion(rules, { homeDir, platform, realPath: (path) => environment.realPath(path) });
      return ruled.apply(item) === null ? 'rule' : 'cairnignore';
    },
  };
  const judge: Judge = { exclusion, judged: new WeakMap(), marksAsked: () => marksAsked };
  return exclusion;
}

/** Whether any rule matches a text. The same facts come at every capture, so each is judged once. */
function remembering<Prepared>(
  rules: readonly ((prepared: Prepared) => boolean)[],
  prepare: (text: string) => Prepared,
): (text: string) => boolean {
  if (rules.length === 0) return () => false;
  const verdicts = new Map<string, boolean>();
  return (text) => {
    const known = verdicts.get(text);
    if (known !== undefined) return known;
    const prepared = prepare(text);
    const verdict = rules.some((matches) => matches(prepared));
    if (verdicts.size >= MAX_REMEMBERED) verdicts.clear();
    verdicts.set(text, verdict);
    return verdict;
  };
}

/** Path rules count for file URLs too. */
function isHiddenFile(isHiddenPath: (path: string) => boolean, url: string): boolean {
  if (!/file:/i.test(url)) return false;
  return toUrlCandidates(url).some(({ raw, parsed }) => {
    if (parsed?.scheme !== 'file') return false;
    try {
      return isHiddenPath(fileURLToPath(raw));
    } catch {
      // A host, or escapes that no path has: no file of this machine.
      return false;
    }
  });
}

/**
 * Rules, with what they made of whole attributes and of lists. A capture that finds nothing new meets most of these again, and looks at the
 * items of the newest snapshot several times.
 */
interface Judge {
  readonly exclusion: Exclusion;
  readonly judged: WeakMap<object, JsonValue | typeof HIDDEN>;
  /** How often a marker was asked so far: what needed none can be remembered. */
  marksAsked(): number;
}

/** What `make` makes of attributes or of a list: as it was made before, where no marker had to be asked for it. */
function judgeOnce<Result extends JsonValue | typeof HIDDEN>(judge: Judge, value: object, make: () => Result): Result {
  const known = judge.judged.get(value);
  if (known !== undefined) return known as Result; // it was made of the same value in the same way
  const marksAsked = judge.marksAsked();
  const made = make();
  if (judge.marksAsked() === marksAsked) judge.judged.set(value, made);
  return made;
}

function filterObject(judge: Judge, object: JsonObject, depth: number): JsonObject | typeof HIDDEN {
  if (depth > MAX_DEPTH) return HIDDEN;
  let filtered: Record<string, JsonValue | undefined> | null = null;
  // Not `entries`: a page in a tab's history has many facts, and every capture looks at each of them.
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value === undefined || value === null) continue;
    if (isHiddenFact(judge.exclusion, name, value)) return HIDDEN;
    const kept = factOf(name) === 'command' && Array.isArray(value) ? value : filterValue(judge, value, depth + 1);
    if (kept === HIDDEN) return HIDDEN;
    if (kept === value) continue;
    filtered ??= { ...object };
    filtered[name] = kept;
  }
  return filtered ?? object;
}

function filterValue(judge: Judge, value: JsonValue, depth: number): JsonValue | typeof HIDDEN {
  if (typeof value !== 'object' || value === null) return value;
  return isJsonList(value) ? filterList(judge, value, depth) : filterObject(judge, value, depth);
}

function filterList(judge: Judge, list: readonly JsonValue[], depth: number): JsonValue | typeof HIDDEN {
  if (depth > MAX_DEPTH) return HIDDEN;
  return judgeOnce(judge, list, () => {
    const kept = list.map((element) => filterValue(judge, element, depth + 1));
    if (kept.every((element, at) => element === list[at])) return list;
    return kept.filter((element) => element !== HIDDEN);
  });
}

function isHiddenFact(exclusion: Exclusion, name: string, value: JsonValue): boolean {
  switch (factOf(name)) {
    case 'path':
      return typeof value === 'string' ? exclusion.path(value) : textsOf(value).some((text) => exclusion.path(text));
    case 'url':
      return typeof value === 'string' ? exclusion.url(value) : textsOf(value).some((text) => exclusion.url(text));
    case 'command': {
      const words = textsOf(value);
      // A program that was given a hidden file shows it.
      return exclusion.command(words.join(' ')) || words.some((word) => word.startsWith('/') && exclusion.path(word));
    }
    case null:
      return false;
  }
}

function textsOf(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || !isJsonList(value)) return [];
  return value.filter((element) => typeof element === 'string');
}
