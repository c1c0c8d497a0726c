import { decodeGlobalID } from '@pothos/plugin-relay';

import type { OwnerId } from '../publishing/tables.ts';

const NODE_ID = /^(user|team)\.([^.]{1,64})\.([0-9a-f]{24})$/;

export interface SessionAddress {
  readonly owner: OwnerId;
  readonly publicationId: string;
}

/** What a published session is called within its type. */
export function formatNodeId({ owner, publicationId }: SessionAddress): string {
  return `${owner.replace(':', '.')}.${publicationId}`;
}

/** Null for what is no such id. */
export function parseNodeId(text: string): SessionAddress | null {
  const [, kind, id, publicationId] = NODE_ID.exec(text) ?? [];
  if (kind === undefined || id === undefined || publicationId === undefined) return null;
  return { owner: kind === 'team' ? `team:${id}` : `user:${id}`, publicationId };
}

/** The id within its type; null for an id of another type, and for what is no id: both are not there. */
export function readGlobalId(globalId: string, type: string): string | null {
  try {
    const { typename, id } = decodeGlobalID(globalId);
    return typename === type ? id : null;
  } catch {
    return null; // no id at all
  }
}
