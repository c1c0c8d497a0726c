// Teams: who is in them, how one gets in, and which of one's projects are published to them. A team always has an owner.

import { createHash, randomBytes } from 'node:crypto';

import type { Transaction } from 'kysely';

import { AppError } from '../../shared/model/app-error.ts';
import { appendAudit, type AuditAction } from '../audit/audit-log.ts';
import { openSealed, seal } from '../encryption/cipher.ts';
import type { OwnerKeys } from '../encryption/owner-keys.ts';
import { auditKey, projectHash } from './published-sessions.ts';
import type { OwnerId } from './tables.ts';
import {
  assertStillAdministers,
  mayAdminister,
  notAllowed,
  notFound,
  teamOwner,
  userOwner,
  type TeamRole,
  type Viewer,
  type Visibility,
} from './viewer.ts';
import type { Db } from '../store/store.ts';
import type { ServerTables } from '../store/tables.ts';

const INVITE_DAYS = 7;
const DAY_MS = 86_400_000;
const MAX_TEAMS = 50;
const MAX_MEMBERS = 500;
const MAX_OPEN_INVITES = 100;
const MAX_MAPPINGS = 1_000;

export interface TeamsDeps {
  readonly db: Db;
  readonly keys: OwnerKeys;
  readonly nowMs: () => number;
}

export interface Team {
  readonly id: string;
  readonly name: string;
  /** Of the viewer. */
  readonly role: TeamRole;
  readonly createdAtMs: number;
}

export interface TeamMember {
  readonly userId: string;
  readonly role: TeamRole;
  readonly joinedAtMs: number;
}

export interface ProjectMapping {
  readonly projectPath: string;
  readonly teamId: string;
}

export class Teams {
  readonly #deps: TeamsDeps;

  constructor(deps: TeamsDeps) {
    this.#deps = deps;
  }

  async list({ teams }: Visibility): Promise<readonly Team[]> {
    if (teams.size === 0) return [];
    const rows = await this.#deps.db
      .selectFrom('teams')
      .selectAll()
      .where('team_id', 'in', [...teams.keys()])
      .orderBy('created_at_ms')
      .execute();
    return rows.map(({ team_id, name, created_at_ms }) => ({
      id: team_id,
      name,
      role: teams.get(team_id) ?? 'member',
      createdAtMs: created_at_ms,
    }));
  }

  /** The viewer is its owner. @throws AppError USAGE_INVALID at the limit */
  async create({ viewer, teams }: Visibility, name: string): Promise<Team> {
    if (teams.size >= MAX_TEAMS) throw tooMany(`You are in ${MAX_TEAMS} teams already.`);
    const id = randomBytes(8).toString('hex');
    const nowMs = this.#deps.nowMs();
    await this.#change(viewer, teamOwner(id), 'team.create', id, async (tx) => {
      await tx.insertInto('teams').values({ team_id: id, name, created_at_ms: nowMs }).execute();
      await tx
        .insertInto('team_members')
        .values({ team_id: id, user_id: viewer.userId, role: 'owner', joined_at_ms: nowMs })
        .execute();
    });
    return { id, name, role: 'owner', createdAtMs: nowMs };
  }

  /** @throws AppError PUBLISH_NOT_FOUND */
  async members({ teams }: Visibility, teamId: string): Promise<readonly TeamMember[]> {
    if (!teams.has(teamId)) throw notFound('team');
    const rows = await this.#deps.db
      .selectFrom('team_members')
      .selectAll()
      .where('team_id', '=', teamId)
      .orderBy('joined_at_ms')
      .execute();
    return rows.map((row) => ({
      userId: row.user_id,
      role: row.role === 'owner' ? 'owner' : 'member',
      joinedAtMs: row.joined_at_ms,
    }));
  }

  /** A code that lets one person in, once, within a week. It is seen here only. @throws AppError PUBLISH_NOT_FOUND, PUBLISH_REFUSED */
  async invite(
    visibility: Visibility,
    teamId: string,
    role: TeamRole,
  ): Promise<{ readonly code: string; readonly expiresAtMs: number }> {
    this.#assertOwner(visibility, teamId);
    const { viewer } = visibility;
    const secret = randomBytes(20).toString('base64url');
    const nowMs = this.#deps.nowMs();
    const expiresAtMs = nowMs + INVITE_DAYS * DAY_MS;
    await this.#change(viewer, teamOwner(teamId), 'team.invite', teamId, async (tx) => {
      await assertStillAdministers(tx, viewer, teamOwner(teamId));
      await tx.deleteFrom('team_invites').where('team_id', '=', teamId).where('expires_at_ms', '<', nowMs).execute();
      const open = await countOf(tx, 'team_invites', teamId);
      if (open >= MAX_OPEN_INVITES) throw tooMany(`The team has ${MAX_OPEN_INVITES} invitations already.`);
      await tx
        .insertInto('team_invites')
        .values({
          team_id: teamId,
          code_hash: hashOfCode(secret),
          role,
          created_by: viewer.userId,
          created_at_ms: nowMs,
          expires_at_ms: expiresAtMs,
          used_by: null,
        })
        .execute();
    });
    return { code: `${teamId}.${secret}`, expiresAtMs };
  }

  /** @throws AppError TEAM_INVITE_INVALID */
  async join({ viewer, teams }: Visibility, code: string): Promise<Team> {
    const [teamId = '', secret = ''] = code.trim().split('.');
    const nowMs = this.#deps.nowMs();
    if (teams.size >= MAX_TEAMS) throw tooMany(`You are in ${MAX_TEAMS} teams already.`);
    const invite = await this.#deps.db
      .selectFrom('team_invites')
      .selectAll()
      .where('team_id', '=', teamId)
      .where('code_hash', '=', hashOfCode(secret))
      .where('used_by', 'is', null)
      .where('expires_at_ms', '>', nowMs)
      .executeTakeFirst();
    if (invite === undefined) throw inviteInvalid();
    const role = invite.role === 'owner' ? 'owner' : 'member';
    await this.#change(viewer, teamOwner(teamId), 'team.join', viewer.userId, async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('team_invites')
        .set({ used_by: viewer.userId })
        .where('team_id', '=', teamId)
        .where('code_hash', '=', invite.code_hash)
        .where('used_by', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw inviteInvalid();
      if ((await countOf(tx, 'team_members', teamId)) >= MAX_MEMBERS)
        throw tooMany(`The team has ${MAX_MEMBERS} members already.`);
      await tx
        .insertInto('team_members')
        .values({ team_id: teamId, user_id: viewer.userId, role, joined_at_ms: nowMs })
        .onConflict((conflict) => conflict.columns(['team_id', 'user_id']).doNothing())
        .execute();
    });
    const team = await this.#deps.db.selectFrom('teams').selectAll().where('team_id', '=', teamId).executeTakeFirst();
    if (team === undefined) throw inviteInvalid();
    return { id: teamId, name: team.name, role: teams.get(teamId) ?? role, createdAtMs: team.created_at_ms };
  }

  /** An owner takes somebody out, or somebody leaves. Access ends with it. @throws AppError PUBLISH_NOT_FOUND, PUBLISH_REFUSED */
  async remove(visibility: Visibility, teamId: string, userId: string): Promise<void> {
    const { viewer, teams } = visibility;
    if (!teams.has(teamId)) throw notFound('team');
    if (userId !== viewer.userId) this.#assertOwner(visibility, teamId);
    await this.#change(viewer, teamOwner(teamId), 'team.remove', userId, async (tx) => {
      if (userId !== viewer.userId) await assertStillAdministers(tx, viewer, teamOwner(teamId));
      const { numDeletedRows } = await tx
        .deleteFrom('team_members')
        .where('team_id', '=', teamId)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw notMember();
      await endOwnersMeans(tx, teamId, userId);
      await this.#assertHasOwner(tx, teamId);
    });
  }

  /** @throws AppError PUBLISH_NOT_FOUND, PUBLISH_REFUSED */
  async setRole(visibility: Visibility, teamId: string, userId: string, role: TeamRole): Promise<void> {
    this.#assertOwner(visibility, teamId);
    const { viewer } = visibility;
    await this.#change(viewer, teamOwner(teamId), 'team.role', userId, async (tx) => {
      await assertStillAdministers(tx, viewer, teamOwner(teamId));
      const { numUpdatedRows } = await tx
        .updateTable('team_members')
        .set({ role })
        .where('team_id', '=', teamId)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw notMember();
      if (role !== 'owner') await endOwnersMeans(tx, teamId, userId);
      await this.#assertHasOwner(tx, teamId);
    });
  }

  /** From now on this folder of the viewer's is published to the team; null: to themselves. What is published stays where it is. */
  async mapProject({ viewer, teams }: Visibility, projectPath: string, teamId: string | null): Promise<void> {
    if (teamId !== null && !teams.has(teamId)) throw notFound('team');
    const self = userOwner(viewer.userId);
    const { keys } = this.#deps;
    const hash = projectHash(await keys.lookup(self), projectPath);
    const key = await keys.current(self);
    const action = teamId === null ? 'project.unmap' : 'project.map';
    await this.#change(viewer, self, action, hash, async (tx) => {
      await tx.deleteFrom('project_mappings').where('owner_id', '=', self).where('project_hash', '=', hash).execute();
      if (teamId === null) return;
      const count = await tx
        .selectFrom('project_mappings')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('owner_id', '=', self)
        .executeTakeFirst();
      if ((count?.count ?? 0) >= MAX_MAPPINGS) throw tooMany(`${MAX_MAPPINGS} projects are mapped already.`);
      await tx
        .insertInto('project_mappings')
        .values({
          owner_id: self,
          project_hash: hash,
          team_id: teamId,
          key_version: key.version,
          sealed_path: seal(key.key, Buffer.from(projectPath, 'utf8'), mappingAad(self, hash, key.version)),
          created_at_ms: this.#deps.nowMs(),
        })
        .execute();
    });
  }

  async mappings({ viewer }: Visibility): Promise<readonly ProjectMapping[]> {
    const self = userOwner(viewer.userId);
    const rows = await this.#deps.db
      .selectFrom('project_mappings')
      .selectAll()
      .where('owner_id', '=', self)
      .orderBy('created_at_ms')
      .execute();
    const mappings: ProjectMapping[] = [];
    for (const row of rows) {
      const key = await this.#deps.keys.get(self, row.key_version);
      const path = openSealed(key, row.sealed_path, mappingAad(self, row.project_hash, row.key_version));
      if (path === null)
        throw new AppError('SERVER_ENCRYPTION_FAILED', 'A mapped project could not be decrypted.', {
          hint: 'Have the server restored from a backup.',
        });
      mappings.push({ projectPath: path.toString('utf8'), teamId: row.team_id });
    }
    return mappings;
  }

  #assertOwner(visibility: Visibility, teamId: string): void {
    if (!visibility.teams.has(teamId)) throw notFound('team');
    if (!mayAdminister(visibility, teamOwner(teamId))) throw notAllowed();
  }

  async #assertHasOwner(tx: Transaction<ServerTables>, teamId: string): Promise<void> {
    const members = await tx.selectFrom('team_members').select('role').where('team_id', '=', teamId).execute();
    if (members.length === 0) return this.#assertEmpty(tx, teamId);
    if (members.every(({ role }) => role !== 'owner'))
      throw new AppError('PUBLISH_REFUSED', 'A team needs an owner, so nothing was changed.', {
        hint: 'Make somebody else an owner first.',
      });
  }

  /** What nobody is left to read could not be withdrawn either, and counted for its author for ever. */
  async #assertEmpty(tx: Transaction<ServerTables>, teamId: string): Promise<void> {
    const left = await tx
      .selectFrom('published_sessions')
      .select('publication_id')
      .where('owner_id', '=', teamOwner(teamId))
      .where((row) => row.or([row('expires_at_ms', 'is', null), row('expires_at_ms', '>', this.#deps.nowMs())]))
      .limit(1)
      .executeTakeFirst();
    if (left !== undefined)
      throw new AppError(
        'PUBLISH_REFUSED',
        'You are the last in this team, and it still has published sessions that nobody could take back then.',
        { hint: 'Withdraw them first (`cairn sessions withdraw`), or let somebody in as an owner.' },
      );
  }

  async #change(
    viewer: Viewer,
    owner: OwnerId,
    action: AuditAction,
    objectId: string,
    act: (tx: Transaction<ServerTables>) => Promise<void>,
  ): Promise<void> {
    const key = auditKey(await this.#deps.keys.lookup(owner));
    await this.#deps.db.transaction().execute(async (tx) => {
      // First, since it holds the owner's chain: of two changes of a team at once the later one sees the earlier.
      await appendAudit(tx, owner, key, { action, objectId, outcome: 'done', atMs: this.#deps.nowMs(), actor: viewer });
      await act(tx);
    });
  }
}

/** By what an owner set up they would still be let in, or told of what is published, once they are none any more. */
async function endOwnersMeans(tx: Transaction<ServerTables>, teamId: string, userId: string): Promise<void> {
  await tx.deleteFrom('team_invites').where('team_id', '=', teamId).where('created_by', '=', userId).execute();
  const owner = teamOwner(teamId);
  const hooks = await tx
    .deleteFrom('webhooks')
    .where('owner_id', '=', owner)
    .where('created_by', '=', userId)
    .returning('webhook_id')
    .execute();
  const ids = hooks.map(({ webhook_id }) => webhook_id);
  if (ids.length > 0)
    await tx.deleteFrom('webhook_deliveries').where('owner_id', '=', owner).where('webhook_id', 'in', ids).execute();
}

async function countOf(
  tx: Transaction<ServerTables>,
  table: 'team_members' | 'team_invites',
  teamId: string,
): Promise<number> {
  const row = await tx
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('team_id', '=', teamId)
    .executeTakeFirst();
  return row?.count ?? 0;
}

function hashOfCode(secret: string): string {
  return createHash('sha256').update(`cairn-invite ${secret}`).digest('hex');
}

function mappingAad(owner: OwnerId, hash: string, keyVersion: number): readonly (string | number)[] {
  return ['project-mapping', owner, hash, keyVersion];
}

function tooMany(what: string): AppError {
  return new AppError('USAGE_INVALID', what, { hint: 'Take out what is no longer needed first.' });
}

function notMember(): AppError {
  return new AppError('PUBLISH_NOT_FOUND', 'This person is not in the team.', { hint: 'Look at its members.' });
}

function inviteInvalid(): AppError {
  return new AppError(
    'TEAM_INVITE_INVALID',
    'This invitation does not hold: it was used, has expired, or was never made.',
    {
      hint: 'Ask an owner of the team for a new one.',
    },
  );
}
