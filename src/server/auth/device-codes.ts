// The log-in of a device (S32): it asks for a code, its user approves that code with e-mail and password wherever they like, and the device,
// having proved that it holds the key it named, gets its tokens.

import {
  DEVICE_CODE_PROOF_PREFIX,
  type DeviceCodeAnswer,
  type DeviceCodeRequest,
  type TokensAnswer,
} from '../../shared/replication/account.ts';
import { MAX_DEVICES_PER_VAULT } from '../../shared/replication/limits.ts';
import { deviceIdOf, isSignedBy, sha256 } from '../encryption/signatures.ts';
import { notFound, Refusal } from '../http/refusal.ts';
import type { Executor } from '../store/store.ts';
import { findUser, wrongCredentials, type AccountDeps } from './accounts.ts';
import { noteFailure, subjectsOf } from './attempts.ts';
import { DEVICE_CODE_MS, POLL_INTERVAL_MS } from './lifetimes.ts';
import { lockAccount } from './lock-account.ts';
import { deviceRevoked, issueTokens } from './tokens.ts';

/** Without vowels and what looks alike: no words, no misreading. */
const ALPHABET = 'BCDFGHJKMNPQRSTVWXYZ23456789';
const USER_CODE_LENGTH = 8;
const DEVICE_CODE_BYTES = 32;
/** Codes that wait at once, over all accounts: they are made by strangers. */
const MAX_WAITING_CODES = 10_000;

export async function startLogIn(deps: AccountDeps, request: DeviceCodeRequest): Promise<DeviceCodeAnswer> {
  const { db, nowMs, randomBytes } = deps;
  await db.deleteFrom('device_codes').where('expires_at_ms', '<=', nowMs()).execute();
  const { waiting } = await db
    .selectFrom('device_codes')
    .select((row) => row.fn.countAll<number>().as('waiting'))
    .executeTakeFirstOrThrow();
  if (waiting >= MAX_WAITING_CODES)
    throw new Refusal('unavailable', 'Too many devices log in at once.', 'Try again in some minutes.', {
      retryAfterMs: 60_000,
    });
  const deviceCode = randomBytes(DEVICE_CODE_BYTES).toString('base64url');
  const userCode = newUserCode(randomBytes);
  await db
    .insertInto('device_codes')
    .values({
      code_hash: sha256(deviceCode),
      user_code: userCode,
      signing_key: Buffer.from(request.signingKey, 'hex'),
      agreement_key: Buffer.from(request.agreementKey, 'hex'),
      name: request.name,
      platform: request.platform,
      expires_at_ms: nowMs() + DEVICE_CODE_MS,
      polled_at_ms: 0,
    })
    .execute();
  return {
    deviceCode,
    userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`,
    verificationPath: '/device',
    expiresInMs: DEVICE_CODE_MS,
    intervalMs: POLL_INTERVAL_MS,
  };
}

export interface Approval {
  readonly userCode: string;
  readonly email: string;
  readonly password: string;
}

/** Approves a code; gives the device's name. @throws Refusal `wrong-credentials`, `not-found`, `rate` */
export async function approveLogIn(deps: AccountDeps, address: string, approval: Approval): Promise<string> {
  const { db, nowMs } = deps;
  const { userId, passwordHash } = await findUser(deps, address, approval.email, approval.password);
  const row = await db.transaction().execute(async (tx) => {
    if ((await lockAccount(tx, userId)) !== passwordHash) throw wrongCredentials();
    return (
      tx
        .updateTable('device_codes')
        .set({ approved_user_id: userId })
        .where('user_code', '=', approval.userCode)
        .where('expires_at_ms', '>', nowMs())
        // Where an answer was lost, the same comes again.
        .where((code) => code.or([code('approved_user_id', 'is', null), code('approved_user_id', '=', userId)]))
        .returning('name')
        .executeTakeFirst()
    );
  });
  if (row !== undefined) return row.name;
  // Whoever guesses codes has an account at least, and waits longer each time.
  await noteFailure(db, subjectsOf(address, approval.email), nowMs());
  throw new Refusal(
    'not-found',
    'No device waits with this code.',
    'Look at the code again; it is good for ten minutes.',
  );
}

/** The tokens, once approved. @throws Refusal `pending`, `expired`, `rate`, `not-found`, `unauthenticated`, `device-revoked` */
export async function takeTokens(deps: AccountDeps, deviceCode: string, signature: Uint8Array): Promise<TokensAnswer> {
  const { db, nowMs } = deps;
  const codeHash = sha256(deviceCode);
  const row = await db.selectFrom('device_codes').selectAll().where('code_hash', '=', codeHash).executeTakeFirst();
  if (row === undefined) throw notFound('log-in');
  if (row.expires_at_ms <= nowMs()) throw new Refusal('expired', 'The code is too old.', 'Log in again for a new one.');
  if (!isSignedBy(row.signing_key, Buffer.from(`${DEVICE_CODE_PROOF_PREFIX}${deviceCode}`), signature))
    throw new Refusal('unauthenticated', 'The signature is not of the key that was named.', 'Log in again.');
  const userId = row.approved_user_id;
  if (userId === null) {
    const isTooSoon = nowMs() - row.polled_at_ms < POLL_INTERVAL_MS / 2;
    await db.updateTable('device_codes').set({ polled_at_ms: nowMs() }).where('code_hash', '=', codeHash).execute();
    const details = { retryAfterMs: POLL_INTERVAL_MS };
    throw isTooSoon
      ? new Refusal('rate', 'Asked too often.', 'Ask again after a while.', details)
      : new Refusal('pending', 'The code was not approved yet.', 'Enter it on the page of the server.', details);
  }
  return db.transaction().execute(async (tx) => {
    await lockAccount(tx, userId);
    const { numDeletedRows } = await tx.deleteFrom('device_codes').where('code_hash', '=', codeHash).executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound('log-in'); // it was taken a moment ago, or the password was changed
    const deviceNo = await addDevice(deps, tx, userId, row);
    return issueTokens(deps, tx, { userId, deviceNo, deviceId: deviceIdOf(row.signing_key) }, null);
  });
}

interface NewDevice {
  readonly signing_key: Buffer;
  readonly agreement_key: Buffer;
  readonly name: string;
  readonly platform: string;
}

/** The number of the device with this key, which may be known already. */
async function addDevice({ nowMs }: AccountDeps, tx: Executor, userId: string, device: NewDevice): Promise<number> {
  const { signing_key, agreement_key, name, platform } = device;
  const deviceId = Buffer.from(deviceIdOf(signing_key), 'hex');
  const { device_count } = await tx
    .updateTable('users')
    .set((row) => ({ device_count: row('device_count', '+', 1) }))
    .where('user_id', '=', userId)
    .returning('device_count')
    .executeTakeFirstOrThrow();
  const known = await tx
    .selectFrom('devices')
    .select(['device_no', 'revoked_at_ms'])
    .where('user_id', '=', userId)
    .where('device_id', '=', deviceId)
    .executeTakeFirst();
  if (known !== undefined) {
    if (known.revoked_at_ms !== null) throw deviceRevoked();
    // It was counted when it was new.
    await tx
      .updateTable('users')
      .set((row) => ({ device_count: row('device_count', '-', 1) }))
      .where('user_id', '=', userId)
      .execute();
    await tx
      .updateTable('devices')
      .set({ agreement_key, name, platform, last_seen_at_ms: nowMs() })
      .where('user_id', '=', userId)
      .where('device_no', '=', known.device_no)
      .execute();
    return known.device_no;
  }
  if (device_count > MAX_DEVICES_PER_VAULT)
    throw new Refusal('too-large', 'The account has too many devices.', 'Nothing more can be added to it.', {
      limit: MAX_DEVICES_PER_VAULT,
    });
  const nowAtMs = nowMs();
  await tx
    .insertInto('devices')
    .values({
      user_id: userId,
      device_no: device_count,
      device_id: deviceId,
      signing_key,
      agreement_key,
      name,
      platform,
      created_at_ms: nowAtMs,
      last_seen_at_ms: nowAtMs,
    })
    .execute();
  return device_count;
}

/** Every letter as likely as any other: bytes beyond a whole number of alphabets are drawn again. */
function newUserCode(randomBytes: (sizeBytes: number) => Buffer): string {
  const limit = 256 - (256 % ALPHABET.length);
  let code = '';
  while (code.length < USER_CODE_LENGTH) {
    for (const byte of randomBytes(USER_CODE_LENGTH))
      if (byte < limit && code.length < USER_CODE_LENGTH) code += ALPHABET[byte % ALPHABET.length];
  }
  return code;
}
