// Secrets known by the place where a configuration or a command has one, rather than by a name with a sign behind it: connection
// strings, .netrc and .npmrc, pairs of attributes, arguments of well-known calls, PowerShell's flags.

import { isSecretName, isSecretValue } from './named-secret-rules.ts';
import { patternRule, TOKEN_START, type SecretRule, type SecretSpan } from './secret-rule.ts';

const QUOTED = String.raw`[^"\r\n\x1b\x00]`;
const BARE = String.raw`[^ \t\r\n"'\x60;&|<>\x1b\x00]`;
/** What a connection string says before its password: who connects, and where. */
const CONNECTION = String.raw`(?<=(?:[Uu]ser(?: ?[Ii][Dd])?|UID|[Uu]id|[Ss]erver|[Hh]ost|[Dd]atabase|Data Source|Catalog) ?= ?[^;=\r\n]{1,128};[ "&+]{0,12})`;
const GAP = String.raw`\s{1,16}`;
const COMMA = String.raw`"\s{0,4},\s{0,64}"`;

export const CONFIG_RULES: readonly SecretRule[] = [
  ...['Password', 'password', 'PASSWORD', 'Pwd', 'pwd', 'PWD'].map((needle) =>
    patternRule('connection-string', needle, `${needle} ?= ?(?<secret>[^; \\t\\r\\n"'\\x1b\\x00]{1,256})`, {
      isShape: false,
      start: CONNECTION,
      accepts: isSecretValue,
    }),
  ),
  patternRule(
    'netrc',
    'machine ',
    `machine${GAP}[A-Za-z0-9._-]{1,253}${GAP}login${GAP}[^\\s]{1,128}${GAP}password${GAP}(?<secret>[^\\s\\x1b\\x00]{1,256})`,
    { isShape: false, accepts: isSecretValue },
  ),
  patternRule('npmrc', ':_', `:_(?:authToken|auth|password) ?= ?(?<secret>${BARE}{3,1024})`, {
    isShape: false,
    start: '(?<=[/a-z0-9])',
    accepts: isSecretValue,
  }),
  patternRule(
    'argument',
    'NetworkCredential(',
    `NetworkCredential\\(\\s{0,16}"${QUOTED}{1,128}${COMMA}(?<secret>${QUOTED}{3,128})"`,
    { isShape: false, accepts: isSecretValue },
  ),
  patternRule(
    'argument',
    'DirectoryEntry(',
    `DirectoryEntry\\(\\s{0,16}"${QUOTED}{1,256}${COMMA}${QUOTED}{1,128}${COMMA}(?<secret>${QUOTED}{3,128})"`,
    { isShape: false, accepts: isSecretValue },
  ),
  ...[' -Password ', ' -password '].map((needle) =>
    patternRule('flag', needle, `${needle}[ ]{0,4}["']?(?<secret>${BARE}{3,256})`, {
      isShape: false,
      start: '',
      accepts: (value) => /[0-9]|[^A-Za-z0-9_.,-]/.test(value) && !value.startsWith('-') && isSecretValue(value),
    }),
  ),
  patternRule('sonarqube-token', 'sonar.login=', 'sonar\\.login=(?<secret>[a-f0-9]{40})', {
    start: `(?:${TOKEN_START}|(?<=-D))`,
  }),
  { id: 'attribute', needle: 'key="', isShape: false, match: matchAttributes },
];

const ATTRIBUTES = /key="(?<name>[A-Za-z0-9_.:-]{1,64})"\s{1,16}value="(?<secret>[^"\r\n\x00]{1,1024})"/dy;

/** `key="…Password" value="…"`, as in the configuration of .NET. */
function matchAttributes(text: string, at: number): SecretSpan | null {
  ATTRIBUTES.lastIndex = at;
  const groups = ATTRIBUTES.exec(text);
  const range = groups?.indices?.groups?.['secret'];
  if (range === undefined || !isSecretName(groups?.groups?.['name'] ?? '')) return null;
  const [start, end] = range;
  return isSecretValue(text.slice(start, end)) ? { start, end } : null;
}
