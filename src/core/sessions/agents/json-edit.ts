// Changes one member of a JSON object in its text: everything else stays to the byte, as somebody else's file should.

import { readParts } from '../json-text.ts';

/** The text with the member set, the last one where a name stands twice; null where the text is no JSON object. */
export function setJsonMember(text: string, name: string, value: string): string | null {
  if (!isObjectText(text)) return null;
  const open = text.indexOf('{');
  const members = readParts(text, open);
  const found = members.findLast((member) => member.name === name);
  const written = JSON.stringify(value);
  if (found !== undefined) return text.slice(0, found.valueStart) + written + text.slice(found.end);
  const last = members.at(-1);
  const entry = `${JSON.stringify(name)}: ${written}`;
  if (last === undefined) return text.slice(0, open + 1) + entry + text.slice(open + 1);
  // As the last member is set apart from what is before it, so is the new one.
  const gap = /\s*$/.exec(text.slice(0, last.start))?.[0] ?? '';
  return `${text.slice(0, last.end)},${gap}${entry}${text.slice(last.end)}`;
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
