// Puts values into the text of a JSON document and takes them out, as its writer lays it out: everything else stays to the byte. The
// document is valid JSON, and every name of a path is there: callers have looked.

interface Part {
  /** Of a member; empty in an array. */
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** Adds a member to the object at the path, or replaces it. */
export function setMember(text: string, path: readonly string[], name: string, value: unknown): string {
  const at = findPlace(text, path);
  const found = readParts(text, at).findLast((part) => part.name === name);
  const depth = path.length + 1;
  if (found !== undefined) {
    const written = write(value, indentOf(text), depth);
    return text.slice(0, found.valueStart) + written + text.slice(found.end);
  }
  return insert(text, at, depth, (written) => `${JSON.stringify(name)}: ${written}`, value);
}

/** Adds an element at the end of the array at the path. */
export function appendToArray(text: string, path: readonly string[], value: unknown): string {
  return insert(text, findPlace(text, path), path.length + 1, (written) => written, value);
}

/** Takes the elements out that are meant, each with the comma that set it apart. */
export function removeFromArray(text: string, path: readonly string[], isMeant: (element: unknown) => boolean): string {
  let changed = text;
  for (;;) {
    const at = findPlace(changed, path);
    const parts = readParts(changed, at);
    const found = parts.findIndex((part) => isMeant(JSON.parse(changed.slice(part.valueStart, part.end))));
    const part = parts[found];
    if (part === undefined) return changed;
    const before = parts[found - 1];
    const after = parts[found + 1];
    // With the space on the side where a neighbour stands; alone, with all of it.
    const from = before?.end ?? at + 1;
    const to = before === undefined ? (after?.start ?? skipSpace(changed, part.end)) : part.end;
    const kept = before === undefined && after !== undefined ? changed.slice(at + 1, part.start) : '';
    changed = changed.slice(0, from) + kept + changed.slice(to);
  }
}

function insert(text: string, at: number, depth: number, wrap: (written: string) => string, value: unknown): string {
  const unit = indentOf(text);
  const last = readParts(text, at).at(-1);
  const line = unit === '' ? '' : `\n${unit.repeat(depth)}`;
  const entry = wrap(write(value, unit, depth));
  if (last !== undefined) return `${text.slice(0, last.end)},${line}${entry}${text.slice(last.end)}`;
  const close = skipSpace(text, at + 1);
  const closing = unit === '' ? '' : `\n${unit.repeat(depth - 1)}`;
  return `${text.slice(0, at + 1)}${line}${entry}${closing}${text.slice(close)}`;
}

function write(value: unknown, unit: string, depth: number): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', `\n${unit.repeat(depth)}`);
}

/** What one level is set in by; nothing where the text is one line, two spaces where it is empty. */
function indentOf(text: string): string {
  const first = readParts(text, text.indexOf('{'))[0];
  if (first === undefined) return '  ';
  const line = text.slice(text.lastIndexOf('\n', first.start) + 1, first.start);
  return text.lastIndexOf('\n', first.start) < 0 ? '' : (/^[ \t]*$/.exec(line)?.[0] ?? '');
}

/** Where the object or array at a path begins. */
function findPlace(text: string, path: readonly string[]): number {
  let at = text.search(/[{[]/);
  for (const name of path) {
    const part = readParts(text, at).findLast((other) => other.name === name);
    if (part === undefined) throw new RangeError('no such path');
    at = part.valueStart;
  }
  return at;
}

/** The members or elements of the object or array that begins here. */
export function readParts(text: string, open: number): Part[] {
  const isObject = text[open] === '{';
  const parts: Part[] = [];
  let at = skipSpace(text, open + 1);
  while (at < text.length && text[at] !== '}' && text[at] !== ']') {
    const start = at;
    const nameEnd = isObject ? skipString(text, at) : at;
    const name = isObject ? (JSON.parse(text.slice(start, nameEnd)) as string) : ''; // a JSON string
    const valueStart = isObject ? skipSpace(text, skipSpace(text, nameEnd) + 1) : at;
    const end = skipValue(text, valueStart);
    parts.push({ name, start, valueStart, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return parts;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;
  return at;
}

/** Behind a string that begins here. */
function skipString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Behind a value that begins here. */
function skipValue(text: string, from: number): number {
  let at = from;
  let depth = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') {
      at = skipString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if ('{['.includes(character)) depth += 1;
    else if ('}]'.includes(character)) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && ', \t\r\n'.includes(character)) return at;
    at += 1;
  }
  return at;
}
