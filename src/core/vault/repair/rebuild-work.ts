// What the steps of a rebuild share: where they read and write, and what they found and missed.

import type { WriteDb } from '../database.ts';
import type { Keyring } from '../keyring/keyring.ts';
import type { Head } from '../log/head.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import type { BoxTable } from '../tables/boxes.ts';
import type { BoxScan } from './scan/box-scan.ts';
import type { Spares } from './spares.ts';

export interface RebuildWork {
  /** Empty at first, with the tables of today's format. */
  readonly target: WriteDb;
  readonly keyring: Keyring;
  readonly spares: Spares;
  readonly control: WorkControl;
  /** The newest head that authenticates; made up where there is none. */
  head: Head;
  hasHead: boolean;
  /** Something of the vault was found in its file. */
  isOfFile: boolean;
  /** The largest record number in the target. */
  largest: number;
  /** Records that came back from another copy, or had one bit wrong. */
  healed: number;
  /** Second copies and parity that are damaged, where the first is whole: made anew. */
  renewed: number;
  /** Records that the page search alone found. */
  found: number;
  /** Records that authenticate, but may have been deleted on purpose: left out. */
  unproven: number;
  /** Rows of tables that are damaged in every copy looked at so far. */
  readonly lostRecords: { readonly table: BoxTable; readonly number: number }[];
  /** Parts of tables could not be read: more may be missing than what is known. */
  isCut: boolean;
  /** Looks through the bytes of the file, once; null where there are none to look through. */
  scan(): Promise<BoxScan | null>;
}
