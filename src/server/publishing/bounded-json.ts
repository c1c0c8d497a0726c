const MAX_DEPTH = 10;
const MAX_VALUES = 10_000;
const MAX_CHARACTERS = 256 * 1024;

/** False for JSON that is deeper or larger than anything that describes a session. */
export function isBoundedJson(value: unknown): boolean {
  let values = 0;
  let characters = 0;
  const isBounded = (one: unknown, depth: number): boolean => {
    values += 1;
    if (depth > MAX_DEPTH || values > MAX_VALUES || characters > MAX_CHARACTERS) return false;
    if (typeof one === 'string') characters += one.length;
    if (typeof one !== 'object' || one === null) return characters <= MAX_CHARACTERS;
    for (const [name, member] of Object.entries(one)) {
      characters += name.length;
      if (!isBounded(member, depth + 1)) return false;
    }
    return true;
  };
  return isBounded(value, 0);
}
