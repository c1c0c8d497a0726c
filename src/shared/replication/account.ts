// Accounts and log-ins (S32). A device logs in with a code that its user approves with e-mail and password, on any machine; it proves with
// a signature that it holds the key it names. The account's password and the vault's are different secrets, and this one never opens a vault.

import { z } from 'zod';

import { deviceIdSchema, publicKeySchema, signatureSchema, vaultKeyIdSchema } from './ids.ts';

const secretTextSchema = z.string().min(20).max(200);
const codeSchema = z
  .string()
  .max(20)
  .transform((text) => text.toUpperCase().replaceAll(/[^0-9A-Z]/g, ''))
  .pipe(z.string().regex(/^[0-9A-Z]{8}$/));
export const emailSchema = z.string().trim().toLowerCase().max(254).pipe(z.email());
/** Length is what counts; only what everybody guesses first is refused by the server. */
export const accountPasswordSchema = z.string().min(10).max(1_000);
/** PostgreSQL stores no such character, and no name has one. */
const hasNoNul = (text: string): boolean => !text.includes('\u0000');
export const deviceNameSchema = z.string().trim().min(1).max(80).refine(hasNoNul);

/** GET /v1/hello, the one request that needs no version and no token. */
export const helloAnswerSchema = z.object({
  product: z.literal('cairn-server'),
  serverVersion: z.string(),
  /** What the server speaks; a client outside of it says so to its user, and stops. */
  protocol: z.object({ oldest: z.number().int(), newest: z.number().int() }),
  /** Whether new accounts can be made here. */
  signUp: z.enum(['open', 'closed']),
  serverTimeMs: z.number().int(),
});

/** POST /v1/auth/sign-up. The answer (202, `{}`) is the same whether or not the address was free. */
export const signUpRequestSchema = z.object({ email: emailSchema, password: accountPasswordSchema });

/** POST /v1/auth/device: a device asks for a code. */
export const deviceCodeRequestSchema = z.object({
  signingKey: publicKeySchema,
  agreementKey: publicKeySchema,
  name: deviceNameSchema,
  platform: z.string().max(40).refine(hasNoNul),
});
export const deviceCodeAnswerSchema = z.object({
  /** Secret of the device. */
  deviceCode: z.string(),
  /** What the user types: eight characters in two groups, `BCDF-2345`. */
  userCode: z.string(),
  /** The page on which it is approved. */
  verificationPath: z.string(),
  expiresInMs: z.number().int(),
  /** Do not ask more often. */
  intervalMs: z.number().int(),
});

/** POST /v1/auth/device/approve: the user approves, from a page or a command line. */
export const approveRequestSchema = z.object({
  userCode: codeSchema,
  email: emailSchema,
  password: z.string().max(1_000),
});

/** What a device signs to get its tokens: this text, then the device code. */
export const DEVICE_CODE_PROOF_PREFIX = 'cairn device log-in v1\n';
/** POST /v1/auth/device/token: `pending` until it is approved. */
export const deviceTokenRequestSchema = z.object({ deviceCode: secretTextSchema, signature: signatureSchema });

/** What a device signs to refresh: this text, then the refresh token. A token that was stolen is of no use without the device's key. */
export const REFRESH_PROOF_PREFIX = 'cairn refresh v1\n';
/**
 * POST /v1/auth/refresh. The old refresh token is used up. An answer that was lost on the way may be asked for again, as long as none of the
 * new tokens was used; a token that is used again later ends every token of the device.
 */
export const refreshRequestSchema = z.object({ refreshToken: secretTextSchema, signature: signatureSchema });

export const tokensAnswerSchema = z.object({
  deviceId: deviceIdSchema,
  accessToken: z.string(),
  accessExpiresInMs: z.number().int(),
  refreshToken: z.string(),
});

/** POST /v1/auth/password, with a token of any device. Every other device must log in again. */
export const changePasswordRequestSchema = z.object({
  oldPassword: z.string().max(1_000),
  newPassword: accountPasswordSchema,
});

export const accountDeviceSchema = z.object({
  deviceId: deviceIdSchema,
  name: z.string(),
  platform: z.string(),
  signingKey: publicKeySchema,
  agreementKey: publicKeySchema,
  createdAtMs: z.number().int(),
  lastSeenAtMs: z.number().int(),
  revokedAtMs: z.number().int().nullable(),
  /** The vault whose log it writes; null until its first entry. */
  vaultId: vaultKeyIdSchema.nullable(),
});

/** GET /v1/account. */
export const accountAnswerSchema = z.object({
  email: z.string(),
  /** The vaults of this account: compared with one's own before anything else (S5). */
  vaults: z.array(z.object({ vaultId: vaultKeyIdSchema, createdAtMs: z.number().int() })),
  devices: z.array(accountDeviceSchema),
});

/** PATCH /v1/devices/{device}. DELETE revokes it. */
export const renameDeviceRequestSchema = z.object({ name: deviceNameSchema });

export type HelloAnswer = z.infer<typeof helloAnswerSchema>;
export type DeviceCodeRequest = z.infer<typeof deviceCodeRequestSchema>;
export type DeviceCodeAnswer = z.infer<typeof deviceCodeAnswerSchema>;
export type TokensAnswer = z.infer<typeof tokensAnswerSchema>;
export type AccountDevice = z.infer<typeof accountDeviceSchema>;
export type AccountAnswer = z.infer<typeof accountAnswerSchema>;
