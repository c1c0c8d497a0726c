// A repair's report as documents have it: times in words, lists with how many there are of them.

import type { RepairResult } from '../../shared/contract/recovery.ts';
import { toIso } from '../timeline/views.ts';
import type { RepairReport } from '../vault/repair/repair-vault.ts';

export function viewRepair(report: RepairReport): RepairResult {
  const { together, losses, causes, tiers, ...rest } = report;
  const { newestWhole, snapshots, items, list } = losses;
  return {
    ...rest,
    tiers: tiers.map((tier) => ({ ...tier })),
    together: together.map(({ id, takenAtMs, missingItems }) => ({ id, takenAt: toIso(takenAtMs), missingItems })),
    losses: {
      snapshots,
      items,
      newestWhole: newestWhole === null ? null : { id: newestWhole.id, takenAt: toIso(newestWhole.takenAtMs) },
      list: list.map(({ fromMs, toMs, ...item }) => ({ ...item, from: toIso(fromMs), to: toIso(toMs) })),
    },
    causes: causes.map((cause) => ({ ...cause })),
  };
}
