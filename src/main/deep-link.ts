// Links of the form cairn://... come from anywhere: web pages, mails, documents. They only say what to show. What is not exactly one of
// the known forms is ignored.

/** As much as a search takes. */
const MAX_QUERY = 200;
const PLACES: ReadonlyMap<string, string> = new Map([
  ['timeline', '/timeline'],
  ['checkpoints', '/checkpoints'],
  ['settings', '/settings'],
]);

/** The path inside the app, or null where it is no link of ours. */
export function parseDeepLink(link: string): string | null {
  const rest = /^cairn:\/\/([\x21-\x7e]{1,2048})$/.exec(link)?.[1];
  if (rest === undefined) return null;
  // Some systems write the address with a slash at its end.
  const place = PLACES.get(rest.replace(/\/$/, ''));
  if (place !== undefined) return place;
  const id = /^snapshot\/([0-9a-f]{16})\/?$/.exec(rest)?.[1];
  if (id !== undefined) return `/snapshot/${id}`;
  const query = /^search\/?\?q=([^&#]+)$/.exec(rest)?.[1];
  return query === undefined ? null : searchPath(query);
}

function searchPath(encoded: string): string | null {
  const query = decode(encoded)?.trim();
  if (query === undefined || query === '' || query.length > MAX_QUERY || /\p{C}/u.test(query)) return null;
  return `/search?q=${encodeURIComponent(query)}`;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined; // no text at all
  }
}
