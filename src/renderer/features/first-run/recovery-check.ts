// Whether a recovery key was really kept: two of its groups, typed back. Pure but for the choice of the two.

/** Two different places of so many, in order, at random. */
export function pickTwo(count: number): readonly [number, number] {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  const first = a % count;
  const second = (first + 1 + (b % (count - 1))) % count;
  return first < second ? [first, second] : [second, first];
}

/** True where the group was typed; case and blanks do not matter, and letters that look like digits are read as these. */
export function isSameGroup(typed: string, group: string): boolean {
  const read = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return read === group;
}
