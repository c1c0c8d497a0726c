// What is said of an open file as it was.

import type { Preview } from '../../../shared/contract/schemas.ts';

export type DocumentView = Extract<Preview, { type: 'document' }>;

/** Where the cursor stood; empty where that is not known. */
export function cursorWords({ line, column }: Pick<DocumentView, 'line' | 'column'>): string {
  if (line === undefined) return '';
  return column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
}

/** What became of its text. */
export function textWords({ unsaved = 'none', isCut = false }: Pick<DocumentView, 'unsaved' | 'isCut'>): string {
  switch (unsaved) {
    case 'none':
      return 'Everything was saved. The text is in the file itself; Cairn keeps only what was not.';
    case 'unreadable':
      return 'It had unsaved changes, which could not be read.';
    case 'whole':
    case 'cut':
      return unsaved === 'cut' || isCut ? 'Unsaved text, of which this is the beginning.' : 'Unsaved text.';
  }
}
