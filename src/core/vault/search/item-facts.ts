// The texts among an item's facts, each with the name under which it stands.

import type { KeyTree } from '../../crypto/key-tree.ts';
import type { ItemEntry } from '../log/manifest.ts';

export interface ItemFact {
  /** `title`, or an attribute's name. */
  readonly where: string;
  readonly text: string;
}

/** The facts of an item that are texts. */
export function factsOf(entry: Pick<ItemEntry, 'title' | 'attributes'>): ItemFact[] {
  const facts: ItemFact[] = [{ where: 'title', text: entry.title }];
  collectTexts(entry.attributes, '', facts);
  return facts.filter(({ text }) => text.trim() !== '');
}

/** What a fact of an item is known by in the index: a negative number, keyed, the same whenever it is seen. */
export function factAnchor(keys: KeyTree, key: string, { where, text }: ItemFact): number {
  const id = keys.contentId(Buffer.from(`fact\u0000${key}\u0000${where}\u0000${text}`, 'utf8'));
  return -(id.readUIntLE(0, 6) + 1);
}

function collectTexts(value: unknown, name: string, into: ItemFact[]): void {
  if (typeof value === 'string') into.push({ where: name, text: value });
  else if (Array.isArray(value)) {
    if (value.every((element) => typeof element === 'string')) into.push({ where: name, text: value.join(' ') });
    else for (const element of value) collectTexts(element, name, into);
  } else if (typeof value === 'object' && value !== null)
    for (const [member, inner] of Object.entries(value)) collectTexts(inner, member, into);
}
