// A merge's report as documents have it: times in words.

import type { MergeResult } from '../../shared/contract/recovery.ts';
import { toIso } from '../timeline/views.ts';
import type { MergeReport } from '../vault/merge/merge-report.ts';

export function viewMerge({ incoming, conflicts, ...rest }: MergeReport): MergeResult {
  return {
    ...rest,
    incoming: incoming === null ? null : { from: toIso(incoming.fromMs), to: toIso(incoming.toMs) },
    conflicts: conflicts.map((conflict) => ({ ...conflict })),
  };
}
