// The tables of publishing. Every key begins with the owner (a user or a team), so that they can be spread by owner. Nothing in them is
// readable but ids, times, sizes and team names: what was said is sealed under the owner's key.

/** `user:ID` or `team:ID`. */
export type OwnerId = `user:${string}` | `team:${string}`;

export interface PublishingTables {
  owner_keys: OwnerKeysTable;
  published_sessions: PublishedSessionsTable;
  published_usage: PublishedUsageTable;
  project_mappings: ProjectMappingsTable;
  teams: TeamsTable;
  team_members: TeamMembersTable;
  team_invites: TeamInvitesTable;
  audit_heads: AuditHeadsTable;
  audit_entries: AuditEntriesTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
}

interface OwnerKeysTable {
  owner_id: string;
  /** 0 is the key of look-ups and of the audit chain, which stays; 1 and up seal content. */
  key_version: number;
  server_key_id: string;
  wrapped_key: Buffer;
  created_at_ms: number;
}

interface PublishedSessionsTable {
  owner_id: string;
  publication_id: string;
  author_id: string;
  /** What the device calls the session. */
  session_id: string;
  version: number;
  key_version: number;
  /** Summary and project. */
  sealed_head: Buffer;
  /** Messages and metadata. */
  sealed_body: Buffer;
  message_count: number;
  placeholders: number;
  size_bytes: number;
  /** When the session last changed on the device; a publication of an older state is refused. */
  changed_at_ms: number | null;
  created_at_ms: number;
  updated_at_ms: number;
  expires_at_ms: number | null;
}

/** What an account has published, to itself and to teams: the sum of its sessions' sizes. */
interface PublishedUsageTable {
  user_id: string;
  used_bytes: number;
}

interface ProjectMappingsTable {
  owner_id: string;
  project_hash: string;
  team_id: string;
  key_version: number;
  sealed_path: Buffer;
  created_at_ms: number;
}

interface TeamsTable {
  team_id: string;
  name: string;
  created_at_ms: number;
}

interface TeamMembersTable {
  team_id: string;
  user_id: string;
  role: string;
  joined_at_ms: number;
}

interface TeamInvitesTable {
  team_id: string;
  code_hash: string;
  role: string;
  created_by: string;
  created_at_ms: number;
  expires_at_ms: number;
  used_by: string | null;
}

interface AuditHeadsTable {
  owner_id: string;
  position: number;
  hash: string;
}

interface AuditEntriesTable {
  owner_id: string;
  /** From 1, without a gap. */
  position: number;
  at_ms: number;
  actor_id: string;
  device_id: string;
  address: string;
  action: string;
  object_id: string;
  outcome: string;
  hash: string;
}

interface WebhooksTable {
  owner_id: string;
  webhook_id: string;
  key_version: number;
  /** Address and signing secret. */
  sealed: Buffer;
  created_by: string;
  created_at_ms: number;
}

interface WebhookDeliveriesTable {
  owner_id: string;
  delivery_id: string;
  webhook_id: string;
  event: string;
  publication_id: string;
  session_id: string;
  version: number;
  at_ms: number;
  /** waiting, delivered, dead */
  state: string;
  attempts: number;
  next_at_ms: number;
  last_status: string;
}
