// Addresses of screens, written and read in one place. Keys of items may hold anything, commas and percent signs too. Pure.

export interface SnapshotPlace {
  /** The item that is shown. */
  readonly item?: string;
  /** A text to look for in it, and its line in the stored text. */
  readonly text?: string;
  readonly line?: number;
}

export function snapshotAddress(id: string, { item, text, line }: SnapshotPlace = {}): string {
  return withQuery(`/snapshot/${encodeURIComponent(id)}`, [
    ['item', item],
    ['q', text],
    ['line', line === undefined ? undefined : String(line)],
  ]);
}

export function sessionAddress(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`;
}

export function publishedAddress(id: string): string {
  return `/published/${encodeURIComponent(id)}`;
}

export function itemAddress(key: string): string {
  return `/item/${encodeURIComponent(key)}`;
}

/** `to` may be `now`. */
export function compareAddress(from: string, to: string, item?: string): string {
  return withQuery(`/compare/${encodeURIComponent(from)}/${encodeURIComponent(to)}`, [['item', item]]);
}

/** Without keys the person chooses. */
export function restoreAddress(id: string, keys: readonly string[] = []): string {
  const address = `/restore/${encodeURIComponent(id)}`;
  // Each by itself: a comma between them is not one inside.
  return keys.length === 0 ? address : `${address}?only=${keys.map(encodeURIComponent).join(',')}`;
}

/** What a search is narrowed to; absent or empty means anything. */
export interface SearchPlace {
  readonly kind?: string;
  readonly source?: string;
  readonly project?: string;
  /** An age: `1d`, `7d`, `30d`. */
  readonly within?: string;
}

export function searchAddress(text: string, { kind, source, project, within }: SearchPlace = {}): string {
  return withQuery('/search', [
    ['q', text],
    ['kind', kind],
    ['source', source],
    ['project', project],
    ['within', within],
  ]);
}

/** The key in the raw path of an item's address. */
export function keyOfItemAddress(path: string): string {
  return decode(path.slice(path.lastIndexOf('/') + 1));
}

/** What `only=` in the raw query of a restore's address says; also where the whole list was encoded at once. */
export function readOnlyKeys(search: string, known: ReadonlySet<string>): string[] {
  const part = search
    .replace(/^\?/, '')
    .split('&')
    .find((pair) => pair.startsWith('only='));
  if (part === undefined) return [];
  const keys = part
    .slice('only='.length)
    .split(',')
    .map(decode)
    .filter((key) => key !== '')
    .flatMap((key) => (known.has(key) ? [key] : splitKnown(key, known)));
  return [...new Set(keys)];
}

/** Takes the longest known keys out of a list that commas join. */
function splitKnown(text: string, known: ReadonlySet<string>): string[] {
  const parts = text.split(',');
  const keys: string[] = [];
  for (let from = 0; from < parts.length;) {
    let to = parts.length;
    while (to > from + 1 && !known.has(parts.slice(from, to).join(','))) to -= 1;
    keys.push(parts.slice(from, to).join(','));
    from = to;
  }
  return keys;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // typed by hand
  }
}

function withQuery(path: string, pairs: ReadonlyArray<readonly [name: string, value: string | undefined]>): string {
  const query = pairs
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`)
    .join('&');
  return query === '' ? path : `${path}?${query}`;
}
