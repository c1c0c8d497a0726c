// Names of files made from captured titles. A title is hostile: it may hold separators, `..`, control characters or a name that a system
// keeps for itself.

/** Lower-case letters, digits and dashes of the text, at most so many; empty where it has none. It never begins or ends with a dash. */
export function toFileName(text: string, max: number): string {
  return text
    .slice(0, max * 8)
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, max)
    .replaceAll(/^-+|-+$/g, '');
}
