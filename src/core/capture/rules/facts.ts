// What attributes mean by their names (`CapturedItem`): `cwd`, `path`, `url`, `argv` and `command`, wherever they stand, and names
// that end in one of them (`commandCwd`, `faviconUrl`), so that a source that says a little more hides no less.

export type Fact = 'path' | 'url' | 'command';

const FACTS: readonly (readonly [RegExp, Fact])[] = [
  [/^(?:cwd|path)$|(?:Cwd|Path)$/, 'path'],
  [/^url$|Url$/, 'url'],
  [/^(?:argv|command)$|(?:Argv|Command)$/, 'command'],
];

/** Names that were asked for before: sources have some hundred of them, a capture asks ten thousand times. */
const known = new Map<string, Fact | null>();
const MAX_KNOWN = 1_000;

/** What the value of such an attribute is, or null where the name says nothing. */
export function factOf(name: string): Fact | null {
  const before = known.get(name);
  if (before !== undefined) return before;
  const fact = FACTS.find(([names]) => names.test(name))?.[1] ?? null;
  if (known.size < MAX_KNOWN) known.set(name, fact);
  return fact;
}
