// Notes how the vault grows, once an hour: a day's last look is late enough then.

import type { SnapshotSummary } from '../../shared/model/snapshot.ts';
import type { OpenApp } from '../app.ts';
import { noteGrowth } from '../timeline/growth.ts';

const HOUR_MS = 3_600_000;

export class GrowthNotes {
  #atMs = Number.NEGATIVE_INFINITY;

  /** After a capture. @throws AppError of the vault */
  async consider(opened: OpenApp, { id, takenAtMs }: SnapshotSummary): Promise<void> {
    if (takenAtMs - this.#atMs < HOUR_MS) return;
    this.#atMs = takenAtMs;
    const { inactiveDays } = opened.config().retention;
    const { fileBytes, walBytes } = await opened.vault.statistics({ inactiveDays, nowMs: takenAtMs });
    const { itemList } = await opened.vault.readSnapshot(id);
    await noteGrowth(opened.vault, { atMs: takenAtMs, fileBytes: fileBytes + walBytes, items: itemList });
  }
}
