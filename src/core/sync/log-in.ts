// Logging in (S32): the device asks for a code, its user approves it with e-mail and password, and it proves that it holds the key it named.

import { AppError } from '../../shared/model/app-error.ts';
import { DEVICE_CODE_PROOF_PREFIX, type DeviceCodeAnswer } from '../../shared/replication/account.ts';
import type { LoginServer, Tokens } from './server-port.ts';

export interface LoginRequest {
  readonly email: string;
  readonly password: string;
  readonly isSignUp: boolean;
}

export interface DeviceAtServer {
  readonly server: string;
  /** What the others call this device; as it was called, or its host name, where absent. */
  readonly deviceName?: string | undefined;
}

export interface LoginDevice {
  readonly deviceId: string;
  /** Hexadecimal public keys. */
  readonly signingKey: string;
  readonly agreementKey: string;
  readonly name: string;
  readonly platform: string;
  /** Signs a text with the device's key; hexadecimal. */
  sign(text: string): Promise<string>;
}

/** @throws AppError SYNC_LOGIN, SYNC_OFFLINE, SYNC_TOO_OLD, SYNC_REFUSED */
export async function logIn(
  server: LoginServer,
  request: LoginRequest,
  device: LoginDevice,
  nowMs: number,
): Promise<Tokens> {
  await server.hello();
  const { email, password } = request;
  if (request.isSignUp) await server.signUp(email, password);
  const { deviceCode, userCode } = await requestCode(server, device);
  await server.approveCode(userCode, email, password);
  return takeTokens(server, device, deviceCode, nowMs);
}

/** A code for this device: whoever enters it, with e-mail and password of the account, lets the device in. */
export function requestCode(
  server: LoginServer,
  { signingKey, agreementKey, name, platform }: LoginDevice,
): Promise<DeviceCodeAnswer> {
  return server.requestCode({ signingKey, agreementKey, name, platform });
}

/** Proves that this device holds the key it named, once its code is approved. @throws AppError as `logIn` */
export async function takeTokens(
  server: LoginServer,
  device: LoginDevice,
  deviceCode: string,
  nowMs: number,
): Promise<Tokens> {
  const signature = await device.sign(`${DEVICE_CODE_PROOF_PREFIX}${deviceCode}`);
  const tokens = await server.takeTokens(deviceCode, signature);
  if (tokens.deviceId !== device.deviceId)
    throw new AppError('SYNC_TAMPERED', 'The server took this device for another one.', {
      hint: 'Nothing was sent. Do not trust this server.',
    });
  return {
    accessToken: tokens.accessToken,
    accessUntilMs: nowMs + tokens.accessExpiresInMs,
    refreshToken: tokens.refreshToken,
  };
}
