// What goes on beside the captures, in words for whoever shows it.

import type { HealReport, VaultHealth } from '../vault/vault.ts';
import type { MaintenanceWork } from './maintenance.ts';

const FAILED: Readonly<Record<MaintenanceWork, string>> = {
  prune: 'Thinning failed',
  backup: 'The backup failed',
  verification: 'Looking whether the vault is whole failed',
  healing: 'Putting damage right failed',
};

export function tellFailedWork(work: MaintenanceWork): string {
  return FAILED[work];
}

/** What is known to be damaged, as a sentence and what follows from it. */
export function tellDamage({ records, contents, snapshots }: NonNullable<VaultHealth['damage']>): string {
  const others = Math.max(0, records - contents - snapshots);
  const parts = [
    ...(contents > 0 ? [count(contents, 'piece of content', 'pieces of content')] : []),
    ...(snapshots > 0 ? [count(snapshots, 'list of a snapshot', 'lists of snapshots')] : []),
    ...(others > 0 ? [count(others, 'other record', 'other records')] : []),
  ];
  return `Damage was found in the vault: ${parts.join(', ')} cannot be read. Everything else is whole, and captures go on; what is captured again, and what a backup has whole, is put right by itself.`;
}

export function tellHealed({ healed, left }: HealReport): string {
  const put = `${count(healed, 'damaged record of the vault was', 'damaged records of the vault were')} put right from a whole copy`;
  return left === 0 ? `${put}.` : `${put}; ${left} could not be.`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
