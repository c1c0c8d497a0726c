// How far a repair has to go, and what each way would win and lose: everything whole; the last good snapshot with what changed since;
// what can be read of damaged snapshots; what only the search through the file's bytes finds.

import type { Rebuilt } from './rebuild.ts';

export const REPAIR_TIERS = ['full', 'last-good', 'partial', 'emergency'] as const;
export type RepairTierName = (typeof REPAIR_TIERS)[number];

export interface RepairTier {
  readonly name: RepairTierName;
  /** Snapshots, or for `emergency` records, that this way wins beside those before it. */
  readonly wins: number;
  /** Snapshots that would be lost, whole or in part, where one stopped there; for `emergency` what stays lost. */
  readonly loses: number;
  /** What it is, as a sentence. */
  readonly sentence: string;
}

/** In the order in which they are tried. */
export function describeTiers(rebuilt: Omit<Rebuilt, 'state'>): RepairTier[] {
  const { snapshots, lostSnapshots, found, together, losses } = rebuilt;
  const total = snapshots + lostSnapshots;
  const put = together.snapshots.length;
  const partial = Math.max(0, Math.min(losses.snapshots, snapshots - put));
  const whole = Math.max(0, snapshots - put - partial);
  return [
    {
      name: 'full',
      wins: whole,
      loses: total - whole,
      sentence: 'Snapshots that are whole, some of their records taken from second copies.',
    },
    {
      name: 'last-good',
      wins: put,
      loses: total - whole - put,
      sentence: 'Snapshots put together from the last whole one and what changed since; what is carried is marked so.',
    },
    {
      name: 'partial',
      wins: partial,
      loses: lostSnapshots,
      sentence: 'Snapshots of which some items are damaged: everything else in them comes back.',
    },
    {
      name: 'emergency',
      wins: found,
      loses: lostSnapshots,
      sentence: 'Records that only a search through the bytes of the file finds; each one authenticates.',
    },
  ];
}

/** The last of the ways that won something. */
export function tierNeeded(tiers: readonly RepairTier[]): RepairTierName {
  return tiers.findLast(({ name, wins }) => name !== 'full' && wins > 0)?.name ?? 'full';
}
