// Opens every box of a file: a copy is only as good as its seals.

import { BOX_KINDS, type BoxKind } from '../../crypto/box.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { BoxReader } from '../tables/boxes.ts';
import { yieldToOthers, type WorkControl } from './slices.ts';

const PAGE_ROWS = 64;

/**
 * Opens every box of a file by its table, for backups; but for the search index, which is made anew where it is damaged. Gives how many
 * were opened and how many failed. @throws AppError CANCELLED
 */
export async function countSeals(
  state: VaultState,
  control: WorkControl,
): Promise<{ readonly checked: number; readonly failed: number }> {
  let checked = 0;
  let failed = 0;
  const total = state.index.count + Number(state.readDb.prepare('SELECT count(*) FROM chunks').pluck().get());
  const count = (isWhole: boolean): void => {
    checked += 1;
    if (!isWhole) failed += 1;
  };
  const nextSlice = (): Promise<void> => {
    control.onProgress({ done: Math.min(checked, total), total });
    return yieldToOthers(control.signal);
  };
  for (let after = 0; ;) {
    await nextSlice();
    const rows = state.read.chunks.listAfter(after, PAGE_ROWS);
    for (const row of rows) count(state.keys.isWhole(BOX_KINDS.chunk, row.recordId, row.box));
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.recordId;
  }
  const tables: readonly [BoxKind, BoxReader][] = [
    [BOX_KINDS.keyframe, state.read.keyframes],
    [BOX_KINDS.keyframe, state.read.keyframeCopies],
    [BOX_KINDS.snapshot, state.read.snapshots],
    [BOX_KINDS.record, state.read.records],
    [BOX_KINDS.parity, state.read.parity],
    [BOX_KINDS.record, state.read.sessions],
    [BOX_KINDS.record, state.read.sessionBoxes],
  ];
  for (const [kind, table] of tables) {
    for (let after = 0; ;) {
      await nextSlice();
      const rows = table.listAfter(after, PAGE_ROWS);
      for (const row of rows) count(state.keys.isWhole(kind, row.number, row.box));
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.number;
    }
  }
  return { checked, failed: failed + (state.findings.length > 0 ? 1 : 0) };
}
