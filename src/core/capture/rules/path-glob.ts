// Globs as .gitignore has them, matched in time that grows with pattern times path: whoever writes a repository's files writes them, and a
// pattern must not be able to stop the captures. `*` and `?` stay within a part of a path, `**` stands for any number of whole parts.

type Test<Element> = (element: Element) => boolean;
/** `any` stands for any number of elements, none included. */
type Pattern<Element> = readonly (Test<Element> | 'any')[];

/** @throws SyntaxError where a bracket is not closed */
export function compileGlob(glob: string, options: { readonly isCaseSensitive: boolean }): Test<string> {
  const fold = (text: string): string => (options.isCaseSensitive ? text : text.toLowerCase());
  const parts = fold(glob)
    .split('/')
    .map((part): Test<string> | 'any' => {
      if (part === '**') return 'any';
      const pattern = compilePart(Array.from(part));
      return (text) => matches(pattern, Array.from(text));
    });
  return (path) => matches(parts, fold(path).split('/'));
}

/** The usual way back to the last `any` alone is enough: what an earlier one could take, the last one can take too. */
function matches<Element>(pattern: Pattern<Element>, elements: readonly Element[]): boolean {
  let at = 0;
  let lastAny = -1;
  let retryFrom = 0;
  for (let from = 0; from < elements.length;) {
    const part = pattern[at];
    const element = elements[from];
    if (part === 'any') {
      lastAny = at;
      retryFrom = from;
      at += 1;
    } else if (part !== undefined && element !== undefined && part(element)) {
      at += 1;
      from += 1;
    } else if (lastAny >= 0) {
      at = lastAny + 1;
      retryFrom += 1;
      from = retryFrom;
    } else return false;
  }
  return pattern.slice(at).every((part) => part === 'any');
}

function compilePart(letters: readonly string[]): Pattern<string> {
  const pattern: (Test<string> | 'any')[] = [];
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters[at] ?? '';
    if (letter === '*') pattern.push('any');
    else if (letter === '?') pattern.push(() => true);
    else if (letter === '[') {
      const end = letters.indexOf(']', at + 2);
      if (end < 0) throw new SyntaxError('a bracket is not closed');
      pattern.push(compileSet(letters.slice(at + 1, end)));
      at = end;
    } else {
      if (letter === '\\') at += 1;
      const literal = letters[at] ?? '\\';
      pattern.push((other) => other === literal);
    }
  }
  return pattern;
}

/** `[abc]`, `[a-z]`, `[!a]`. */
function compileSet(letters: readonly string[]): Test<string> {
  const isNegated = letters[0] === '!' || letters[0] === '^';
  const rest = isNegated ? letters.slice(1) : letters;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const first = rest[at] ?? '';
    const last = rest[at + 1] === '-' ? rest[at + 2] : undefined;
    ranges.push([first, last ?? first]);
    if (last !== undefined) at += 2;
  }
  return (letter) => ranges.some(([first, last]) => first <= letter && letter <= last) !== isNegated;
}
