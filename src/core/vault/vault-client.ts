// The typed client of the vault worker: `openVault` and `createVault`. Nothing here blocks on cryptography, compression or SQL.

import type { KnownStream } from '../../shared/model/item.ts';
import { Worker, type Transferable } from 'node:worker_threads';

import { AppError, fromPlainError } from '../../shared/model/app-error.ts';
import type { ItemKey } from '../../shared/model/ids.ts';
import type { Argon2Parameters } from '../crypto/key-slot.ts';
import type { VaultSecret } from './keyring/keyring.ts';
import type { JoinedVault } from './keyring/share-keyring.ts';
import type { OperationName, Operations, ReplyMessage, WorkerReady, WorkerStart } from './rpc.ts';
import type { LongWorkOptions, Progress, SaveRequest, SaveResult, Vault } from './vault.ts';
import type { VaultLane, VaultReplica } from './vault-replica.ts';
import { workerPath } from './worker-path.ts';

export type { VaultSecret } from './keyring/keyring.ts';
export type { JoinedVault } from './keyring/share-keyring.ts';

const DAY_MS = 86_400_000;
/** Far more than its work takes. What may become larger is collected later: at four times what lives, not at 1.6 times (decision 46). */
const MAX_HEAP_MB = 1_024;

export interface OpenVaultOptions {
  /** The database file: `vault.db` in the data folder. */
  readonly path: string;
  readonly secret: VaultSecret;
  readonly nowMs: number;
  readonly maxSnapshotBytes?: number;
  /** Weaker parameters within the floor, for tests. */
  readonly argon2?: Argon2Parameters;
  /** What the opener has to tell beside what the vault finds. */
  readonly notices?: Vault['notices'];
}

export type CreateVaultOptions = Omit<OpenVaultOptions, 'secret' | 'notices'> & { readonly password: string };

/** Opens a vault in a thread of its own. @throws AppError as `VaultEngine.open` */
export async function openVault(options: OpenVaultOptions): Promise<Vault> {
  const { secret, notices = [], ...rest } = options;
  const { client } = await VaultClient.start({ ...rest, open: { type: 'open', secret } }, notices);
  return client;
}

/** Makes a vault and opens it. The recovery key is seen here only. @throws AppError VAULT_EXISTS */
export async function createVault(
  options: CreateVaultOptions,
): Promise<{ readonly vault: Vault; readonly recoveryKey: string }> {
  const { password, ...rest } = options;
  const { client, ready } = await VaultClient.start({ ...rest, open: { type: 'create', password } });
  return { vault: client, recoveryKey: ready.recoveryKey ?? '' };
}

/** Makes the file of a vault that another device has, and opens it. @throws AppError VAULT_EXISTS, VAULT_WRONG_PASSWORD, SYNC_TAMPERED */
export async function joinVault(
  options: Omit<OpenVaultOptions, 'secret'> & { readonly shared: JoinedVault },
): Promise<Vault> {
  const { shared, ...rest } = options;
  const { client } = await VaultClient.start({ ...rest, open: { type: 'join', shared } });
  return client;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

class VaultClient implements Vault {
  readonly notices: Vault['notices'];
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #known = new Map<ItemKey, Map<string, KnownStream>>();
  readonly #exited: Promise<void>;
  #calls = 0;
  #isClosed = false;

  private constructor(worker: Worker, ready: WorkerReady, notices: Vault['notices']) {
    this.#worker = worker;
    this.notices = [...notices, ...ready.notices];
    for (const { key, stream, sizeBytes } of ready.streams)
      this.#streamsOf(key).set(stream, { version: '', sizeBytes });
    worker.on('message', (message: ReplyMessage) => this.#handleReply(message));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#isClosed = true;
        for (const waiting of this.#waiting.values()) waiting.reject(closed());
        this.#waiting.clear();
        resolve();
      });
    });
    worker.on('error', () => {
      // 'exit' follows, which fails whatever waits; the error's own text may hold content.
    });
  }

  static start(
    start: WorkerStart,
    notices: Vault['notices'] = [],
  ): Promise<{ readonly client: VaultClient; readonly ready: WorkerReady }> {
    const worker = new Worker(workerPath('vault-worker'), {
      workerData: start,
      name: 'cairn-vault',
      stderr: false,
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    return new Promise((resolve, reject) => {
      worker.once('message', (message: ReplyMessage) => {
        worker.removeAllListeners('error');
        if (message.type === 'ready')
          resolve({ client: new VaultClient(worker, message.ready, notices), ready: message.ready });
        else if (message.type === 'failed-to-open') reject(fromPlainError(message.error));
      });
      worker.once('error', (error) =>
        reject(new AppError('BUG', 'The vault worker could not be started.', { cause: error })),
      );
    });
  }

  known(): ReadonlyMap<ItemKey, ReadonlyMap<string, KnownStream>> {
    return this.#known;
  }

  async save(request: SaveRequest): Promise<SaveResult> {
    // Noted before the call: the buffers are gone from this thread afterwards.
    const offered = this.#offeredStreams(request);
    const result = await this.#call('save', [request], {}, contentBuffers(request));
    this.#learn(offered, request.carried, result);
    return result;
  }

  listSnapshots(...values: Parameters<Vault['listSnapshots']>) {
    return this.#call('listSnapshots', values);
  }

  resolveSnapshot(...values: Parameters<Vault['resolveSnapshot']>) {
    return this.#call('resolveSnapshot', values);
  }

  readSnapshot(...values: Parameters<Vault['readSnapshot']>) {
    return this.#call('readSnapshot', values);
  }

  readStream(...[id, key, stream, fromByte = 0, maxBytes = Number.MAX_SAFE_INTEGER]: Parameters<Vault['readStream']>) {
    return this.#call('readStream', [id, key, stream, fromByte, maxBytes]);
  }

  readIntact(...values: Parameters<Vault['readIntact']>) {
    return this.#call('readIntact', values);
  }

  exportStream(...values: Parameters<Vault['exportStream']>) {
    return this.#call('exportStream', values);
  }

  density(...values: Parameters<Vault['density']>) {
    return this.#call('density', values);
  }

  explainKept(...values: Parameters<Vault['explainKept']>) {
    return this.#call('explainKept', values);
  }

  changes(...values: Parameters<Vault['changes']>) {
    return this.#call('changes', values);
  }

  search(...values: Parameters<Vault['search']>) {
    return this.#call('search', values);
  }

  listTexts(...values: Parameters<Vault['listTexts']>) {
    return this.#call('listTexts', values);
  }

  placesOf(...values: Parameters<Vault['placesOf']>) {
    return this.#call('placesOf', values);
  }

  fingerprints(...values: Parameters<Vault['fingerprints']>) {
    return this.#call('fingerprints', values);
  }

  redact(...[spots, options]: Parameters<Vault['redact']>) {
    return this.#call('redact', [spots], options);
  }

  async forget(...[sinceMs, options]: Parameters<Vault['forget']>) {
    const removed = await this.#call('forget', [sinceMs], options);
    // Nothing may be referred to that is gone: sources hand everything over whole.
    this.#known.clear();
    return removed;
  }

  createCheckpoint(...values: Parameters<Vault['createCheckpoint']>) {
    return this.#call('createCheckpoint', values);
  }

  editCheckpoint(...values: Parameters<Vault['editCheckpoint']>) {
    return this.#call('editCheckpoint', values);
  }

  deleteCheckpoints(...values: Parameters<Vault['deleteCheckpoints']>) {
    return this.#call('deleteCheckpoints', values);
  }

  listCheckpoints() {
    return this.#call('listCheckpoints', []);
  }

  readSetting(...values: Parameters<Vault['readSetting']>) {
    return this.#call('readSetting', values);
  }

  writeSetting(...values: Parameters<Vault['writeSetting']>) {
    return this.#call('writeSetting', values);
  }

  listSessions() {
    return this.#call('listSessions', []);
  }

  findSession(...values: Parameters<Vault['findSession']>) {
    return this.#call('findSession', values);
  }

  saveSession(...values: Parameters<Vault['saveSession']>) {
    return this.#call('saveSession', values);
  }

  readMessages(...values: Parameters<Vault['readMessages']>) {
    return this.#call('readMessages', values);
  }

  searchSessions(...values: Parameters<Vault['searchSessions']>) {
    return this.#call('searchSessions', values);
  }

  removeSessions(...values: Parameters<Vault['removeSessions']>) {
    return this.#call('removeSessions', values);
  }

  prune(...[limits, nowMs, options]: Parameters<Vault['prune']>) {
    return this.#call('prune', [limits, nowMs, options.isDryRun], options);
  }

  verify(options: Parameters<Vault['verify']>[0]) {
    return this.#call('verify', [options.isDeep, options.nowMs], options);
  }

  health() {
    return this.#call('health', []);
  }

  verifySlice({ signal, ...options }: Parameters<Vault['verifySlice']>[0]) {
    return this.#call('verifySlice', [options], signal === undefined ? {} : { signal });
  }

  heal({ backups, ...options }: Parameters<Vault['heal']>[0]) {
    return this.#call('heal', [backups], options);
  }

  backup(options: Parameters<Vault['backup']>[0]) {
    return this.#call('backup', [options.folder, options.keep, options.nowMs], options);
  }

  upkeep(budgetMs: number) {
    return this.#call('upkeep', [budgetMs]);
  }

  statistics(options: Parameters<Vault['statistics']>[0]) {
    return this.#call('statistics', [options.inactiveDays * DAY_MS, options.nowMs]);
  }

  keys(nowMs: number) {
    return this.#call('keys', [nowMs]);
  }

  changePassword(...values: Parameters<Vault['changePassword']>) {
    return this.#call('changePassword', values);
  }

  replaceRecoveryKey(nowMs: number) {
    return this.#call('replaceRecoveryKey', [nowMs]);
  }

  setKeychainSecret(...values: Parameters<Vault['setKeychainSecret']>) {
    return this.#call('setKeychainSecret', values);
  }

  rotate(options: Parameters<Vault['rotate']>[0]) {
    return this.#call('rotate', [options.nowMs], options);
  }

  readonly replica: VaultReplica = {
    identity: () => this.#call('replicaIdentity', []),
    begin: (name) => this.#call('replicaBegin', [name]),
    renew: ({ repeatsAll }) => this.#call('replicaRenew', [repeatsAll]),
    rename: (name) => this.#call('replicaRename', [name]),
    proveLogin: (text) => this.#call('replicaProveLogin', [text]),
    draft: (options) => this.#call('replicaDraft', [options]),
    sign: (nowMs) => this.#call('replicaSign', [nowMs]),
    resign: (serverIndex, serverEpoch) => this.#call('replicaResign', [serverIndex, serverEpoch]),
    tidy: ({ signal, ...options }) => this.#call('replicaTidy', [options], signal === undefined ? {} : { signal }),
    earlier: () => this.#call('replicaEarlier', []),
    retellEarlier: (devices, nowMs) => this.#call('replicaRetellEarlier', [devices, nowMs]),
    lastWords: (server, { nowMs, signal }) => this.#call('replicaLastWords', [server, nowMs], { signal }),
    noteLastWords: (deviceId) => this.#call('replicaNoteLastWords', [deviceId]),
    freeing: () => this.#call('replicaFreeing', []),
    noteFreed: (ids) => this.#call('replicaNoteFreed', [ids]),
    list: (fromIndex, maxEntries, maxBytes) => this.#call('replicaList', [fromIndex, maxEntries, maxBytes]),
    objects: (ids) => this.#call('replicaObjects', [ids]),
    merge: (changes, options) => this.#call('replicaMerge', [changes, options]),
    checkpoints: (strategy) => this.#call('replicaCheckpoints', [strategy]),
    conflicts: (strategy) => this.#call('replicaConflicts', [strategy]),
    edit: (entity, values, options) => this.#call('replicaEdit', [entity, values, options]),
    header: () => this.#call('replicaHeader', []),
    sealKey: (keys) => this.#call('replicaSealKey', [keys]),
    openEpoch: (atLeast, nowMs, { isBegun }) => this.#call('replicaOpenEpoch', [atLeast, nowMs, isBegun]),
    createLane: (path, nowMs) => this.#call('replicaCreateLane', [path, nowMs]),
  };

  readonly lane: VaultLane = {
    begin: (deviceId) => this.#call('laneBegin', [deviceId]),
    state: () => this.#call('laneState', []),
    check: (batch) => this.#call('laneCheck', [batch]),
    importObjects: (objects) => this.#call('laneImport', [objects]),
    apply: (batch, options, control) => this.#call('laneApply', [batch, options], control),
    applyCheckpoints: (checkpoints) => this.#call('laneCheckpoints', [checkpoints]),
  };

  async close(): Promise<void> {
    if (!this.#isClosed) await this.#call('close', []);
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call<Name extends OperationName>(
    name: Name,
    values: Operations[Name]['arguments'],
    options: LongWorkOptions = {},
    transfer: readonly Transferable[] = [],
  ): Promise<Operations[Name]['result']> {
    if (this.#isClosed) return Promise.reject(closed());
    if (options.signal?.aborted === true)
      return Promise.reject(
        new AppError('CANCELLED', 'The work was cancelled before it began.', { isRetryable: true }),
      );
    this.#calls += 1;
    const call = this.#calls;
    const onAbort = (): void => this.#worker.postMessage({ type: 'cancel', call });
    options.signal?.addEventListener('abort', onAbort, { once: true });
    return new Promise<Operations[Name]['result']>((resolve, reject) => {
      // The worker answers a call of this name with this result: `Operations` is derived from the engine.
      this.#waiting.set(call, {
        resolve: (result) => resolve(result as Operations[Name]['result']),
        reject,
        onProgress: options.onProgress,
      });
      this.#worker.postMessage({ type: 'call', call, name, arguments: values }, transfer);
    }).finally(() => options.signal?.removeEventListener('abort', onAbort));
  }

  #handleReply(message: ReplyMessage): void {
    if (message.type === 'ready' || message.type === 'failed-to-open') return;
    const waiting = this.#waiting.get(message.call);
    if (message.type === 'progress') {
      waiting?.onProgress?.(message.progress);
      return;
    }
    this.#waiting.delete(message.call);
    if (message.type === 'done') waiting?.resolve(message.result);
    else waiting?.reject(fromPlainError(message.error));
  }

  /** The streams as they will be known if the save takes them as they are. */
  #offeredStreams(request: SaveRequest): Map<ItemKey, Map<string, KnownStream>> {
    const offered = new Map<ItemKey, Map<string, KnownStream>>();
    for (const item of request.items) {
      const streams = item.streams.map(({ name, version, content }): [string, KnownStream] => {
        const before = this.#known.get(item.key)?.get(name);
        return [name, { version, sizeBytes: sizeAfter(content, before) }];
      });
      if (!offered.has(item.key)) offered.set(item.key, new Map(streams));
    }
    return offered;
  }

  /** What the save committed is what sources may refer to next time. */
  #learn(
    offered: ReadonlyMap<ItemKey, Map<string, KnownStream>>,
    carried: readonly ItemKey[],
    result: SaveResult,
  ): void {
    for (const key of this.#known.keys()) if (!offered.has(key) && !carried.includes(key)) this.#known.delete(key);
    for (const [key, streams] of offered) this.#known.set(key, streams);
    for (const { key, stream } of result.needsWhole) this.#known.get(key)?.delete(stream);
    for (const gap of result.leftOut) if (gap.key !== undefined) this.#known.delete(gap.key);
  }

  #streamsOf(key: ItemKey): Map<string, KnownStream> {
    const streams = this.#known.get(key) ?? new Map<string, KnownStream>();
    this.#known.set(key, streams);
    return streams;
  }
}

function sizeAfter(
  content: SaveRequest['items'][number]['streams'][number]['content'],
  before: KnownStream | undefined,
): number {
  switch (content.type) {
    case 'whole':
      return content.bytes.length;
    case 'appended':
      return content.fromByte + content.bytes.length;
    case 'unchanged':
      return before?.sizeBytes ?? 0;
  }
}

/** The buffers that move to the worker instead of being copied: those whose view covers all of them, each once. */
function contentBuffers(request: SaveRequest): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const item of request.items) {
    for (const { content } of item.streams) {
      if (content.type === 'unchanged') continue;
      if (content.bytes.byteLength === content.bytes.buffer.byteLength) buffers.add(content.bytes.buffer);
    }
  }
  return [...buffers];
}

function closed(): AppError {
  return new AppError('VAULT_CLOSED', 'The vault was closed in the meantime.', { hint: 'Open it again.' });
}
