// Accounts and their devices.

import type { AccountAnswer, AccountDevice } from '../../shared/replication/account.ts';
import type { DeviceId, VaultKeyId } from '../../shared/replication/ids.ts';
import { notFound, Refusal } from '../http/refusal.ts';
import type { Db } from '../store/store.ts';
import type { NoticeBus } from '../store/notice-bus.ts';
import type { Caller } from './caller.ts';
import { assertMayTry, noteFailure, noteSuccess, subjectsOf } from './attempts.ts';
import { lockAccount } from './lock-account.ts';
import type { Passwords } from './passwords.ts';
import { endTokens } from './tokens.ts';

const USER_ID_BYTES = 8;

export interface AccountDeps {
  readonly db: Db;
  readonly notices: NoticeBus;
  readonly passwords: Passwords;
  readonly nowMs: () => number;
  readonly randomBytes: (sizeBytes: number) => Buffer;
}

/** Makes an account; false where the address has one already. The hash is made in either case, so that both take as long. */
export async function addAccount(deps: AccountDeps, email: string, password: string): Promise<boolean> {
  const { db, passwords, nowMs, randomBytes } = deps;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('users')
    .values({
      user_id: randomBytes(USER_ID_BYTES).toString('hex'),
      email,
      password_hash: await passwords.hash(password),
      created_at_ms: nowMs(),
    })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export interface FoundUser {
  readonly userId: string;
  /** Of the password that was right: another one by the time it counts means that the password was changed. */
  readonly passwordHash: string;
}

/** The account of these credentials. @throws Refusal `wrong-credentials`, `rate` */
export async function findUser(
  deps: AccountDeps,
  address: string,
  email: string,
  password: string,
): Promise<FoundUser> {
  const { db, passwords, nowMs } = deps;
  const subjects = subjectsOf(address, email);
  await assertMayTry(db, subjects, nowMs());
  const user = await db
    .selectFrom('users')
    .select(['user_id', 'password_hash'])
    .where('email', '=', email)
    .executeTakeFirst();
  if ((await passwords.isRight(password, user?.password_hash ?? null)) && user !== undefined) {
    await noteSuccess(db, subjects);
    return { userId: user.user_id, passwordHash: user.password_hash };
  }
  await noteFailure(db, subjects, nowMs());
  throw wrongCredentials();
}

export function wrongCredentials(): Refusal {
  return new Refusal(
    'wrong-credentials',
    'E-mail and password do not fit together.',
    "Check both. This is the account's password, not the vault's.",
  );
}

/** Every other device must log in again, also one that was let in and has not taken its tokens yet. @throws Refusal `wrong-credentials`, `rate` */
export async function changePassword(
  deps: AccountDeps,
  caller: Caller,
  address: string,
  { oldPassword, newPassword }: { readonly oldPassword: string; readonly newPassword: string },
): Promise<void> {
  const { db, passwords } = deps;
  const { email } = await db
    .selectFrom('users')
    .select('email')
    .where('user_id', '=', caller.userId)
    .executeTakeFirstOrThrow();
  const known = await findUser(deps, address, email, oldPassword);
  const passwordHash = await passwords.hash(newPassword);
  await db.transaction().execute(async (tx) => {
    if ((await lockAccount(tx, caller.userId)) !== known.passwordHash) throw wrongCredentials();
    await tx.updateTable('users').set({ password_hash: passwordHash }).where('user_id', '=', caller.userId).execute();
    await tx
      .deleteFrom('tokens')
      .where('user_id', '=', caller.userId)
      .where('device_no', '!=', caller.deviceNo)
      .execute();
    await tx.deleteFrom('device_codes').where('approved_user_id', '=', caller.userId).execute();
  });
  deps.notices.publish(userTopic(caller.userId), 'password changed');
}

export async function readAccount({ db }: AccountDeps, { userId }: Caller): Promise<AccountAnswer> {
  const { email } = await db
    .selectFrom('users')
    .select('email')
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  const vaults = await db
    .selectFrom('vaults')
    .select(['vault_no', 'vault_id', 'created_at_ms'])
    .where('user_id', '=', userId)
    .orderBy('vault_no')
    .execute();
  const devices = await db
    .selectFrom('devices')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('device_no')
    .execute();
  const idOf = (vaultNo: number | null): VaultKeyId | null =>
    (vaults.find((vault) => vault.vault_no === vaultNo)?.vault_id.toString('hex') ?? null) as VaultKeyId | null; // as stored
  return {
    email,
    vaults: vaults.map(({ vault_id, created_at_ms }) => ({
      vaultId: vault_id.toString('hex') as VaultKeyId, // as it was stored
      createdAtMs: created_at_ms,
    })),
    devices: devices.map((row): AccountDevice => ({
      deviceId: row.device_id.toString('hex') as DeviceId, // as it was stored
      name: row.name,
      platform: row.platform,
      signingKey: row.signing_key.toString('hex'),
      agreementKey: row.agreement_key.toString('hex'),
      createdAtMs: row.created_at_ms,
      lastSeenAtMs: row.last_seen_at_ms,
      revokedAtMs: row.revoked_at_ms,
      vaultId: idOf(row.vault_no),
    })),
  };
}

/** @throws Refusal `not-found` */
export async function renameDevice(
  { db, notices }: AccountDeps,
  caller: Caller,
  deviceId: DeviceId,
  name: string,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('devices')
    .set({ name })
    .where('user_id', '=', caller.userId)
    .where('device_id', '=', Buffer.from(deviceId, 'hex'))
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw notFound('device');
  notices.publish(userTopic(caller.userId), `${deviceId} changed`);
}

/** Ends a device: its tokens at once, its streams on every node, its entries from now on (S6). @throws Refusal `not-found` */
export async function revokeDevice(
  { db, notices, nowMs }: AccountDeps,
  caller: Caller,
  deviceId: DeviceId,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('devices')
      .select(['device_no', 'revoked_at_ms'])
      .where('user_id', '=', caller.userId)
      .where('device_id', '=', Buffer.from(deviceId, 'hex'))
      .executeTakeFirst();
    if (row === undefined) throw notFound('device');
    await endTokens(tx, caller.userId, row.device_no);
    if (row.revoked_at_ms !== null) return;
    await tx
      .updateTable('devices')
      .set({ revoked_at_ms: nowMs() })
      .where('user_id', '=', caller.userId)
      .where('device_no', '=', row.device_no)
      .execute();
    await tx.deleteFrom('joins').where('user_id', '=', caller.userId).where('device_no', '=', row.device_no).execute();
  });
  notices.publish(userTopic(caller.userId), `${deviceId} revoked`);
}

/** Notices that concern an account as a whole. */
export function userTopic(userId: string): string {
  return `user.${userId}`;
}
