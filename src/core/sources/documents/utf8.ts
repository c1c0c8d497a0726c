const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of these bytes; null where they are no UTF-8, so that a path that cannot be written as text is never another path. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return STRICT.decode(bytes);
  } catch {
    return null;
  }
}
