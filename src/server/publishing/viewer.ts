// Who sees what, decided here and nowhere else. Every read begins with `visibleSessions`, every change with one of the `may` functions.

import { AppError } from '../../shared/model/app-error.ts';
import type { Actor } from '../audit/audit-log.ts';
import type { OwnerId } from './tables.ts';
import type { Db } from '../store/store.ts';

export const TEAM_ROLES = ['owner', 'member'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** Somebody who is logged in. */
export type Viewer = Actor;

/** What a viewer belongs to, as it was when it was asked. */
export interface Visibility {
  readonly viewer: Viewer;
  /** By team id. */
  readonly teams: ReadonlyMap<string, TeamRole>;
  /** Whose sessions they see: their own and their teams'. */
  readonly owners: readonly OwnerId[];
}

export function userOwner(userId: string): OwnerId {
  return `user:${userId}`;
}

export function teamOwner(teamId: string): OwnerId {
  return `team:${teamId}`;
}

/** Asked anew for every request: an ended membership ends with it. */
export async function visibleTo(db: Db, viewer: Viewer): Promise<Visibility> {
  const rows = await db
    .selectFrom('team_members')
    .select(['team_id', 'role'])
    .where('user_id', '=', viewer.userId)
    .execute();
  const teams = new Map(
    rows.map(({ team_id, role }) => [team_id, role === 'owner' ? ('owner' as const) : ('member' as const)]),
  );
  return { viewer, teams, owners: [userOwner(viewer.userId), ...[...teams.keys()].map(teamOwner)] };
}

/** The published sessions that exist for this viewer; for them there are no others. */
export function visibleSessions(db: Db, { owners }: Visibility, nowMs: number) {
  return db
    .selectFrom('published_sessions')
    .where('owner_id', 'in', [...owners])
    .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]));
}

/** The author may, and an owner of the team. */
export function mayWithdraw(
  { viewer, teams }: Visibility,
  session: { readonly owner_id: string; readonly author_id: string },
): boolean {
  return session.author_id === viewer.userId || isOwner(teams, session.owner_id);
}

/** Of one's own things; of a team's, its owners. */
export function mayAdminister({ viewer, teams }: Visibility, owner: OwnerId): boolean {
  return owner === userOwner(viewer.userId) || isOwner(teams, owner);
}

/**
 * Whoever may administer, looked at again in the transaction that changes something: they may have been made a member meanwhile.
 * @throws AppError PUBLISH_REFUSED
 */
export async function assertStillAdministers(tx: Db, viewer: Viewer, owner: OwnerId): Promise<void> {
  if (!mayAdminister(await visibleTo(tx, viewer), owner)) throw notAllowed();
}

function isOwner(teams: ReadonlyMap<string, TeamRole>, owner: string): boolean {
  return owner.startsWith('team:') && teams.get(owner.slice('team:'.length)) === 'owner';
}

/** The same words for what is not there and for what one may not know of. */
export function notFound(what: 'session' | 'team' | 'webhook'): AppError {
  return new AppError('PUBLISH_NOT_FOUND', `There is no such ${what}, or you may not see it.`, {
    hint: 'Somebody of the team may have withdrawn it, or taken you out of the team.',
  });
}

export function notAllowed(): AppError {
  return new AppError('PUBLISH_REFUSED', 'Only an owner of the team may do this.', {
    hint: 'Ask an owner of the team.',
  });
}
