// What the user said of a session: its name, whether it is pinned, how it stands. The same session may be on several devices, captured or not:
// what is said of it counts on all of them.

import type { SessionId } from '../../../shared/model/ids.ts';
import type { JsonObject, JsonValue } from '../../../shared/model/json.ts';
import { saveSession } from '../log/sessions.ts';
import type { SessionPlace } from '../log/session-records.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { ReplicaSelection } from '../vault-replica.ts';
import type { SharedThing } from './shared-thing.ts';
import { findConversation, isLetOut } from './tell-sessions.ts';

const PREFIX = 'session:';
/** Its title and status stand in its own file, which goes its own ways. */
const FILE_TOOL = 'agents';

export function sessionEntityOf(id: SessionId): string {
  return `${PREFIX}${id}`;
}

export function listSessionValues(state: VaultState, selection: ReplicaSelection): SharedThing[] {
  return state.sessions
    .all()
    .filter((place) => typeof place.session.facts['deletedAtMs'] !== 'number' && isLetOut(state, place, selection))
    .map((place) => {
      const values = valuesOf(place);
      const { name, pinned, status } = values;
      const isPlain = (name ?? null) === null && pinned !== true && (status ?? null) === null;
      return { entity: sessionEntityOf(place.session.id), values, isPlain };
    });
}

/** Writes what is known of a session; one that was only captured here gets a record. False where it is not here. */
export function applySessionValues(
  state: VaultState,
  entity: string,
  values: { readonly [field: string]: JsonValue },
  nowMs: number,
): boolean {
  const id = idOf(entity);
  if (id === null) return false;
  const { tool, externalId, name, pinned, status } = values;
  const place = state.sessions.find(id);
  if (place === undefined && findConversation(state, tool, externalId) === undefined) return false;
  if (typeof place?.session.facts['deletedAtMs'] === 'number') return false;
  const local = place === undefined ? {} : valuesOf(place);
  const facts: { [fact: string]: JsonValue } =
    place === undefined ? { tool: tool ?? null, externalId: externalId ?? null } : {};
  if (isText(name) && (local['name'] ?? null) !== name) Object.assign(facts, { name, isRenamed: name !== null });
  if (isText(status) && (local['status'] ?? null) !== status && tool !== FILE_TOOL) facts['status'] = status;
  const isPinned = typeof pinned === 'boolean' && pinned !== (local['pinned'] ?? false) ? { pinned } : {};
  if (Object.keys(facts).length + Object.keys(isPinned).length > 0)
    saveSession(state, { id, nowMs, create: { createdAtMs: nowMs }, facts, ...isPinned });
  return true;
}

function valuesOf({ session }: SessionPlace): JsonObject {
  const { tool = null, externalId = null, name = null, isRenamed, status = null } = session.facts;
  const inFile = tool === FILE_TOOL;
  return {
    tool,
    externalId,
    pinned: session.pinned,
    ...(inFile ? {} : { name: isRenamed === true ? name : null, status }),
  };
}

function idOf(entity: string): SessionId | null {
  const id = entity.slice(PREFIX.length);
  return entity.startsWith(PREFIX) && /^[0-9a-f]{16}$/.test(id) ? (id as SessionId) : null; // checked here
}

function isText(value: JsonValue | undefined): value is string | null {
  return value === null || typeof value === 'string';
}
