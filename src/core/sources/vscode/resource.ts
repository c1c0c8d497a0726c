// Addresses of files as VS Code writes them, brought to one form. Hostile text: what cannot be taken apart is no file.

/** A file of this machine, another machine's, or a text without a file. */
export interface Resource {
  /** Absolute; null where it is no file of this machine. */
  readonly path: string | null;
  /** In one form, whoever wrote it. */
  readonly url: string;
  /** What a person would call it. */
  readonly name: string;
  readonly isUntitled: boolean;
}

const URL_FORM = /^([a-zA-Z][a-zA-Z0-9+.-]{0,60}):(?:\/\/([^/?#]*))?([^?#]*)/;
const MAX_LENGTH = 8_000;

/** Parses a URL such as `file:///home/dev/a%20b.ts`; null where it is none. */
export function parseResource(url: string): Resource | null {
  const match = url.length > MAX_LENGTH ? null : URL_FORM.exec(url);
  if (match === null) return null;
  const [, scheme = '', host = '', encoded = ''] = match;
  try {
    return toResource(scheme.toLowerCase(), decodeURIComponent(host), decodeURIComponent(encoded));
  } catch {
    return null; // escapes that are no text
  }
}

/** The same of its parts: `{ scheme, authority, path }`. */
export function toResource(scheme: string, authority: string, path: string): Resource | null {
  if (path === '' || path.includes('\0') || path.length > MAX_LENGTH) return null;
  // Half a character has no escape.
  if (!path.isWellFormed() || !authority.isWellFormed()) return null;
  const isUntitled = scheme === 'untitled';
  const isHere = (scheme === 'file' || isUntitled) && authority === '' && path.startsWith('/');
  const url = `${scheme}:${authority === '' && scheme !== 'file' ? '' : `//${encodeURIComponent(authority)}`}${path.split('/').map(encodeURIComponent).join('/')}`;
  return { path: isHere ? path : null, url, name: path.slice(path.lastIndexOf('/') + 1), isUntitled };
}
