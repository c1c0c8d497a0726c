// A tab as it was, for every browser source: its address, where it had been before, and its place among the others.

import { z } from 'zod';

import type { Preview } from '../../../shared/contract/schemas.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';

const text = z.string().catch('');
/** What is senseless is left out, the rest is still shown. */
const factsSchema = z.object({
  url: text,
  history: z.array(z.object({ url: text, title: text })).catch([]),
  isPinned: z.boolean().catch(false),
  group: z.object({ name: z.string() }).optional().catch(undefined),
});

export function previewTab({ attributes, title }: SnapshotItem): Preview {
  const { url, history, isPinned, group } = factsSchema.parse(attributes);
  // A history of one page is not stored: it would say the address twice.
  const pages = history.length > 0 || url === '' ? history : [{ url, title }];
  return { type: 'tab', url, history: pages, isPinned, ...(group === undefined ? {} : { group: group.name }) };
}
