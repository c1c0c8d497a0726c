// The worker thread's entry: opens the engine, answers requests. Reads run as they come; writes queue up on the writer's lock.

import { randomBytes } from 'node:crypto';
import { parentPort, workerData, type Transferable } from 'node:worker_threads';

import { AppError, toPlainError } from '../../shared/model/app-error.ts';
import { DEFAULT_ARGON2 } from '../crypto/key-slot.ts';
import type { OperationName, ReplyMessage, RequestMessage, WorkerStart } from './rpc.ts';
import type { SealedObject } from './vault-replica.ts';
import type { WorkControl } from './upkeep/slices.ts';
import { mergeVaults } from './merge/merge-vaults.ts';
import { repairVault } from './repair/repair-vault.ts';
import { VaultEngine } from './vault-engine.ts';
import { vaultFiles } from './vault-files.ts';

const port = parentPort;
if (port === null) throw new RangeError('the vault worker runs in a worker thread only');

const controllers = new Map<number, AbortController>();

function reply(message: ReplyMessage, transfer: readonly Transferable[] = []): void {
  port?.postMessage(message, transfer);
}

async function start(): Promise<VaultEngine> {
  const { path, nowMs, open, argon2, maxSnapshotBytes } = workerData as WorkerStart; // given by vault-client.ts
  const options = {
    random: randomBytes,
    ...(argon2 === undefined ? {} : { argon2 }),
    ...(maxSnapshotBytes === undefined ? {} : { maxSnapshotBytes }),
  };
  if (open.type === 'open') {
    const engine = await VaultEngine.open(path, open.secret, nowMs, options);
    forgetSecret();
    reply({ type: 'ready', ready: { notices: engine.notices, recoveryKey: null, streams: engine.newestStreams() } });
    return engine;
  }
  if (open.type === 'join') {
    const engine = await VaultEngine.join(path, open.shared, nowMs, options);
    reply({ type: 'ready', ready: { notices: engine.notices, recoveryKey: null, streams: [] } });
    return engine;
  }
  if (open.type !== 'create') throw new RangeError('such work opens no vault');
  const { engine, recoveryKey } = await VaultEngine.create(path, open.password, nowMs, options);
  forgetSecret();
  reply({ type: 'ready', ready: { notices: engine.notices, recoveryKey, streams: [] } });
  return engine;
}

/** What this thread was started with would live as long as the thread does, the password within it. */
function forgetSecret(): void {
  delete (workerData as { open?: WorkerStart['open'] }).open; // given by vault-client.ts
}

/** Calls the engine by name. The client's types make sure that name and arguments fit. */
function perform(engine: VaultEngine, name: OperationName, values: readonly unknown[], control: WorkControl): unknown {
  const owner = [engine, engine.replica, engine.integrity].find((part) => name in part) ?? engine;
  const method = owner[name as keyof typeof owner] as (...values: readonly unknown[]) => unknown; // typed on the client's side by `Operations`
  return method.call(owner, ...values, control);
}

async function answer(
  engine: VaultEngine,
  call: number,
  name: OperationName,
  values: readonly unknown[],
): Promise<void> {
  const controller = new AbortController();
  controllers.set(call, controller);
  const control: WorkControl = {
    signal: controller.signal,
    onProgress: (progress) => reply({ type: 'progress', call, progress }),
  };
  try {
    const result = await perform(engine, name, values, control);
    reply({ type: 'done', call, result }, buffersOf(name, result));
    if (name === 'save') engine.checkpointLog('PASSIVE');
    if (name === 'upkeep') engine.checkpointLog('TRUNCATE');
  } catch (error) {
    reply({ type: 'failed', call, error: toPlainError(asCancelled(error, controller.signal)) });
  } finally {
    controllers.delete(call);
  }
  if (name === 'close') port?.close();
}

/** What of an answer goes to the caller instead of being copied: bytes, and the boxes of objects, each with a buffer of its own. */
function buffersOf(name: OperationName, result: unknown): ArrayBuffer[] {
  const parts = name === 'replicaObjects' ? (result as SealedObject[]).map(({ box }) => box) : [result]; // as it answers
  return parts.flatMap((part) =>
    part instanceof Uint8Array && part.buffer instanceof ArrayBuffer ? [part.buffer] : [],
  );
}

function asCancelled(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || error instanceof AppError) return error;
  return new AppError('CANCELLED', 'The work was cancelled; what was done so far stays done.', { isRetryable: true });
}

/** Repairs the vault or merges another one into it, and answers once. */
async function performTask({ path, nowMs, open, argon2 = DEFAULT_ARGON2 }: WorkerStart): Promise<void> {
  if (open.type !== 'repair' && open.type !== 'merge') return;
  const controller = new AbortController();
  port?.on('message', (message: RequestMessage) => message.type === 'cancel' && controller.abort());
  const control: WorkControl = {
    signal: controller.signal,
    onProgress: (progress) => reply({ type: 'progress', call: 0, progress }),
  };
  const files = vaultFiles(path);
  const common = { sidecarPath: files.sidecar, random: randomBytes, argon2, nowMs };
  const { secret } = open;
  const work = async (): Promise<unknown> => {
    if (open.type === 'repair') return repairVault(files, secret, { ...common, ...open }, control);
    return mergeVaults(files, secret, { ...common, ...open }, control);
  };
  reply({ type: 'done', call: 0, result: await work() });
  port?.close();
}

async function serve(): Promise<void> {
  const engine = await start();
  port?.on('message', (message: RequestMessage) => {
    if (message.type === 'cancel') controllers.get(message.call)?.abort();
    else void answer(engine, message.call, message.name, message.arguments);
  });
}

try {
  const given = workerData as WorkerStart; // given by the clients
  if (given.open.type === 'repair' || given.open.type === 'merge') await performTask(given);
  else await serve();
} catch (error) {
  reply({ type: 'failed-to-open', error: toPlainError(error) });
  port.close();
}
