// The versions of what several devices may edit, sealed one record a field (V31). In memory once they are first wanted.

import { z } from 'zod';

import { joinField, stampOf, type FieldState } from '../../../shared/merge/merge-fields.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { decodeContent, encodeContent } from '../content/codec.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { FieldChange } from '../vault-replica.ts';

const PAGE_ROWS = 512;
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

const recordSchema = z.object({
  type: z.literal('field'),
  entity: z.string(),
  field: z.string(),
  versions: z.array(
    z.object({
      value: z.json(),
      clock: z.object({ wallMs: z.number(), counter: z.number() }).nullable(),
      device: z.string(),
      replaces: z.array(z.string()),
    }),
  ),
});

interface StoredField {
  readonly recordId: number;
  readonly state: FieldState;
}

/** A change of fields that is to be committed. */
export interface FieldWrites {
  /** The first record number after those that it takes. */
  readonly nextRecordId: number;
  /** Within the transaction. */
  writeInto(): void;
  /** After the commit. */
  done(): void;
}

export class FieldStore {
  readonly #vault: VaultState;
  #fields: Map<string, Map<string, StoredField>> | null = null;

  constructor(vault: VaultState) {
    this.#vault = vault;
  }

  entities(): string[] {
    return [...this.#all().keys()];
  }

  fieldsOf(entity: string): ReadonlyMap<string, FieldState> {
    const fields = this.#all().get(entity) ?? new Map<string, StoredField>();
    return new Map([...fields].map(([name, { state }]) => [name, state]));
  }

  /** Joins versions into what is stored; gives the entities of which anything changed, and what is to be committed. */
  join(changes: readonly FieldChange[], firstRecordId: number): { entities: Set<string>; writes: FieldWrites } {
    const next = new Map<string, { entity: string; field: string; state: FieldState; old: number | null }>();
    for (const { entity, field, version } of changes) {
      const key = `${entity}\n${field}`;
      const stored = this.#all().get(entity)?.get(field);
      const before = next.get(key)?.state ?? stored?.state ?? [];
      const state = joinField(before, [version]);
      if (isSameState(before, state)) continue;
      next.set(key, { entity, field, state, old: stored?.recordId ?? null });
    }
    const { keys, write } = this.#vault;
    const rows = [...next.values()].map((row, at) => ({ ...row, recordId: firstRecordId + at }));
    const boxes = rows.map(({ recordId, entity, field, state }) => sealField(keys, recordId, { entity, field, state }));
    return {
      entities: new Set(rows.map(({ entity }) => entity)),
      writes: {
        nextRecordId: firstRecordId + rows.length,
        writeInto: () => {
          for (const [at, { old, recordId }] of rows.entries()) {
            if (old !== null) write.replicaFields.remove(old);
            const box = boxes[at];
            if (box !== undefined) write.replicaFields.insert(recordId, box);
          }
        },
        done: () => {
          for (const { entity, field, state, recordId } of rows) this.#set(entity, field, { recordId, state });
        },
      },
    };
  }

  #set(entity: string, field: string, stored: StoredField): void {
    const fields = this.#all();
    const members = fields.get(entity) ?? new Map<string, StoredField>();
    members.set(field, stored);
    fields.set(entity, members);
  }

  #all(): Map<string, Map<string, StoredField>> {
    if (this.#fields !== null) return this.#fields;
    const fields = new Map<string, Map<string, StoredField>>();
    this.#fields = fields;
    let after = 0;
    for (;;) {
      const rows = this.#vault.read.replicaFields.listAfter(after, PAGE_ROWS);
      for (const { number, box } of rows) {
        const record = openField(this.#vault.keys, number, box);
        // What is damaged is told by verification, and comes again from the others.
        if (record !== null) this.#set(record.entity, record.field, { recordId: number, state: record.state });
      }
      const last = rows.at(-1);
      if (last === undefined) return fields;
      after = last.number;
    }
  }

  /** Another process may have written: everything is read when it is next wanted. */
  forget(): void {
    this.#fields = null;
  }
}

/** What is known of entities with some versions more, nothing of it stored yet. */
export function joinChanges(
  before: ReadonlyMap<string, ReadonlyMap<string, FieldState>>,
  changes: readonly FieldChange[],
): Map<string, Map<string, FieldState>> {
  const after = new Map([...before].map(([entity, fields]) => [entity, new Map(fields)]));
  for (const { entity, field, version } of changes) {
    const fields = after.get(entity);
    if (fields !== undefined) fields.set(field, joinField(fields.get(field) ?? [], [version]));
  }
  return after;
}

function isSameState(one: FieldState, other: FieldState): boolean {
  return (
    one.length === other.length &&
    one.every((version, at) => {
      const there = other[at];
      return there !== undefined && stampOf(version) === stampOf(there);
    })
  );
}

function sealField(
  keys: KeyTree,
  recordId: number,
  { entity, field, state }: { readonly entity: string; readonly field: string; readonly state: FieldState },
): Buffer {
  const plain = Buffer.from(JSON.stringify({ type: 'field', entity, field, versions: state }), 'utf8');
  const { codec, payload } = encodeContent(plain);
  return keys.seal(BOX_KINDS.record, codec, recordId, payload);
}

/** Null where the box does not authenticate or holds no field. */
export function openField(
  keys: KeyTree,
  recordId: number,
  box: Buffer,
): { readonly entity: string; readonly field: string; readonly state: FieldState } | null {
  const opened = keys.open(BOX_KINDS.record, recordId, box);
  if (opened === null) return null;
  const text = decodeContent(opened.header.codec, opened.payload, MAX_RECORD_BYTES).toString('utf8');
  const parsed = recordSchema.safeParse(JSON.parse(text));
  return parsed.success ? { entity: parsed.data.entity, field: parsed.data.field, state: parsed.data.versions } : null;
}
