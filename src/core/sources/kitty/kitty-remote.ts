// Speaks kitty's remote control protocol on the socket that the user configured: one command a connection, JSON in an escape sequence.
// Programs of kitty's own are not started for it: each would take longer than all answers together.

import { createConnection } from 'node:net';

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { JsonObject } from '../../../shared/model/json.ts';

const BEGIN = '\u001bP@kitty-cmd';
const END = '\u001b\\';
/** The oldest kitty whose protocol has all that is asked here. */
const VERSION = [0, 14, 2];
const TIMEOUT_MS = 2_000;
/** The text of a window with the largest scrollback that is kept, escaped. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

const answerSchema = z.object({ ok: z.boolean(), data: z.unknown().optional(), error: z.string().optional() });

export type KittyAnswer =
  | { readonly ok: true; readonly data: unknown }
  /** kitty refused: remote control is not allowed, or what was asked for is gone. */
  | { readonly ok: false; readonly error: string };

export interface AskKittyOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** The path of a `listen_on` address for a connection; null for anything but a Unix socket. */
export function socketPathOf(address: string): string | null {
  if (!address.startsWith('unix:')) return null;
  const path = address.slice('unix:'.length);
  if (path.startsWith('@')) return `\0${path.slice(1)}`;
  return path.startsWith('/') && !path.includes('\0') ? path : null;
}

/** Asks and waits for the answer. @throws AppError EXEC_FAILED, EXEC_TIMEOUT, CANCELLED */
export async function askKitty(
  socketPath: string,
  command: string,
  payload: JsonObject,
  options: AskKittyOptions = {},
): Promise<KittyAnswer> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  await converse(socketPath, requestOf(command, payload, false), options, (part) => {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new AppError('EXEC_FAILED', 'kitty answered with too much text.');
    // The end may have come in two parts.
    return endsAnswer(Buffer.concat(parts.slice(-2)));
  });
  const answer = parseKittyAnswer(Buffer.concat(parts));
  if (answer === null) throw new AppError('EXEC_FAILED', 'kitty gave an answer that cannot be read.');
  return answer;
}

/** Tells kitty something that it does not answer to. @throws as `askKitty` */
export async function tellKitty(
  socketPath: string,
  command: string,
  payload: JsonObject,
  options: AskKittyOptions = {},
): Promise<void> {
  await converse(socketPath, requestOf(command, payload, true), options, null);
}

/** Parses one whole answer; null where it is none. Takes any bytes. */
export function parseKittyAnswer(bytes: Buffer): KittyAnswer | null {
  const text = bytes.toString('utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin + BEGIN.length);
  if (begin < 0 || end < 0) return null;
  try {
    const answer = answerSchema.safeParse(JSON.parse(text.slice(begin + BEGIN.length, end))).data;
    if (answer === undefined) return null;
    return answer.ok ? { ok: true, data: answer.data } : { ok: false, error: (answer.error ?? '').slice(0, 200) };
  } catch {
    return null; // no JSON
  }
}

function requestOf(command: string, payload: JsonObject, noResponse: boolean): string {
  return `${BEGIN}${JSON.stringify({ cmd: command, version: VERSION, no_response: noResponse, payload })}${END}`;
}

/** JSON has no raw escape character, so this is no part of the answer. */
function endsAnswer(tail: Buffer): boolean {
  return tail.subarray(-END.length).toString('latin1') === END;
}

/** Sends, and resolves once `onPart` says that it has the whole answer; with null, once all was sent. */
function converse(
  socketPath: string,
  request: string,
  { signal, timeoutMs = TIMEOUT_MS }: AskKittyOptions,
  onPart: ((part: Buffer) => boolean) | null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(cancelled());
      return;
    }
    const socket = createConnection({ path: socketPath });
    const finish = (error?: AppError): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = (): void => finish(cancelled());
    const timer = setTimeout(() => {
      finish(new AppError('EXEC_TIMEOUT', `kitty did not answer within ${timeoutMs} ms.`, { isRetryable: true }));
    }, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.on('error', () => finish(new AppError('EXEC_FAILED', 'The socket of kitty could not be used.')));
    socket.on('close', () => finish(new AppError('EXEC_FAILED', 'kitty closed the connection.')));
    socket.on('data', (part) => {
      try {
        if (onPart?.(part) === true) finish();
      } catch (error) {
        finish(error instanceof AppError ? error : new AppError('EXEC_FAILED', 'kitty gave a senseless answer.'));
      }
    });
    if (onPart === null) socket.end(request, () => finish());
    else socket.write(request);
  });
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'Asking kitty was cancelled.', { isRetryable: true });
}
