// A new device (S6): it logs in, finds the account's vault, and gets into it with a secret of the vault, or because an old device lets it in
// whose screen shows the same words. Then it has a file of the same vault, with a history of its own.

import { AppError } from '../../shared/model/app-error.ts';
import { toHex } from '../../shared/replication/bytes.ts';
import type { DeviceId, VaultKeyId } from '../../shared/replication/ids.ts';
import { encodeJoinTranscript } from '../../shared/replication/join-transcript.ts';
import type { Join } from '../../shared/replication/replica.ts';
import { createJoiningKeys, createSigningKeys, deviceIdOf, shortWords, signBytes } from '../crypto/device-keys.ts';
import type { JoinedVault, VaultSecret } from '../vault/vault-client.ts';
import { CodeLogIn, untilEntered, type ShownCode } from './code-log-in.ts';
import { logIn, type LoginDevice } from './log-in.ts';
import { assertServer } from './name-devices.ts';
import type { LoginServer, SyncServer, Tokens, TokenStore } from './server-port.ts';

const ASK_EVERY_MS = 2_000;

export interface JoinRequest {
  readonly server: string;
  /** Null: by a code that somebody enters on the server's page. */
  readonly account: { readonly email: string; readonly password: string } | null;
  readonly deviceName: string;
  /** A secret of the vault, or null: then an old device has to let this one in. */
  readonly secret: VaultSecret | null;
  readonly signal: AbortSignal;
  /** Shows the code while nobody has entered it. */
  readonly onCode: (code: ShownCode) => void;
  /** Shows the words while it is waited. */
  readonly onWords: (words: string) => void;
  /** Whether the old device showed the same words, asked once it has let this one in. */
  readonly isSameWords: (words: string) => Promise<boolean>;
}

export interface JoinDeps {
  readonly login: (url: string) => LoginServer;
  readonly sync: (url: string, tokens: TokenStore) => SyncServer;
  readonly platform: string;
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** @throws AppError SYNC_LOGIN, SYNC_WRONG_VAULT, SYNC_TAMPERED, SYNC_REFUSED, CANCELLED */
export async function askForVault(
  deps: JoinDeps,
  request: JoinRequest,
): Promise<{ readonly shared: JoinedVault; readonly tokens: Tokens; readonly email: string }> {
  assertServer(request.server);
  const [signing, agreement] = [createSigningKeys(), createJoiningKeys()];
  const deviceId = deviceIdOf(signing.publicKey);
  const [signingKey, agreementKey] = [toHex(signing.publicKey), toHex(agreement.publicKey)];
  const sign = async (text: string): Promise<string> => toHex(signBytes(signing.privateKey, Buffer.from(text, 'utf8')));
  let tokens = await logInSomehow(deps, request, {
    deviceId,
    signingKey,
    agreementKey,
    name: request.deviceName,
    platform: deps.platform,
    sign,
  });
  const store: TokenStore = {
    sign,
    read: () => tokens,
    write: async (next) => {
      tokens = next;
    },
  };
  const server = deps.sync(request.server, store);
  const { vaults, email } = await server.account();
  const vaultId = onlyVault(vaults.map((vault) => vault.vaultId));
  const toText = ({ publicKey, privateKey }: typeof signing) => ({
    publicKey: publicKey.toString('base64'),
    privateKey: privateKey.toString('base64'),
  });
  const keys = { signing: toText(signing), agreement: toText(agreement) };
  const device = { name: request.deviceName, keys };
  if (request.secret !== null) {
    const header = await readHeader(server, vaultId);
    return { shared: { header, device, secret: request.secret }, tokens, email };
  }
  const words = shortWords(encodeJoinTranscript({ vaultId, signingKey, agreementKey }));
  await server.askToJoin(vaultId);
  request.onWords(words);
  const sealedKey = await waitForAnswer(deps, server, vaultId, deviceId, request.signal);
  if (!(await request.isSameWords(words)))
    throw new AppError('SYNC_TAMPERED', 'The two screens showed different words, so the vault was not taken.', {
      hint: 'Somebody may stand between: end the new device from the old one, and do not trust this server.',
    });
  const header = await readHeader(server, vaultId);
  return {
    shared: { header, device, secret: { type: 'approved', answer: { vaultId, keys, sealedKey } } },
    tokens,
    email,
  };
}

async function logInSomehow(
  { login, nowMs, sleep }: JoinDeps,
  { server, account, signal, onCode }: JoinRequest,
  device: LoginDevice,
): Promise<Tokens> {
  if (account !== null) return logIn(login(server), { ...account, isSignUp: false }, device, nowMs());
  const codes = new CodeLogIn(nowMs);
  const code = await codes.begin(server, login(server), device);
  onCode(code);
  const { expiresAtMs, checkEveryMs } = code;
  const entered = await untilEntered(() => codes.check(), {
    expiresAtMs,
    nowMs,
    sleep: () => sleep(checkEveryMs, signal),
  });
  return entered.tokens;
}

async function waitForAnswer(
  deps: JoinDeps,
  server: SyncServer,
  vaultId: VaultKeyId,
  deviceId: DeviceId,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const join: Join = await server.readJoin(vaultId, deviceId);
    if (join.status === 'refused')
      throw new AppError('SYNC_REFUSED', 'The other device did not let this one in.', {
        hint: 'Ask again if that was a mistake, or give the password of the vault.',
      });
    if (join.status === 'approved' && join.sealedKey !== null) return join.sealedKey;
    if (join.expiresAtMs < deps.nowMs())
      throw new AppError('SYNC_REFUSED', 'Nobody let this device in for a while.', {
        hint: 'Ask again, and approve it on a device that has the vault open: `cairn sync approve`.',
      });
    await deps.sleep(ASK_EVERY_MS, signal);
  }
}

async function readHeader(server: SyncServer, vaultId: VaultKeyId): Promise<Uint8Array> {
  const { slots } = await server.readSlots(vaultId);
  if (slots === '')
    throw new AppError('SYNC_REFUSED', 'The first device has not given its key slots yet.', {
      hint: 'Let it sync once: `cairn sync now` there.',
      isRetryable: true,
    });
  return Uint8Array.from(Buffer.from(slots, 'base64'));
}

function onlyVault(vaults: readonly VaultKeyId[]): VaultKeyId {
  const [vault] = vaults;
  if (vault !== undefined && vaults.length === 1) return vault;
  throw new AppError(
    'SYNC_WRONG_VAULT',
    vault === undefined ? 'This account has no vault yet.' : 'This account has several vaults.',
    {
      hint:
        vault === undefined
          ? 'Log in on the device that has the vault first: `cairn sync login` there.'
          : 'An account holds one vault; ask who runs the server.',
    },
  );
}
