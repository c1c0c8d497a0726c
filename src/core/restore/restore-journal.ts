// The journal of restores, sealed in the vault: what each made and how to take it back. Written before the first step and after each
// source, so that a crash in the middle leaves something to undo.

import { z } from 'zod';

import {
  parseItemKey,
  parseSnapshotId,
  parseSourceId,
  type SnapshotId,
  type SourceId,
} from '../../shared/model/ids.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { StepResult } from '../../shared/model/restore.ts';
import type { Vault } from '../vault/vault.ts';

const SETTING = 'restore-journal';
const MAX_ENTRIES = 5;

const entrySchema = z.object({
  startedAtMs: z.number(),
  snapshotId: z.string(),
  beforeId: z.string(),
  isUndone: z.boolean(),
  results: z.array(
    z.object({
      source: z.string(),
      key: z.string(),
      action: z.string(),
      status: z.enum(['done', 'skipped', 'failed']),
      detail: z.string(),
      undo: z.json().optional(),
    }),
  ),
});
const journalSchema = z.object({ entries: z.array(entrySchema) });

export interface JournalResult {
  readonly source: SourceId;
  readonly result: StepResult;
}

export interface JournalEntry {
  readonly startedAtMs: number;
  readonly snapshotId: SnapshotId;
  /** The present that was captured first. */
  readonly beforeId: SnapshotId;
  readonly isUndone: boolean;
  readonly results: readonly JournalResult[];
}

type JournalVault = Pick<Vault, 'readSetting' | 'writeSetting'>;

/** All entries, oldest first; none where the journal is empty or of another version. */
export async function readJournal(vault: JournalVault): Promise<JournalEntry[]> {
  const parsed = journalSchema.safeParse(await vault.readSetting(SETTING));
  if (!parsed.success) return [];
  return parsed.data.entries.map((entry) => ({
    startedAtMs: entry.startedAtMs,
    snapshotId: parseSnapshotId(entry.snapshotId),
    beforeId: parseSnapshotId(entry.beforeId),
    isUndone: entry.isUndone,
    results: entry.results.map(({ source, key, action, status, detail, undo }) => ({
      source: parseSourceId(source),
      result: { key: parseItemKey(key), action, status, detail, ...(undo === undefined ? {} : { undo }) },
    })),
  }));
}

/** Adds an entry, or replaces the one that began at the same time. */
export async function writeJournalEntry(vault: JournalVault, entry: JournalEntry): Promise<void> {
  const others = (await readJournal(vault)).filter((other) => other.startedAtMs !== entry.startedAtMs);
  const entries = [...others, entry].toSorted((a, b) => a.startedAtMs - b.startedAtMs).slice(-MAX_ENTRIES);
  await vault.writeSetting(SETTING, { entries: entries.map(toJson) });
}

function toJson(entry: JournalEntry): JsonObject {
  return { ...entry, results: entry.results.map(({ source, result }) => ({ source, ...result })) };
}
