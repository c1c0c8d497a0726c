// Path rules: `~/private` or `/srv/keys` hides that folder or file and everything below it; with wildcards the rule is a glob
// (`~/clients/*/secrets`, `**/.ssh`) and hides what it names and everything below. Captured paths are compared as text. A rule
// also counts for where its symbolic links lead at the time the rules are read; the reverse, a captured path that reaches an
// excluded folder through a link that no rule names, is not seen.

import { posix, win32 } from 'node:path';

import picomatch from 'picomatch';

import { refuseRule } from './refuse-rule.ts';

export interface PathRuleEnvironment {
  readonly homeDir: string;
  readonly platform: NodeJS.Platform;
  /** Where a path leads once its symbolic links are followed, as far as it exists. */
  realPath(path: string): string;
}

type Matcher = (path: string) => boolean;

const GLOB_CHARACTERS = /[*?[\]{}!]/;
const DELETED_SUFFIX = ' (deleted)';

/** Compiles one path rule. @throws AppError CONFIG_INVALID where it is neither absolute, nor below `~`, nor a `**` glob */
export function compilePathRule(rule: string, place: string, environment: PathRuleEnvironment): Matcher {
  const isGlob = GLOB_CHARACTERS.test(rule);
  const paths = environment.platform === 'win32' ? win32 : posix;
  const expanded = expandHome(rule, place, environment.homeDir);
  if (!paths.isAbsolute(expanded) && !(isGlob && expanded.startsWith('**/'))) {
    throw refuseRule(place, 'a path begins with /, with ~/ or with **/');
  }
  if (isGlob) return compileGlob(toComparable(expanded, environment.platform), place);
  const plain = paths.normalize(expanded);
  const forms = new Set([plain, environment.realPath(plain)].map((form) => toComparable(form, environment.platform)));
  if (forms.has('/')) throw refuseRule(place, 'it names the root folder; turn sources off instead');
  return (path) => [...forms].some((form) => path === form || path.startsWith(`${form}/`));
}

/** A captured path in the form that rules compare: `/` between the parts, no `.`, `..`, end slash or ` (deleted)`. */
export function toComparable(path: string, platform: NodeJS.Platform): string {
  const present = path.endsWith(DELETED_SUFFIX) ? path.slice(0, -DELETED_SUFFIX.length) : path;
  const slashed = platform === 'win32' ? win32.normalize(present).replaceAll('\\', '/') : posix.normalize(present);
  const trimmed = slashed.length > 1 && slashed.endsWith('/') ? slashed.slice(0, -1) : slashed;
  // Their usual file systems take names of different case for the same file.
  return platform === 'darwin' || platform === 'win32' ? trimmed.toLowerCase() : trimmed;
}

function expandHome(rule: string, place: string, homeDir: string): string {
  if (rule === '~') return homeDir;
  if (rule.startsWith('~/')) return `${homeDir}${rule.slice(1)}`;
  if (rule.startsWith('~')) throw refuseRule(place, '~ stands only for your own home folder');
  return rule;
}

function compileGlob(glob: string, place: string): Matcher {
  try {
    // Nothing but *, ?, ** [] and {}: negations and extended groups make rules that nobody reads right.
    return picomatch([glob, `${glob}/**`], { dot: true, nonegate: true, noextglob: true, strictBrackets: true });
  } catch (error) {
    throw refuseRule(place, 'its brackets do not match', error);
  }
}
