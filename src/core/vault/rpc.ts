// The messages between the caller's thread and the vault worker: one request, any number of progress reports, one answer.

import type { PlainError } from '../../shared/model/app-error.ts';
import type { Argon2Parameters } from '../crypto/key-slot.ts';
import type { VaultSecret } from './keyring/keyring.ts';
import type { JoinedVault } from './keyring/share-keyring.ts';
import type { MergeVaultsOptions } from './merge/merge-vaults.ts';
import type { OpeningNotice, Progress } from './vault.ts';
import type { ReplicaEngine } from './replica/replica-engine.ts';
import type { IntegrityEngine } from './upkeep/integrity-engine.ts';
import type { VaultEngine } from './vault-engine.ts';

/** What the worker is started with. The secret crosses once, inward. */
export interface WorkerStart {
  readonly path: string;
  readonly nowMs: number;
  readonly open:
    | { readonly type: 'open'; readonly secret: VaultSecret }
    | { readonly type: 'create'; readonly password: string }
    /** The file of a vault that another device has. */
    | { readonly type: 'join'; readonly shared: JoinedVault }
    /** Nothing is opened: the one answer, to call 0, is the report. */
    | {
        readonly type: 'repair';
        readonly secret: VaultSecret;
        readonly backups: readonly string[];
        readonly isDryRun: boolean;
      }
    /** The same: the one answer is the report. */
    | ({ readonly type: 'merge'; readonly secret: VaultSecret } & Pick<
        MergeVaultsOptions,
        'other' | 'otherSecret' | 'strategy' | 'choices' | 'isDryRun'
      >);
  readonly argon2?: Argon2Parameters;
  readonly maxSnapshotBytes?: number;
}

export interface WorkerReady {
  readonly notices: readonly OpeningNotice[];
  readonly recoveryKey: string | null;
  readonly streams: ReturnType<VaultEngine['newestStreams']>;
}

/** The operations that cross, with the engine's own signatures, less the control object that each side makes itself. */
type EngineMethod =
  | 'save'
  | 'listSnapshots'
  | 'resolveSnapshot'
  | 'readSnapshot'
  | 'readStream'
  | 'readIntact'
  | 'exportStream'
  | 'density'
  | 'changes'
  | 'explainKept'
  | 'search'
  | 'forget'
  | 'listTexts'
  | 'placesOf'
  | 'fingerprints'
  | 'redact'
  | 'createCheckpoint'
  | 'editCheckpoint'
  | 'deleteCheckpoints'
  | 'listCheckpoints'
  | 'readSetting'
  | 'writeSetting'
  | 'listSessions'
  | 'findSession'
  | 'saveSession'
  | 'readMessages'
  | 'searchSessions'
  | 'removeSessions'
  | 'prune'
  | 'upkeep'
  | 'statistics'
  | 'keys'
  | 'changePassword'
  | 'replaceRecoveryKey'
  | 'setKeychainSecret'
  | 'rotate'
  | 'close';

/** The same of what sync asks. */
type ReplicaMethod = Extract<keyof ReplicaEngine, `replica${string}` | `lane${string}`>;
/** And of what proves that the vault is whole. */
type IntegrityMethod = 'health' | 'verifySlice' | 'verify' | 'heal' | 'backup';
type Engine = Pick<VaultEngine, EngineMethod> &
  Pick<ReplicaEngine, ReplicaMethod> &
  Pick<IntegrityEngine, IntegrityMethod>;

type WithoutControl<Parameters extends readonly unknown[]> = Parameters extends [...infer Rest, infer Last]
  ? [Last] extends [{ onProgress(progress: Progress): void }]
    ? Rest
    : Parameters
  : Parameters;

export type Operations = {
  readonly [Name in keyof Engine]: {
    readonly arguments: WithoutControl<Parameters<Engine[Name]>>;
    readonly result: Awaited<ReturnType<Engine[Name]>>;
  };
};
export type OperationName = keyof Operations;

export type RequestMessage =
  | {
      readonly type: 'call';
      readonly call: number;
      readonly name: OperationName;
      readonly arguments: readonly unknown[];
    }
  | { readonly type: 'cancel'; readonly call: number };

export type ReplyMessage =
  | { readonly type: 'ready'; readonly ready: WorkerReady }
  | { readonly type: 'failed-to-open'; readonly error: PlainError }
  | { readonly type: 'done'; readonly call: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly call: number; readonly error: PlainError }
  | { readonly type: 'progress'; readonly call: number; readonly progress: Progress };
