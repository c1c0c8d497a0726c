// URL rules: `example.com` hides the host and its subdomains, `*.example.com` only the subdomains, `example.com/private` what
// lies below that path, `https://example.com`, `localhost:3000` and `file:` say scheme or port. `*` and `?` are wildcards. Hosts
// and paths are compared without regard to case, raw and percent-decoded. An address that cannot be parsed counts as hidden
// where it contains the rule's host: a filter that fails must fail closed.

import { domainToASCII } from 'node:url';

import { refuseRule } from './refuse-rule.ts';
import { hasWildcard, matchesWildcard } from './wildcard.ts';

type Matcher = (candidates: readonly UrlCandidate[]) => boolean;

/** A URL in the forms that rules compare. */
export interface UrlCandidate {
  /** As it was captured. */
  readonly raw: string;
  readonly text: string;
  readonly parsed: {
    readonly scheme: string;
    readonly host: string;
    readonly port: string;
    readonly paths: readonly string[];
  } | null;
}

interface UrlRule {
  /** `https`, or empty for any. */
  readonly scheme: string;
  /** Empty for any. */
  readonly host: string;
  readonly port: string;
  /** With its leading slash; empty for any. */
  readonly path: string;
}

const SCHEME_WITH_SLASHES = /^([a-z][a-z0-9+.-]{0,63}):\/\//i;
/** A rule for a whole scheme: `file:`, `about:*`. */
const SCHEME_ALONE = /^([a-z][a-z0-9+.-]{0,63}):\*?$/i;
const HOST_AND_PORT = /^(\[[0-9a-f:.*]{1,64}\]|[^:/?#[\]@]{0,255})(?::(\d{1,5}))?$/i;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', ftp: '21', ws: '80', wss: '443' };
/** Addresses inside addresses: view-source:URL, blob:URL, about:reader?url=URL; nested ones are opened this often. */
const MAX_UNWRAPS = 4;

/** Compiles one URL rule. @throws AppError CONFIG_INVALID */
export function compileUrlRule(text: string, place: string): Matcher {
  const rule = parseUrlRule(text, place);
  return (candidates) => candidates.some((candidate) => matchesRule(rule, candidate));
}

/** A captured URL and the URLs wrapped inside it, ready for any number of rules. Never throws. */
export function toUrlCandidates(url: string): UrlCandidate[] {
  const candidates: UrlCandidate[] = [];
  let next: string | null = url.trim();
  for (let at = 0; next !== null && at <= MAX_UNWRAPS; at += 1) {
    const text: string = next;
    candidates.push({ raw: text, text: text.toLowerCase(), parsed: parseCandidate(text) });
    next = unwrap(text);
  }
  return candidates;
}

function parseUrlRule(text: string, place: string): UrlRule {
  const alone = SCHEME_ALONE.exec(text)?.[1];
  if (alone !== undefined) return { scheme: alone.toLowerCase(), host: '', port: '', path: '' };
  const withSlashes = SCHEME_WITH_SLASHES.exec(text);
  const scheme = withSlashes?.[1]?.toLowerCase() ?? '';
  const rest = text.slice(withSlashes?.[0].length ?? 0);
  const slash = rest.search(/[/?#]/);
  // A question mark right in the host is a wildcard nobody needs; there it begins the query.
  const hostAndPort = HOST_AND_PORT.exec(slash < 0 ? rest : rest.slice(0, slash));
  if (hostAndPort === null) throw refuseRule(place, 'a URL rule is a host, with a scheme, port or path if you like');
  const host = normalizeHost(hostAndPort[1] ?? '', place);
  const path = slash < 0 ? '' : toPathPattern(rest.slice(slash));
  if (host === '' && scheme !== 'file') throw refuseRule(place, 'it names no host');
  return { scheme, host, port: hostAndPort[2] ?? '', path };
}

function toPathPattern(text: string): string {
  const path = text.startsWith('/') ? text : `/${text}`;
  return path === '/' ? '' : path.toLowerCase();
}

function normalizeHost(host: string, place: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '');
  if (lower === '' || hasWildcard(lower) || lower.startsWith('[')) return lower;
  const ascii = domainToASCII(lower);
  if (ascii === '') throw refuseRule(place, 'its host is not a name that a URL can have');
  return ascii;
}

function matchesRule(rule: UrlRule, { text, parsed }: UrlCandidate): boolean {
  if (parsed === null)
    return rule.host === '' ? text.startsWith(`${rule.scheme}:`) : matchesWildcard(text, `*${rule.host}*`);
  if (rule.scheme !== '' && rule.scheme !== parsed.scheme) return false;
  if (rule.host !== '' && !matchesHost(rule.host, parsed.host)) return false;
  if (rule.port !== '' && rule.port !== parsed.port) return false;
  return rule.path === '' || parsed.paths.some((path) => matchesPath(rule.path, path));
}

function matchesHost(rule: string, host: string): boolean {
  if (hasWildcard(rule)) return matchesWildcard(host, rule);
  return host === rule || host.endsWith(`.${rule}`);
}

function matchesPath(rule: string, path: string): boolean {
  if (hasWildcard(rule)) return matchesWildcard(path, rule) || matchesWildcard(path, `${rule}/*`);
  if (!path.startsWith(rule)) return false;
  const next = path[rule.length];
  return rule.endsWith('/') || next === undefined || next === '/' || next === '?' || next === '#';
}

function parseCandidate(text: string): UrlCandidate['parsed'] {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  const path = `${url.pathname}${url.search}${url.hash}`.toLowerCase();
  return {
    scheme,
    host: url.hostname.toLowerCase().replace(/\.$/, ''),
    port: url.port === '' ? (DEFAULT_PORTS[scheme] ?? '') : url.port,
    paths: path.includes('%') ? [path, decodeLeniently(path)] : [path],
  };
}

/** The address inside this one, or null. */
function unwrap(text: string): string | null {
  const prefix = /^(?:view-source|blob|filesystem):/i.exec(text);
  if (prefix !== null) return text.slice(prefix[0].length);
  const reader = /^about:reader\?(?:.*&)?url=([^&]*)/i.exec(text);
  return reader?.[1] === undefined ? null : decodeLeniently(reader[1]);
}

function decodeLeniently(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    // Bytes that are no UTF-8 become replacement characters, which no rule names.
    return Buffer.from(escaped.replaceAll('%', ''), 'hex').toString('utf8').toLowerCase();
  });
}
