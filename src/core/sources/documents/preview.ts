// A document as it was: where it stood, and its unsaved text. What was saved lies in the file and is not in the vault.

import type { Preview } from '../../../shared/contract/schemas.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import { languageOf } from '../host/language-of.ts';
import type { PreviewContext } from '../source.ts';
import { documentFactsSchema, TEXT } from './document.ts';

/** More than anybody reads on a screen. */
const MAX_SHOWN_CHARACTERS = 1_000_000;

export async function previewDocument(item: SnapshotItem, context: PreviewContext): Promise<Preview> {
  const facts = documentFactsSchema.safeParse(item.attributes).data;
  if (facts === undefined) return { type: 'facts' };
  const hasText = item.streams.some(({ name }) => name === TEXT);
  const text = hasText ? new TextDecoder().decode(await context.readStream(TEXT)) : '';
  return {
    type: 'document',
    path: facts.path ?? facts.name,
    language: languageOf(facts.path ?? facts.name),
    text: text.slice(0, MAX_SHOWN_CHARACTERS),
    editor: facts.editor,
    ...(facts.line === undefined ? {} : { line: facts.line }),
    ...(facts.column === undefined ? {} : { column: facts.column }),
    unsaved: facts.unsaved ?? (facts.isModified ? 'unreadable' : 'none'),
    isCut: facts.unsaved === 'cut' || text.length > MAX_SHOWN_CHARACTERS,
  };
}
