// What every part of the replica is given.

import type { Db } from '../store/store.ts';
import type { NoticeBus } from '../store/notice-bus.ts';
import type { ObjectStore } from './object-store.ts';

export interface ReplicaLimits {
  /** Of an account's objects and entries together (account-space.ts). */
  readonly bytes: number;
  readonly objects: number;
}

export interface ReplicaDeps {
  readonly db: Db;
  readonly notices: NoticeBus;
  readonly objects: ObjectStore;
  readonly limits: ReplicaLimits;
  readonly nowMs: () => number;
  readonly randomBytes: (sizeBytes: number) => Buffer;
}

/** Ids in one statement: below what either database takes as parameters. */
const MAX_PARAMETERS = 2_000;

export function inSlices<Value>(values: ReadonlyArray<Value>, size = MAX_PARAMETERS): Value[][] {
  const slices: Value[][] = [];
  for (let at = 0; at < values.length; at += size) slices.push(values.slice(at, at + size));
  return slices;
}
