// Secrets that are known by the name before them: NAME=value, "name": "value", --flag value, headers, user:password@ in a URL,
// and the short password flags of a few programs. They may be any text, so a rule here also says what is no secret: variables,
// placeholders, code.

import { endOfQuoted, patternRule, TOKEN_START, type SecretRule, type SecretSpan } from './secret-rule.ts';

/** The end of a name that holds a secret, compared in lower case without dashes, dots and underscores. */
const SECRET_NAME =
  /(?:token|secret|passw(?:or)?d|passphrase|apikey|accesskey|secretkey|secretaccesskey|privatekey|signingkey|encryptionkey|masterkey|authkey|accountkey|presharedkey|licensekey|credentials?|clientsecret)$/;
/** Short names that mean a password only after a separator: DB_PASS, db-pwd; never `bypass` or the shell's PWD. */
const SHORT_SECRET_NAME = /[_.-](?:pass|pwd|pw|psk|auth)$/i;
/** GitHub's and Azure's word for a token, in variables of the environment; in lower case a pattern is called so. */
const PERSONAL_TOKEN_NAME = /_PAT$/;
const NAME_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-';
const NAME_CHARACTERS = new Set(Array.from(NAME_LETTERS, (letter) => letter.charCodeAt(0)));
const MAX_NAME = 64;
/** So far the end of a value is looked for here; src/shared/secrets/redact-text.ts goes on where it is longer. */
export const MAX_VALUE = 1024;
/** Values that stand for no secret: variables, templates, placeholders, code words. */
const NO_SECRET =
  /^(?:['"]?(?:\$[A-Za-z_{(]|#\{)|[<{%[*]|&lt;|arn:aws|\.\.\.|(?:true|false|null|none|nil|undefined|yes|no|string|required|optional|x{3,}|[*•.]+)$)/i;
/** The end of a text, a call or a member, and the beginning of the next text; a style's class or id. */
const CODE_BETWEEN =
  /^(?:\+ ?[A-Za-z_][A-Za-z_. ]{0,64}\(|\.\$[A-Za-z_]{1,64}\[|[#.][a-z]{1,32}(?:-[a-z]{1,32}){1,8})$/;
const CAPITALS_ONLY = /^[A-Z]+(?:[_-][A-Z]+)*$/;
/** Words that follow a flag in prose (`use --token to ...`). */
const PROSE = new Set([
  'to',
  'is',
  'are',
  'and',
  'or',
  'the',
  'a',
  'an',
  'for',
  'from',
  'flag',
  'option',
  'in',
  'with',
  'as',
  'instead',
  'must',
  'when',
  'if',
]);
/** A value's bare form ends at a blank, a quote, what separates commands, or an escape sequence. */
const BARE_VALUE = '[^ \\t\\r\\n"\'`;&|<>()\\x1b\\x00]';
const LONG_FLAG = String.raw`--(?:[a-z0-9]{1,32}-){0,4}(?:password|passwd|passphrase|token|secret|api-?key|access-?key|secret-?key|private-?key|client-?secret)`;

/** The rules for secrets known by their name. */
export const NAMED_SECRET_RULES: readonly SecretRule[] = [
  { id: 'assignment', needle: '=', isShape: false, match: matchAssignment },
  { id: 'assignment', needle: '":', isShape: false, match: (text, at) => matchQuoted(text, at, '"') },
  { id: 'assignment', needle: "':", isShape: false, match: (text, at) => matchQuoted(text, at, "'") },
  patternRule('flag', '--', String.raw`(?<!-)${LONG_FLAG}[ \t]{1,4}["']?(?<secret>${BARE_VALUE}{3,${MAX_VALUE}})`, {
    isShape: false,
    accepts: (value) => !value.startsWith('-') && isSecretValue(value) && !PROSE.has(value),
  }),
  ...['Bearer ', 'bearer ', 'BEARER '].map((needle) =>
    patternRule('bearer', needle, String.raw`${needle}[ \t]{0,4}(?<secret>[A-Za-z0-9._~+/=-]{16,4096})`, {
      accepts: (token) => /[0-9]/.test(token) || token.length > 40,
    }),
  ),
  ...['Authorization:', 'authorization:', 'AUTHORIZATION:'].map((needle) =>
    patternRule(
      'header',
      needle,
      String.raw`${needle}[ \t]{0,4}(?:[A-Za-z0-9-]{1,20}[ \t]{1,4})?(?<secret>[^ \t\r\n"'\x1b\x00]{6,4096})`,
      {
        isShape: false,
        accepts: isSecretValue,
      },
    ),
  ),
  ...['Cookie:', 'cookie:'].map((needle) =>
    patternRule(
      'header',
      needle,
      String.raw`${needle}[ \t]{0,4}(?<secret>[^\r\n"'\x1b\x00]{0,64}=[^\r\n"'\x1b\x00]{1,4096})`,
      {
        isShape: false,
        start: '(?<![A-Za-z0-9_])(?:(?<=[Ss]et-)|(?<!-))',
      },
    ),
  ),
  ...['-Api-Key:', '-api-key:', '-Token:', '-token:', '-TOKEN:'].map((needle) =>
    patternRule('header', needle, String.raw`${needle}[ \t]{0,4}(?<secret>${BARE_VALUE}{6,${MAX_VALUE}})`, {
      isShape: false,
      start: '(?<=[A-Za-z])',
      accepts: isSecretValue,
    }),
  ),
  patternRule(
    'url-password',
    '://',
    String.raw`:\/\/[^ \t\r\n\/@:"'<>?#\x1b\x00]{0,128}:(?<secret>[^ \t\r\n\/@"'<>\x1b\x00]{1,512}(?:@[^ \t\r\n\/@"'<>?#&=,\x1b\x00]{1,64}){0,3})@`,
    {
      start: '(?<=[A-Za-z0-9])',
      accepts: isSecretValue,
    },
  ),
  programRule('mysql', String.raw`[ \t]-p(?<secret>${BARE_VALUE}{1,256})`),
  programRule('mariadb', String.raw`[ \t]-p(?<secret>${BARE_VALUE}{1,256})`),
  programRule('sshpass', String.raw`[ \t]-p[ \t]{0,4}["']?(?<secret>${BARE_VALUE}{1,256})`),
  programRule(
    'curl',
    String.raw`[ \t\n](?:-u|--user|--proxy-user)[ \t=]{0,4}["']?[^ \t\r\n:"'<]{0,128}["']?:["']?(?<secret>${BARE_VALUE}{1,256})`,
  ),
  programRule('redis-cli', String.raw`[ \t]-a[ \t]{1,4}["']?(?<secret>${BARE_VALUE}{1,256})`),
  ...['psexec', 'PsExec', 'PSEXEC'].map((needle) =>
    programRule(
      needle,
      String.raw`[ \t]-u[ \t]{0,4}[^ \t]{1,128}[ \t]{1,4}-p[ \t]{1,4}(?<secret>${BARE_VALUE}{1,256})`,
    ),
  ),
  programRule('docker login', String.raw`[ \t]-p[ \t]{0,4}["']?(?<secret>${BARE_VALUE}{1,256})`),
];

/** How such names end: most names are told apart by this, without a search. */
const NAME_ENDINGS = new Set('ken ret swd ord ase key ial als ass pwd psk uth pat'.split(' '));

/** True where a name (of a variable, a member, a flag) says that its value is secret. */
export function isSecretName(name: string): boolean {
  const ending = name.slice(-3).toLowerCase();
  if (!NAME_ENDINGS.has(ending) && !/[_.-]/.test(ending)) return false;
  return (
    SECRET_NAME.test(name.toLowerCase().replaceAll(/[_.-]/g, '')) ||
    SHORT_SECRET_NAME.test(name) ||
    PERSONAL_TOKEN_NAME.test(name)
  );
}

/** False for values that only stand in place of a secret. */
export function isSecretValue(value: string): boolean {
  if (value.length < 3 || value.startsWith('[REDACTED') || CAPITALS_ONLY.test(value)) return false;
  return !NO_SECRET.test(value) && !CODE_BETWEEN.test(value);
}

/** The flags with which programs take a password as their next argument, or glued to it. */
export const PASSWORD_FLAGS: Readonly<Record<string, readonly string[]>> = {
  mysql: ['-p'],
  mysqldump: ['-p'],
  mysqladmin: ['-p'],
  mariadb: ['-p'],
  'mariadb-dump': ['-p'],
  sshpass: ['-p'],
  'redis-cli': ['-a'],
};

function matchAssignment(text: string, at: number): SecretSpan | null {
  const next = text[at + 1];
  const before = text[at - 1];
  if (next === '=' || next === '~' || before === undefined || '=!<>~'.includes(before)) return null;
  const isArrow = next === '>';
  // Go and make assign by `:=`.
  let nameEnd = before === ':' ? at - 1 : at;
  const isSpaced = text[nameEnd - 1] === ' ' || (before === ':' && text[at + 1] === ' ');
  while (isSpaced && nameEnd > at - 8 && text[nameEnd - 1] === ' ') nameEnd -= 1;
  const name = nameBefore(text, nameEnd);
  if (name === '' || !isSecretName(name)) return null;
  let valueAt = isArrow ? at + 2 : at + 1;
  while (isSpaced && valueAt < at + 8 && text[valueAt] === ' ') valueAt += 1;
  const quote = text[valueAt];
  // `'password = ' + …`: the quote behind the sign closes what the one before the name opened.
  if (quote === '"' || quote === "'")
    return quote === text[nameEnd - name.length - 1] ? null : quotedValue(text, valueAt);
  if (isArrow) return null;
  const span = bareValue(text, valueAt);
  if (span === null) return null;
  const value = text.slice(span.start, span.end);
  // Without quotes a lower-case name may stand in code: `token = parse(text)`, `password=password,`.
  const isPlain = !isSpaced && (/^(?:[A-Z0-9_]+|--.*)$/.test(name) || /[0-9]|[^A-Za-z0-9_.,)\]]/.test(value));
  const isLong = value.length >= 16 && /[0-9]/.test(value);
  const isCode = '(['.includes(text[span.end] ?? ' ') && !isPlain;
  return (isPlain || isLong) && !isCode && isSecretValue(value) ? span : null;
}

/** `"name": "value"` as in JSON, and the same with single quotes. */
function matchQuoted(text: string, at: number, quote: string): SecretSpan | null {
  const name = nameBefore(text, at);
  if (name === '' || text[at - name.length - 1] !== quote || !isSecretName(name)) return null;
  let valueAt = at + 2;
  while (valueAt < at + 8 && text[valueAt] === ' ') valueAt += 1;
  return text[valueAt] === '"' || text[valueAt] === "'" ? quotedValue(text, valueAt) : null;
}

/** The name that ends there; empty without one. */
export function nameBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && start > end - MAX_NAME && NAME_CHARACTERS.has(text.charCodeAt(start - 1))) start -= 1;
  return text.slice(start, end);
}

/** The value after the quote that stands there. */
export function quotedValue(text: string, quoteAt: number): SecretSpan | null {
  const start = quoteAt + 1;
  const end = endOfQuoted(text, start, text.charAt(quoteAt), Math.min(text.length, start + MAX_VALUE));
  return isSecretValue(text.slice(start, end)) ? { start, end } : null;
}

const bareAt = new RegExp(`${BARE_VALUE}{3,${MAX_VALUE}}`, 'y');

function bareValue(text: string, start: number): SecretSpan | null {
  bareAt.lastIndex = start;
  const found = bareAt.exec(text);
  return found === null ? null : { start, end: start + found[0].length };
}

/** A program's own short flag, looked for on the rest of its line. */
function programRule(needle: string, flag: string): SecretRule {
  const regex = new RegExp(flag, 'd');
  const start = new RegExp(TOKEN_START, 'y');
  return {
    id: 'flag',
    needle,
    isShape: false,
    match: (text, at) => {
      start.lastIndex = at;
      if (!start.test(text)) return null;
      const segment = /^(?:\\\r?\n|[^\r\n|;])*/.exec(text.slice(at, at + MAX_VALUE))?.[0] ?? '';
      const range = regex.exec(segment)?.indices?.groups?.['secret'];
      // The whole segment has been read: the same program named again in it needs no second look.
      if (range !== undefined && !isSecretValue(segment.slice(...range))) return null;
      return range === undefined ? at + segment.length : { start: at + range[0], end: at + range[1] };
    },
  };
}
