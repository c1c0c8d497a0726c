// Tokens (S32): opaque, kept as their SHA-256, looked up at every request, so that what is revoked ends at once. A token names its account in
// clear, so that looking it up touches that account's rows only (S30).

import { ACCESS_TOKEN_MS, REFRESH_TOKEN_MS } from './lifetimes.ts';
import { lockAccount } from './lock-account.ts';
import { REFRESH_PROOF_PREFIX, type TokensAnswer } from '../../shared/replication/account.ts';
import type { DeviceId } from '../../shared/replication/ids.ts';
import { isSignedBy, sha256 } from '../encryption/signatures.ts';
import { Refusal } from '../http/refusal.ts';
import type { Db, Executor } from '../store/store.ts';
import type { Caller } from './caller.ts';

const TOKEN = /^cairn_([ar])_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;
/** `last_seen_at_ms` is no more exact than this, so that a busy device does not write at every request. */
const SEEN_STEP_MS = 60_000;

export interface TokenDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly randomBytes: (sizeBytes: number) => Buffer;
}

type TokenKind = 'access' | 'refresh';

/** Makes a pair of tokens for a device. */
export async function issueTokens(
  { nowMs, randomBytes }: TokenDeps,
  db: Executor,
  { userId, deviceNo, deviceId }: Caller,
  parentHash: Buffer | null,
): Promise<TokensAnswer> {
  const make = (kind: TokenKind): string =>
    `cairn_${kind === 'access' ? 'a' : 'r'}_${userId}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const accessToken = make('access');
  const refreshToken = make('refresh');
  const row = { user_id: userId, device_no: deviceNo, parent_hash: parentHash };
  await db
    .insertInto('tokens')
    .values([
      { ...row, token_hash: sha256(accessToken), kind: 'access', expires_at_ms: nowMs() + ACCESS_TOKEN_MS },
      { ...row, token_hash: sha256(refreshToken), kind: 'refresh', expires_at_ms: nowMs() + REFRESH_TOKEN_MS },
    ])
    .execute();
  return { deviceId, accessToken, accessExpiresInMs: ACCESS_TOKEN_MS, refreshToken };
}

/** Who has this access token; a refusal where nobody does. */
export async function findCaller({ db, nowMs }: TokenDeps, token: string): Promise<Caller | Refusal> {
  const userId = userOf(token, 'a');
  if (userId === null) return unauthenticated();
  const row = await db
    .selectFrom('tokens')
    .innerJoin('devices', (join) =>
      join.onRef('devices.user_id', '=', 'tokens.user_id').onRef('devices.device_no', '=', 'tokens.device_no'),
    )
    .select(['devices.device_no', 'devices.device_id', 'devices.revoked_at_ms', 'devices.last_seen_at_ms'])
    .select(['tokens.expires_at_ms', 'tokens.used_at_ms', 'tokens.parent_hash'])
    .where('tokens.user_id', '=', userId)
    .where('tokens.token_hash', '=', sha256(token))
    .where('tokens.kind', '=', 'access')
    .executeTakeFirst();
  if (row === undefined || row.expires_at_ms <= nowMs()) return unauthenticated();
  if (row.revoked_at_ms !== null) return deviceRevoked();
  if (row.used_at_ms === null)
    // The first use tells that the pair has arrived: from now on the refresh token before it is used up for good.
    await db
      .updateTable('tokens')
      .set({ used_at_ms: nowMs() })
      .where('user_id', '=', userId)
      .where('token_hash', '=', sha256(token))
      .execute();
  if (nowMs() - row.last_seen_at_ms > SEEN_STEP_MS)
    await db
      .updateTable('devices')
      .set({ last_seen_at_ms: nowMs() })
      .where('user_id', '=', userId)
      .where('device_no', '=', row.device_no)
      .execute();
  return { userId, deviceNo: row.device_no, deviceId: row.device_id.toString('hex') as DeviceId }; // as it was stored
}

/**
 * A new pair for a refresh token, which is used up. One whose answer was lost may come again, as long as its pair was not used; one that comes
 * later is in two hands, and every token of the device ends.
 * @throws Refusal `unauthenticated`, `device-revoked`
 */
export async function refreshTokens(deps: TokenDeps, token: string, signature: Uint8Array): Promise<TokensAnswer> {
  const { db, nowMs } = deps;
  const userId = userOf(token, 'r');
  if (userId === null) throw unauthenticated();
  const tokenHash = sha256(token);
  const result = await db.transaction().execute(async (tx): Promise<TokensAnswer | Refusal> => {
    await lockAccount(tx, userId);
    const row = await tx
      .selectFrom('tokens')
      .innerJoin('devices', (join) =>
        join.onRef('devices.user_id', '=', 'tokens.user_id').onRef('devices.device_no', '=', 'tokens.device_no'),
      )
      .select(['devices.device_no', 'devices.device_id', 'devices.signing_key', 'devices.revoked_at_ms'])
      .select(['tokens.expires_at_ms'])
      .where('tokens.user_id', '=', userId)
      .where('tokens.token_hash', '=', tokenHash)
      .where('tokens.kind', '=', 'refresh')
      .executeTakeFirst();
    if (row === undefined || row.expires_at_ms <= nowMs()) return unauthenticated();
    if (!isSignedBy(row.signing_key, Buffer.from(`${REFRESH_PROOF_PREFIX}${token}`), signature))
      return unauthenticated();
    if (row.revoked_at_ms !== null) return deviceRevoked();
    // Of two that come at once, one is first.
    const { numUpdatedRows } = await tx
      .updateTable('tokens')
      .set({ used_at_ms: nowMs() })
      .where('user_id', '=', userId)
      .where('token_hash', '=', tokenHash)
      .where('used_at_ms', 'is', null)
      .executeTakeFirst();
    const caller: Caller = { userId, deviceNo: row.device_no, deviceId: row.device_id.toString('hex') as DeviceId }; // as stored
    if (numUpdatedRows === 0n) {
      const usedChild = await tx
        .selectFrom('tokens')
        .select('token_hash')
        .where('user_id', '=', userId)
        .where('parent_hash', '=', tokenHash)
        .where('used_at_ms', 'is not', null)
        .executeTakeFirst();
      if (usedChild !== undefined) {
        await endTokens(tx, userId, row.device_no);
        return unauthenticated();
      }
    }
    await tx
      .deleteFrom('tokens')
      .where('user_id', '=', userId)
      .where('device_no', '=', row.device_no)
      .where('token_hash', '!=', tokenHash)
      .execute();
    return issueTokens(deps, tx, caller, tokenHash);
  });
  if (result instanceof Refusal) throw result;
  return result;
}

/** Every token of a device ends. */
export async function endTokens(db: Executor, userId: string, deviceNo: number): Promise<void> {
  await db.deleteFrom('tokens').where('user_id', '=', userId).where('device_no', '=', deviceNo).execute();
}

export function unauthenticated(): Refusal {
  return new Refusal('unauthenticated', 'This device is not logged in, or no longer.', 'Log in again.');
}

export function deviceRevoked(): Refusal {
  return new Refusal(
    'device-revoked',
    'This device was removed from the account.',
    'To sync again, let it make a new identity and join once more.',
  );
}

function userOf(token: string, kind: 'a' | 'r'): string | null {
  const match = TOKEN.exec(token);
  return match?.[1] === kind ? (match[2] ?? null) : null;
}
