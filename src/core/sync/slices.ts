/** A list in pieces of at most a size, in order. */
export function* slices<Element>(list: readonly Element[], size: number): Generator<Element[]> {
  for (let from = 0; from < list.length; from += size) yield list.slice(from, from + size);
}
