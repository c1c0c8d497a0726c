// Wildcards in the user's rules: `*` stands for any text, `?` for one character. Never a regular expression, so that no rule
// and no captured text can make a match slow: the time is bounded by the product of the two lengths.

/** True where the whole text fits the pattern; both are compared as they are. */
export function matchesWildcard(text: string, pattern: string): boolean {
  let textAt = 0;
  let patternAt = 0;
  let starAt = -1;
  let retryAt = 0;
  while (textAt < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      starAt = patternAt;
      retryAt = textAt;
      patternAt += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[textAt])) {
      textAt += 1;
      patternAt += 1;
    } else if (starAt >= 0) {
      // Only the last star needs to give way: earlier ones have already found their shortest text.
      retryAt += 1;
      textAt = retryAt;
      patternAt = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt += 1;
  return patternAt === pattern.length;
}

export function hasWildcard(text: string): boolean {
  return text.includes('*') || text.includes('?');
}
