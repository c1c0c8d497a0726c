// The tables of accounts, as Kysely sees them.

import type { ColumnType, Generated } from 'kysely';

export interface AccountTables {
  readonly users: UsersTable;
  readonly devices: DevicesTable;
  readonly tokens: TokensTable;
  readonly device_codes: DeviceCodesTable;
  readonly failed_attempts: FailedAttemptsTable;
}

/** `device_count` and `vault_count` number what comes next; nothing is counted over all accounts (S30). */
interface UsersTable {
  readonly user_id: string;
  readonly email: string;
  readonly password_hash: string;
  readonly created_at_ms: number;
  readonly device_count: Generated<number>;
  readonly vault_count: Generated<number>;
  /** Of its objects. */
  readonly used_bytes: Generated<number>;
  readonly used_objects: Generated<number>;
  readonly entry_bytes: Generated<number>;
}

interface DevicesTable {
  readonly user_id: string;
  readonly device_no: number;
  readonly device_id: Buffer;
  readonly signing_key: Buffer;
  readonly agreement_key: Buffer;
  readonly name: string;
  readonly platform: string;
  readonly vault_no: ColumnType<number | null, number | null | undefined, number | null>;
  readonly created_at_ms: number;
  readonly last_seen_at_ms: number;
  readonly revoked_at_ms: ColumnType<number | null, number | null | undefined, number | null>;
}

/** Tokens are kept as their SHA-256. `parent_hash`: the refresh token that this one came from. */
interface TokensTable {
  readonly user_id: string;
  readonly token_hash: Buffer;
  readonly kind: 'access' | 'refresh';
  readonly device_no: number;
  readonly expires_at_ms: number;
  readonly parent_hash: Buffer | null;
  readonly used_at_ms: ColumnType<number | null, number | null | undefined, number | null>;
}

interface DeviceCodesTable {
  readonly code_hash: Buffer;
  readonly user_code: string;
  readonly signing_key: Buffer;
  readonly agreement_key: Buffer;
  readonly name: string;
  readonly platform: string;
  readonly expires_at_ms: number;
  readonly polled_at_ms: number;
  readonly approved_user_id: ColumnType<string | null, string | null | undefined, string | null>;
}

/** Failures in a row, by e-mail or by address; both only as hashes. */
interface FailedAttemptsTable {
  readonly subject: string;
  readonly failures: number;
  readonly last_at_ms: number;
}
