// What an item says of itself, for those who want it exactly.

import type { ItemView } from '../../../shared/contract/schemas.ts';
import { formatBytes } from '../format.ts';
import { plainTitle, showHidden } from '../visible-text.ts';
import { flattenAttributes } from './flatten-attributes.ts';

export function Facts({ item }: { readonly item: ItemView }) {
  const facts = [
    { name: 'key', value: item.key },
    { name: 'source', value: item.source },
    ...flattenAttributes(item.attributes),
    ...item.streams.map(({ name, sizeBytes }) => ({ name: `stream ${name}`, value: formatBytes(sizeBytes) })),
  ];
  return (
    <dl className="items-facts">
      {facts.map(({ name, value }, at) => (
        <div key={`${at} ${name}`} className="items-facts__fact">
          <dt className="captured">{plainTitle(name)}</dt>
          <dd className="captured mono">{showHidden(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
