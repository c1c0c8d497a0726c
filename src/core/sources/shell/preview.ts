// A plain terminal as far as it was captured: where it was and what ran in it. Nobody keeps its text.

import type { Preview } from '../../../shared/contract/schemas.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import { terminalOf } from '../terminal/preview.ts';

export function previewPlainTerminal(item: SnapshotItem): Preview {
  return terminalOf(item);
}
