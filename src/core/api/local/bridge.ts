// The way of the command line into a running app: operations of the open vault, by name, for whoever has the token. What changes keys is
// not among them: that asks for the password. Answers come as lines of JSON: progress, then a result or an error.

import type { IncomingMessage, ServerResponse } from 'node:http';

import { z } from 'zod';

import { AppError, toPlainError } from '../../../shared/model/app-error.ts';
import { checkpointAttributesSchema } from '../../../shared/contract/schemas.ts';
import { SNAPSHOT_KINDS } from '../../../shared/model/snapshot.ts';
import type { AppSession } from '../../session/session.ts';
import { linkTo } from '../../sync/publishing/server-link.ts';
import type { LongWorkOptions, Vault } from '../../vault/vault.ts';
import { withHistory } from '../histories.ts';
import { checkArguments, parseArgument } from './bridge-arguments.ts';
import {
  BRIDGE_OPERATIONS,
  LONG_BRIDGE_OPERATIONS,
  type BridgeOperation,
  type LongBridgeOperation,
} from './bridge-operations.ts';
import { decodeBridge, encodeBridge } from './bridge-codec.ts';

/** A session that is published may be as large as the server takes. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

const questionSchema = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()) });
/** Reads of another device's history. */
const HISTORY_OPERATIONS = [
  'listSnapshots',
  'resolveSnapshot',
  'readSnapshot',
  'readStream',
  'readIntact',
  'exportStream',
  'density',
  'changes',
  'explainKept',
  'search',
  'listTexts',
  'placesOf',
  'listCheckpoints',
  'listSessions',
  'findSession',
  'readMessages',
  'searchSessions',
  'verify',
] as const satisfies readonly (BridgeOperation | LongBridgeOperation)[];

const requestSchema = z.object({
  arguments: z.array(z.unknown()).max(8),
  device: z.string().min(1).max(100).optional(),
});
const captureSchema = z.object({
  kind: z.enum(SNAPSHOT_KINDS),
  checkpoint: checkpointAttributesSchema.optional(),
});

/** Answers one call: `POST /bridge/<operation>`. */
export async function handleBridge(
  request: IncomingMessage,
  response: ServerResponse,
  session: AppSession,
): Promise<void> {
  const name = (request.url ?? '').slice('/bridge/'.length);
  const end = new AbortController();
  response.on('close', () => end.abort());
  const parsed = requestSchema.safeParse(decodeBridge(await readBody(request)));
  if (!parsed.success)
    throw new AppError('USAGE_INVALID', 'These are no arguments.', { hint: 'Both ends must be of the same version.' });
  const { arguments: values, device } = parsed.data;
  session.unlocked(); // a locked vault is an answer of its own, before anything is streamed
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const say = (line: object): void => {
    if (!response.writableEnded) response.write(`${encodeBridge(line)}\n`);
  };
  const options: LongWorkOptions = { signal: end.signal, onProgress: (progress) => say({ progress }) };
  try {
    const result =
      device === undefined
        ? await perform(session, name, values, options)
        : await withHistory(session, device, ({ vault }) => performOn(vault, name, values, options));
    say({ result: result ?? null });
  } catch (error) {
    say({ error: toPlainError(error) });
  }
  response.end();
}

async function perform(
  session: AppSession,
  name: string,
  values: readonly unknown[],
  options: LongWorkOptions,
): Promise<unknown> {
  const { app, sync } = session.unlocked();
  const signal = options.signal ?? new AbortController().signal;
  if (name === 'capture')
    return app.captureNow({ ...withoutUndefined(parseArgument(captureSchema, values[0])), signal });
  if (name === 'look') return app.lookNow(signal);
  if (name === 'notices') return app.vault.notices;
  // Its tokens are renewed in one process only: two would be taken for a theft.
  if (name === 'askServer') return linkTo(sync).ask(parseArgument(questionSchema, values[0]), signal);
  if (name === 'holdRestore') return session.whileRestoring(() => holdUntilGone(signal, options));
  const { vault } = app;
  if (isOneOf(BRIDGE_OPERATIONS, name)) {
    const operation = vault[name] as (...values: readonly unknown[]) => Promise<unknown>; // checked below
    const result = await operation.apply(vault, [...checkArguments(name, values)]);
    if (name === 'saveSession' || name === 'removeSessions') session.emit({ type: 'sessions.changed' });
    if (name.endsWith('Checkpoint') || name === 'deleteCheckpoints') session.emit({ type: 'checkpoints.changed' });
    return result;
  }
  if (isOneOf(LONG_BRIDGE_OPERATIONS, name)) {
    const operation = vault[name] as (...values: readonly unknown[]) => Promise<unknown>; // as above
    const result = await operation.apply(vault, withOptions(checkArguments(name, values), options));
    if (name === 'verify' || name === 'heal' || name === 'backup') await session.refreshHealth();
    if (name === 'prune' || name === 'forget') session.emit({ type: 'snapshots.removed' });
    return result;
  }
  throw new AppError('USAGE_INVALID', 'There is no such operation.', {
    hint: 'Both ends must be of the same version.',
  });
}

/** @throws AppError USAGE_INVALID for what is no read */
function performOn(vault: Vault, name: string, values: readonly unknown[], options: LongWorkOptions): Promise<unknown> {
  if (!isOneOf(HISTORY_OPERATIONS, name))
    throw new AppError('USAGE_INVALID', "Another device's history is only read.", {
      hint: 'Do it on that device.',
    });
  const operation = vault[name] as (...values: readonly unknown[]) => Promise<unknown>; // as above
  const checked = checkArguments(name, values);
  return operation.apply(vault, isOneOf(LONG_BRIDGE_OPERATIONS, name) ? withOptions(checked, options) : [...checked]);
}

/** Options travel last, without signal and callback. */
function withOptions(values: readonly unknown[], options: LongWorkOptions): unknown[] {
  const last = values.at(-1);
  return [...values.slice(0, -1), { ...(typeof last === 'object' ? last : {}), ...options }];
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}

/** The command line restores in its own process: until it hangs up, nothing here may lock the vault or end the app. */
function holdUntilGone(signal: AbortSignal, { onProgress }: LongWorkOptions): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    onProgress?.({ done: 0, total: 1 });
  });
}

function withoutUndefined({ kind, checkpoint }: z.output<typeof captureSchema>) {
  return { kind, ...(checkpoint === undefined ? {} : { checkpoint }) };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk = part as Buffer; // a request without encoding gives buffers
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES)
      throw new AppError('USAGE_INVALID', 'The body is too large.', { hint: 'Send less at once.' });
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}
