// What was edited apart, as people name it.

import type { SyncConflict } from '../../shared/contract/sync.ts';
import type { Checkpoint } from '../../shared/model/checkpoint.ts';
import type { StoredSession } from '../../shared/model/session.ts';
import type { FieldConflict } from '../vault/vault-replica.ts';

/** What entities are called by people. */
export function titlesOf(
  checkpoints: readonly Pick<Checkpoint, 'id' | 'name'>[],
  sessions: readonly StoredSession[],
): ReadonlyMap<string, string> {
  const ofSessions = sessions.map(({ id, preview, facts: { name } }): [string, string] => [
    `session:${id}`,
    typeof name === 'string' ? name : preview,
  ]);
  return new Map([
    ...checkpoints.map(({ id, name }): [string, string] => [`checkpoint:${id}`, name]),
    ...ofSessions.filter(([, title]) => title !== ''),
    ['settings:retention', 'How long snapshots stay'],
    ['settings:exclusions', 'What is never captured'],
  ]);
}

/** @param names devices by id, and `titles` of entities; what is in neither is named by its id */
export function describeConflict(
  { entity, field, current, others }: FieldConflict,
  names: ReadonlyMap<string, string>,
  titles: ReadonlyMap<string, string>,
): SyncConflict {
  const told = ({ value, device, atMs }: FieldConflict['current']): SyncConflict['current'] => ({
    value: value as SyncConflict['current']['value'], // JSON on both sides
    deviceId: device,
    deviceName: names.get(device) ?? device.slice(0, 8),
    at: atMs === null ? null : new Date(atMs).toISOString(),
  });
  return { entity, title: titles.get(entity) ?? entity, field, current: told(current), others: others.map(told) };
}
