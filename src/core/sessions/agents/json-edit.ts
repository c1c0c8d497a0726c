// Changes one member of a JSON object in its text: everything else stays to the byte, as somebody else's file should.

/** The text with the member set, the last one where a name stands twice; null where the text is no JSON object. */
export function setJsonMember(text: string, name: string, value: string): string | null {
  if (!isObjectText(text)) return null;
  const members = scanMembers(text);
  const found = members.findLast((member) => member.name === name);
  const written = JSON.stringify(value);
  if (found !== undefined) return text.slice(0, found.valueStart) + written + text.slice(found.valueEnd);
  const last = members.at(-1);
  const entry = `${JSON.stringify(name)}: ${written}`;
  if (last === undefined) {
    const open = text.indexOf('{') + 1;
    return text.slice(0, open) + entry + text.slice(open);
  }
  // As the last member is set apart from what is before it, so is the new one.
  const gap = /\s*$/.exec(text.slice(0, last.nameStart))?.[0] ?? '';
  return `${text.slice(0, last.valueEnd)},${gap}${entry}${text.slice(last.valueEnd)}`;
}

interface Member {
  readonly name: string;
  readonly nameStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** The members of the outermost object of a text that is known to be valid. */
function scanMembers(text: string): Member[] {
  const members: Member[] = [];
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text[at] === '"') {
    const nameStart = at;
    const nameEnd = skipString(text, at);
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    members.push({ name: JSON.parse(text.slice(nameStart, nameEnd)) as string, nameStart, valueStart, valueEnd }); // a JSON string
    at = skipSpace(text, valueEnd);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return members;
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
