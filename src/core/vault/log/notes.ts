// Notes for other devices of what was taken out here: settings that are written in the commit that takes it out, and go once it is told.

import type { JsonObject, JsonValue } from '../../../shared/model/json.ts';
import { REPLICA_SETTINGS, sealRecord, type VaultRecord } from './records.ts';
import type { VaultState } from './vault-state.ts';

export interface Note {
  /** True where the commit has one record more. */
  readonly isNew: boolean;
  /** Within the transaction. */
  writeInto(): void;
  /** After the commit. */
  done(): void;
}

/** A note with something added, under a record number that is the caller's to give; null where nobody else has the vault. */
export function planNote(
  state: VaultState,
  name: string,
  recordId: number,
  add: (before: JsonObject | undefined) => JsonObject,
): Note | null {
  if (state.records.findSetting(REPLICA_SETTINGS.log) === undefined) return null;
  const old = state.records.findSetting(name);
  const record: VaultRecord = { type: 'setting', name, value: add(old?.value) };
  const box = sealRecord(state.keys, recordId, record);
  return {
    isNew: old === undefined,
    writeInto: () => {
      if (old !== undefined) state.write.records.remove(old.recordId);
      state.write.records.insert(recordId, box);
    },
    done: () => {
      if (old !== undefined) state.records.remove(old.recordId);
      state.records.set(recordId, record);
    },
  };
}

/** The list under a key of a note; empty where there is none. */
export function listOf(note: JsonObject | undefined, key: string): readonly JsonValue[] {
  const list = note?.[key];
  return Array.isArray(list) ? (list as readonly JsonValue[]) : []; // checked here
}
