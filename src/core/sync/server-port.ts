// What sync needs of a server, whatever carries it. A refusal is a `SyncRefusal`; a server that cannot be reached is SYNC_OFFLINE.

import { AppError, type AppErrorOptions } from '../../shared/model/app-error.ts';
import type { ErrorCode } from '../../shared/model/error-codes.ts';
import type {
  AccountAnswer,
  DeviceCodeAnswer,
  DeviceCodeRequest,
  HelloAnswer,
  TokensAnswer,
} from '../../shared/replication/account.ts';
import type { RefusalBody } from '../../shared/replication/errors.ts';
import type { ObjectFrame } from '../../shared/replication/frames.ts';
import type { DeviceId, ObjectId, VaultKeyId } from '../../shared/replication/ids.ts';
import type {
  Head,
  HaveAnswer,
  Join,
  Notice,
  PullRequest,
  Slots,
  StatusAnswer,
  UploadStatus,
} from '../../shared/replication/replica.ts';
import type { ServerLink } from './publishing/server-link.ts';

/** A server said no, with what it said beside the code. */
export class SyncRefusal extends AppError {
  readonly refusal: RefusalBody;

  constructor(code: ErrorCode, message: string, refusal: RefusalBody, options: AppErrorOptions) {
    super(code, message, options);
    this.refusal = refusal;
  }
}

/** The part that needs no token. */
export interface LoginServer {
  hello(signal?: AbortSignal): Promise<HelloAnswer>;
  signUp(email: string, password: string): Promise<void>;
  requestCode(request: DeviceCodeRequest): Promise<DeviceCodeAnswer>;
  approveCode(userCode: string, email: string, password: string): Promise<void>;
  takeTokens(deviceCode: string, signature: string): Promise<TokensAnswer>;
}

/** The replica of one vault, as one device may use it. */
export interface SyncServer extends ServerLink {
  account(signal?: AbortSignal): Promise<AccountAnswer>;
  createVault(vault: VaultKeyId, epoch: number): Promise<void>;
  status(vault: VaultKeyId, signal?: AbortSignal): Promise<StatusAnswer>;
  /** Entries as bytes. */
  pull(vault: VaultKeyId, request: PullRequest, signal?: AbortSignal): Promise<Uint8Array>;
  push(vault: VaultKeyId, entries: Uint8Array, signal?: AbortSignal): Promise<Head>;
  have(vault: VaultKeyId, ids: readonly ObjectId[], signal?: AbortSignal): Promise<HaveAnswer>;
  /** The frames' bytes may be gone afterwards. */
  upload(vault: VaultKeyId, frames: readonly ObjectFrame[], signal?: AbortSignal): Promise<readonly UploadStatus[]>;
  getObjects(
    vault: VaultKeyId,
    objects: readonly { readonly id: ObjectId; readonly offset: number }[],
    signal?: AbortSignal,
  ): Promise<readonly ObjectFrame[]>;
  reportDamaged(vault: VaultKeyId, ids: readonly ObjectId[], signal?: AbortSignal): Promise<void>;
  /** Frees objects that no live entry names without waiting; those that one names stay. */
  free(vault: VaultKeyId, ids: readonly ObjectId[], signal?: AbortSignal): Promise<void>;
  readSlots(vault: VaultKeyId, signal?: AbortSignal): Promise<Slots>;
  writeSlots(vault: VaultKeyId, slots: Slots, signal?: AbortSignal): Promise<Slots>;
  askToJoin(vault: VaultKeyId): Promise<void>;
  readJoin(vault: VaultKeyId, device: DeviceId): Promise<Join>;
  listJoins(vault: VaultKeyId): Promise<readonly Join[]>;
  answerJoin(vault: VaultKeyId, device: DeviceId, sealedKey: string | null): Promise<void>;
  rename(device: DeviceId, name: string): Promise<void>;
  revoke(device: DeviceId): Promise<void>;
  logOut(): Promise<void>;
  /** Calls back once it hears, and on each notice, until the stream or the signal ends; throws where it cannot be had. */
  listen(vault: VaultKeyId, hears: NoticeListener, signal: AbortSignal): Promise<void>;
}

export interface NoticeListener {
  readonly onOpen: () => void;
  readonly onNotice: (notice: Notice) => void;
}

/** Tokens as they are kept, sealed in the vault. */
export interface Tokens {
  readonly accessToken: string;
  readonly accessUntilMs: number;
  readonly refreshToken: string;
}

export interface TokenStore {
  /** Signs a text with the device's key; hexadecimal. */
  sign(text: string): Promise<string>;
  read(): Tokens;
  write(tokens: Tokens): Promise<void>;
}
