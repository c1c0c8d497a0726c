// What is known of a vault's wholeness, sealed in the vault itself: when it was looked through, how far a look is that goes on in idle
// time, and which records were found damaged. So it goes on after a start, and whichever process finds something, every other hears of it.

import { z } from 'zod';

import { BOX_KINDS, type BoxKind } from '../../crypto/box.ts';
import { writeSetting } from '../log/checkpoints.ts';
import type { Head } from '../log/head.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { VaultHealth } from '../vault.ts';

const SETTING = 'verification';
/** More damage than this is no matter of single records: then a repair is due. */
const MAX_DAMAGED = 200;

/** The tables, in the order in which a pass looks through them; the search index is made anew where it is damaged. */
export const CHECKED_TABLES = [
  'chunks',
  'keyframes',
  'keyframe_copies',
  'records',
  'sessions',
  'session_parts',
  'parity',
  'replica_log',
  'replica_fields',
  'snapshots',
] as const;
export type CheckedTable = (typeof CHECKED_TABLES)[number];

export const KIND_OF_TABLE: Readonly<Record<CheckedTable, BoxKind>> = {
  chunks: BOX_KINDS.chunk,
  keyframes: BOX_KINDS.keyframe,
  keyframe_copies: BOX_KINDS.keyframe,
  records: BOX_KINDS.record,
  sessions: BOX_KINDS.record,
  session_parts: BOX_KINDS.record,
  parity: BOX_KINDS.parity,
  replica_log: BOX_KINDS.replicaLog,
  replica_fields: BOX_KINDS.record,
  snapshots: BOX_KINDS.snapshot,
};

/** A record that does not authenticate, makes no sense, or is named and not there. */
export interface DamagedRecord {
  readonly table: CheckedTable;
  readonly number: number;
}

const passSchema = z.object({
  /** Which look it is, from 1. */
  pass: z.number(),
  table: z.enum(CHECKED_TABLES),
  /** The number of the last row that was looked at. */
  after: z.number(),
  checked: z.number(),
  total: z.number(),
});
/** A look through everything, where it stands. */
export type VerificationPass = z.infer<typeof passSchema>;

const recordSchema = z.object({
  table: z.enum(CHECKED_TABLES),
  number: z.number(),
  foundAtMs: z.number(),
  /** The look that saw it last. */
  seenIn: z.number(),
});

const verificationSchema = z.object({
  /** When what a start looks at was last looked at. */
  quickAtMs: z.number().nullable().catch(null),
  /** When a look through everything last came to its end. */
  deepAtMs: z.number().nullable().catch(null),
  pass: passSchema.nullable().catch(null),
  /** Looks that were begun. */
  passes: z.number().catch(0),
  damaged: z.array(recordSchema).catch([]),
  /** Beyond those in the list. */
  moreDamaged: z.number().catch(0),
});
export type Verification = z.infer<typeof verificationSchema>;

const NOTHING: Verification = {
  quickAtMs: null,
  deepAtMs: null,
  pass: null,
  passes: 0,
  damaged: [],
  moreDamaged: 0,
};

/** Total: what makes no sense is as if nothing was known. */
export function readVerification(state: VaultState): Verification {
  const parsed = verificationSchema.safeParse(state.records.findSetting(SETTING)?.value);
  return parsed.success ? parsed.data : NOTHING;
}

/** Call with the writer's lock held. @param head what else of the head changes in the same commit */
export function noteVerification(state: VaultState, changes: Partial<Verification>, head: Partial<Head> = {}): void {
  writeSetting(state, SETTING, { ...readVerification(state), ...changes }, head);
}

/** What is known, with what was found now; known damage keeps the time when it was first found. */
export function addFound(before: Verification, found: readonly DamagedRecord[], nowMs: number): Partial<Verification> {
  const seenIn = before.passes;
  const all = new Map(before.damaged.map((record) => [nameOf(record), record]));
  for (const { table, number } of found) {
    const foundAtMs = all.get(nameOf({ table, number }))?.foundAtMs ?? nowMs;
    all.set(nameOf({ table, number }), { table, number, foundAtMs, seenIn });
  }
  const moreDamaged = before.moreDamaged + Math.max(0, all.size - MAX_DAMAGED);
  return { damaged: [...all.values()].slice(0, MAX_DAMAGED), moreDamaged };
}

export function nameOf({ table, number }: DamagedRecord): string {
  return `${table} ${number}`;
}

/** How the vault is, for whoever shows it. @param own where this process is, which may be ahead of what is noted */
export function healthOf(state: VaultState, own: VerificationPass | null): VaultHealth {
  const { quickAtMs, deepAtMs, pass: noted, damaged, moreDamaged } = readVerification(state);
  const pass = noted !== null && own?.pass === noted.pass ? own : noted;
  const times = damaged.map(({ foundAtMs }) => foundAtMs);
  return {
    quickAtMs,
    deepAtMs,
    lastVerifiedAtMs: state.head.lastVerifiedAtMs,
    provenBackupAtMs: state.head.lastBackupAtMs,
    pass: pass === null ? null : { done: Math.min(pass.checked, pass.total), total: pass.total },
    damage:
      damaged.length === 0
        ? null
        : {
            foundAtMs: Math.min(...times),
            records: damaged.length + moreDamaged,
            contents: damaged.filter(({ table }) => table === 'chunks').length,
            snapshots: damaged.filter(({ table }) => table === 'snapshots' || table === 'keyframes').length,
          },
  };
}
