// The ways in which files are damaged, each by a seed.

import type { Random } from './random.ts';
import { PAGE_BYTES, type Specimen, type VaultBytes } from './specimen.ts';

export interface Damaged {
  readonly bytes: VaultBytes;
  /** The pages that were touched; null where not pages, but whole files were changed. */
  readonly touched: ReadonlySet<number> | null;
  /** Snapshots that are in none of the files any more. */
  readonly gone: (id: string) => boolean;
}

const NOTHING_GONE = (): boolean => false;

function onPages(specimen: Specimen, change: (database: Buffer, touched: Set<number>) => void): Damaged {
  const database = Buffer.from(specimen.settled.database);
  const touched = new Set<number>();
  change(database, touched);
  return { bytes: { ...specimen.settled, database }, touched, gone: NOTHING_GONE };
}

function pageCount(database: Buffer): number {
  return database.length / PAGE_BYTES;
}

export const DAMAGES: Readonly<Record<string, (specimen: Specimen, random: Random) => Damaged>> = {
  'bit flips': (specimen, random) =>
    onPages(specimen, (database, touched) => {
      for (let count = random.upTo(12); count > 0; count -= 1) {
        const at = random.below(database.length);
        database[at] = (database[at] ?? 0) ^ (1 << random.below(8));
        touched.add(Math.floor(at / PAGE_BYTES));
      }
    }),
  'zeroed pages': (specimen, random) =>
    onPages(specimen, (database, touched) => {
      for (let count = random.upTo(6); count > 0; count -= 1) {
        const page = random.below(pageCount(database));
        database.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
        touched.add(page);
      }
    }),
  'swapped pages': (specimen, random) =>
    onPages(specimen, (database, touched) => {
      for (let count = random.upTo(3); count > 0; count -= 1) {
        const [a, b] = [random.below(pageCount(database)), random.below(pageCount(database))];
        const kept = Buffer.from(database.subarray(a * PAGE_BYTES, (a + 1) * PAGE_BYTES));
        database.copyWithin(a * PAGE_BYTES, b * PAGE_BYTES, (b + 1) * PAGE_BYTES);
        kept.copy(database, b * PAGE_BYTES);
        touched.add(a).add(b);
      }
    }),
  truncation: (specimen, random) => {
    const { database } = specimen.settled;
    const length = random.below(database.length);
    const touched = new Set<number>();
    for (let page = Math.floor(length / PAGE_BYTES); page < pageCount(database); page += 1) touched.add(page);
    return { bytes: { ...specimen.settled, database: database.subarray(0, length) }, touched, gone: NOTHING_GONE };
  },
  'torn writes': (specimen, random) =>
    onPages(specimen, (database, touched) => {
      for (let count = random.upTo(6); count > 0; count -= 1) {
        const page = random.below(pageCount(database));
        const from = page * PAGE_BYTES + 512 * random.below(16);
        const end = (page + 1) * PAGE_BYTES;
        // What lay there before, or what the disk made of it.
        if (random.below(2) === 0 && end <= specimen.old.database.length)
          specimen.old.database.copy(database, from, from, end);
        else random.bytes(512).copy(database, from);
        touched.add(page);
      }
    }),
  'lost log': (specimen) => ({
    bytes: { ...specimen.logged, log: Buffer.alloc(0) },
    touched: new Set(),
    gone: (id) => specimen.inLogOnly.has(id),
  }),
  'stale log': (specimen, random) => {
    const cut = random.below(specimen.logged.log.length);
    const log = random.below(2) === 0 ? specimen.logged.log : specimen.logged.log.subarray(0, cut);
    return { bytes: { ...specimen.settled, log }, touched: new Set(), gone: NOTHING_GONE };
  },
  'two vaults mixed': (specimen, random) =>
    onPages(specimen, (database, touched) => {
      const other = specimen.foreign.database;
      for (let count = random.upTo(8); count > 0; count -= 1) {
        const page = random.below(Math.min(pageCount(database), pageCount(other)));
        other.copy(database, page * PAGE_BYTES, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
        touched.add(page);
      }
    }),
  'an old file put back': (specimen, random) => {
    const isMixed = random.below(2) === 0;
    const database = Buffer.from(specimen.old.database);
    const pages = pageCount(database);
    // Or the first half of it over the newer one.
    const half = Math.floor(pages / 2) * PAGE_BYTES;
    const mixed = Buffer.concat([database.subarray(0, half), specimen.settled.database.subarray(half)]);
    return {
      bytes: { ...specimen.settled, database: isMixed ? mixed : database },
      touched: isMixed ? null : new Set(),
      gone: (id) => !specimen.inOld.has(id),
    };
  },
};
