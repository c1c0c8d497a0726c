// A sync server in this process, and devices that speak to it as the app's worker does.

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startServer, type RunningServer, type ServerOptions } from '../../src/server/server.ts';
import {
  DEVICE_CODE_PROOF_PREFIX,
  REFRESH_PROOF_PREFIX,
  tokensAnswerSchema,
} from '../../src/shared/replication/account.ts';
import { refusalSchema, type RefusalBody } from '../../src/shared/replication/errors.ts';
import { DEVICE_ID_PREFIX, type DeviceId } from '../../src/shared/replication/ids.ts';
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '../../src/shared/replication/limits.ts';
import { ROUTES } from '../../src/shared/replication/routes.ts';

export const ACCOUNT_PASSWORD = 'account password 1';

export interface TestServer extends AsyncDisposable {
  readonly address: string;
  readonly folder: string;
  readonly log: readonly string[];
  /** The clock of the server, which tests may move. */
  readonly clock: { offsetMs: number };
  readonly server: RunningServer;
}

export async function startTestServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const folder = options.dataFolder ?? mkdtempSync(join(tmpdir(), 'cairn-server-'));
  const log: string[] = [];
  const clock = { offsetMs: 0 };
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    dataFolder: folder,
    databaseUrl: null,
    objects: 'database',
    limits: { bytes: 1_000_000_000, objects: 1_000_000 },
    maxPublishedBytes: 1_000_000_000,
    isSignUpOpen: true,
    isBehindProxy: false,
    serverKey: null,
    webhooksMayBePrivate: false,
    metricsToken: null,
    version: '0.0.0-test',
    nowMs: () => Date.now() + clock.offsetMs,
    writeLog: (line) => log.push(line),
    ...options,
  });
  return {
    address: `http://127.0.0.1:${server.port}`,
    folder,
    log,
    clock,
    server,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      if (options.dataFolder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly json: unknown;
  readonly bytes: Buffer;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request, with the protocol's version unless the headers say otherwise. */
export async function call(address: string, method: string, path: string, options: CallOptions = {}): Promise<Reply> {
  const { token, json, bytes } = options;
  const response = await fetch(`${address}${path}`, {
    method,
    headers: {
      [PROTOCOL_HEADER]: String(PROTOCOL_VERSION),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      ...options.headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(bytes === undefined ? {} : { body: Uint8Array.from(bytes) }),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
  return {
    status: response.status,
    json: isJson ? JSON.parse(body.toString('utf8')) : null,
    bytes: body,
    headers: response.headers,
  };
}

/** Why it was refused; throws where it was not. */
export function refusalOf(reply: Reply): RefusalBody {
  return refusalSchema.parse(reply.json).error;
}

export interface TestDevice {
  readonly signingKey: string;
  readonly agreementKey: string;
  readonly deviceId: DeviceId;
  readonly privateKey: KeyObject;
  accessToken: string;
  refreshToken: string;
}

/** A device with keys and no account yet. */
export function newDevice(): TestDevice {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    signingKey: raw.toString('hex'),
    agreementKey: randomBytes(32).toString('hex'),
    deviceId: createHash('sha256').update(DEVICE_ID_PREFIX).update(raw).digest('hex') as DeviceId,
    privateKey,
    accessToken: '',
    refreshToken: '',
  };
}

export function signText(device: TestDevice, text: string): string {
  return sign(null, Buffer.from(text), device.privateKey).toString('hex');
}

export async function signUp(address: string, email: string, password = ACCOUNT_PASSWORD): Promise<void> {
  const { status } = await call(address, 'POST', ROUTES.signUp, { json: { email, password } });
  if (status !== 202) throw new Error(`sign-up: ${status}`);
}

/** Logs a device in: asks for a code, approves it, takes the tokens. */
export async function logIn(
  address: string,
  email: string,
  device = newDevice(),
  name = 'laptop',
): Promise<TestDevice> {
  const { signingKey, agreementKey } = device;
  const asked = await call(address, 'POST', ROUTES.deviceCode, {
    json: { signingKey, agreementKey, name, platform: 'linux' },
  });
  const { deviceCode, userCode } = asked.json as { deviceCode: string; userCode: string };
  await call(address, 'POST', ROUTES.approve, { json: { userCode, email, password: ACCOUNT_PASSWORD } });
  const taken = await call(address, 'POST', ROUTES.deviceToken, {
    json: { deviceCode, signature: signText(device, `${DEVICE_CODE_PROOF_PREFIX}${deviceCode}`) },
  });
  Object.assign(device, pick(taken));
  return device;
}

/** Asks for new tokens; the device takes them where they come. */
export async function refresh(address: string, device: TestDevice, refreshToken = device.refreshToken): Promise<Reply> {
  const signature = signText(device, `${REFRESH_PROOF_PREFIX}${refreshToken}`);
  const reply = await call(address, 'POST', ROUTES.refresh, { json: { refreshToken, signature } });
  if (reply.status === 200) Object.assign(device, pick(reply));
  return reply;
}

function pick(reply: Reply): { accessToken: string; refreshToken: string } {
  const { accessToken, refreshToken } = tokensAnswerSchema.parse(reply.json);
  return { accessToken, refreshToken };
}
