// What an item says of itself, before and after, where it differs. Pure.

import type { DiffView } from '../../../shared/contract/schemas.ts';
import { flattenAttributes } from '../../components/items/flatten-attributes.ts';

export interface AttributeChange {
  readonly name: string;
  /** Empty where it was not there. */
  readonly before: string;
  readonly after: string;
}

type Change = DiffView['changed'][number];

export function attributeChanges({ before, after, attributes }: Change): AttributeChange[] {
  const changes = attributes.flatMap((name): AttributeChange[] => {
    const old = factsOf(before.attributes, name);
    const now = factsOf(after.attributes, name);
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((fact) => {
      const change = { name: fact, before: old.get(fact) ?? '', after: now.get(fact) ?? '' };
      return change.before === change.after ? [] : [change];
    });
  });
  const title = before.title === after.title ? [] : [{ name: 'title', before: before.title, after: after.title }];
  return [...title, ...changes];
}

function factsOf(attributes: Change['before']['attributes'], name: string): Map<string, string> {
  return new Map(flattenAttributes({ [name]: attributes[name] }).map((fact) => [fact.name, fact.value]));
}
