// Ids as people see them: as few digits as name the thing, and never fewer than eight.

const MIN_DIGITS = 8;

/** The first digits of an id: enough for `cairn show` in all but the largest vaults, which say so where they are not. */
export function shortId(id: string): string {
  return id.slice(0, MIN_DIGITS);
}

/** As many digits as tell these ids apart. */
export function digitsFor(ids: readonly string[]): number {
  const distinct = new Set(ids).size;
  let digits = MIN_DIGITS;
  while (digits < 16 && new Set(ids.map((id) => id.slice(0, digits))).size < distinct) digits += 1;
  return digits;
}
