// What attributes mean by their names (`CapturedItem`): `cwd`, `path`, `url`, `argv` and `command`, wherever they stand, and names
// that end in one of them (`commandCwd`, `faviconUrl`), so that a source that says a little more hides no less.

export type Fact = 'path' | 'url' | 'command';

const FACTS: readonly (readonly [RegExp, Fact])[] = [
  [/^(?:cwd|path)$|(?:Cwd|Path)$/, 'path'],
  [/^url$|Url$/, 'url'],
  [/^(?:argv|command)$|(?:Argv|Command)$/, 'command'],
];

/** What the value of such an attribute is, or null where the name says nothing. */
export function factOf(name: string): Fact | null {
  return FACTS.find(([names]) => names.test(name))?.[1] ?? null;
}
