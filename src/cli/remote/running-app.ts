// Finds the app that runs over a data folder and calls it. Before the token is said, the other end has to show that it knows it: a
// port that is free again may be anybody's.

import { randomBytes } from 'node:crypto';

import { AppError, fromPlainError } from '../../shared/model/app-error.ts';
import { plainErrorSchema } from '../../shared/contract/schemas.ts';
import { answerChallenge, isSameSecret, readApiToken } from '../../core/api/local/api-token.ts';
import { decodeBridge, encodeBridge } from '../../core/api/local/bridge-codec.ts';
import { findApiPort } from '../../core/session/run-marker.ts';
import type { LongWorkOptions, Progress } from '../../core/vault/vault.ts';

/** An app on a busy machine; where none listens on the port, that is known at once. */
const HELLO_WITHIN_MS = 5_000;

/** A running app that has shown that it is Cairn's. */
export interface RunningApp {
  readonly port: number;
  /** Calls an operation of its open vault. @throws AppError of it, or VAULT_CLOSED where the app has gone */
  call(operation: string, values: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Calls one of its REST addresses. @throws as `call` */
  post(path: string, body?: unknown): Promise<unknown>;
  get(path: string): Promise<unknown>;
}

export interface CallOptions extends LongWorkOptions {
  /** Whose history: another device's. */
  readonly device?: string;
}

/** The running app over this folder; null where there is none, or none that can be trusted. */
export async function findRunningApp(
  files: { readonly running: string; readonly apiToken: string },
  isProcessAlive: (pid: number) => boolean,
): Promise<RunningApp | null> {
  const port = findApiPort(files.running, isProcessAlive);
  const token = port === null ? null : readApiToken(files.apiToken);
  if (port === null || token === null || !(await knowsToken(port, token))) return null;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const base = `http://127.0.0.1:${port}`;
  return {
    port,
    call: (operation, values, options = {}) =>
      reach(async () => {
        const init = { method: 'POST', headers, body: encodeBridge({ arguments: values, device: options.device }) };
        const signal = options.signal === undefined ? {} : { signal: options.signal };
        const response = await fetch(`${base}/bridge/${operation}`, { ...init, ...signal });
        if (!response.ok) throw errorOf(await response.text());
        return readAnswer(response, options.onProgress);
      }),
    post: (path, body) =>
      reach(async () => {
        const sent = body === undefined ? {} : { body: JSON.stringify(body) };
        const response = await fetch(`${base}${path}`, { method: 'POST', headers, ...sent });
        const text = await response.text();
        if (!response.ok) throw errorOf(text);
        return decodeBridge(text);
      }),
    get: (path) =>
      reach(async () => {
        const response = await fetch(`${base}${path}`, { headers });
        const text = await response.text();
        if (!response.ok) throw errorOf(text);
        return decodeBridge(text);
      }),
  };
}

async function knowsToken(port: number, token: string): Promise<boolean> {
  const challenge = randomBytes(16).toString('hex');
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/hello?challenge=${challenge}`, {
      signal: AbortSignal.timeout(HELLO_WITHIN_MS),
    });
    const document: unknown = await response.json();
    const answer = typeof document === 'object' && document !== null && 'answer' in document ? document.answer : '';
    return typeof answer === 'string' && isSameSecret(answer, answerChallenge(token, challenge));
  } catch {
    return false; // nobody is there, or it is not Cairn
  }
}

/** Lines of JSON: progress, then the result or the error. */
async function readAnswer(response: Response, onProgress?: (progress: Progress) => void): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = decodeBridge(text.slice(0, end));
      text = text.slice(end + 1);
      if (typeof line !== 'object' || line === null) continue;
      if ('error' in line) throw toError(line.error);
      if ('result' in line) return line.result;
      if ('progress' in line) onProgress?.(line.progress as Progress); // our own app's, as the engine reports it
    }
  }
  throw gone();
}

/** What the platform throws where the other end is gone becomes our own error. */
async function reach<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof Error && error.name === 'AbortError')
      throw new AppError('CANCELLED', 'The work was cancelled; what was done so far stays done.', {
        isRetryable: true,
      });
    throw gone(error);
  }
}

function errorOf(text: string): AppError {
  const document = decodeBridge(text);
  return toError(typeof document === 'object' && document !== null && 'error' in document ? document.error : null);
}

function toError(value: unknown): AppError {
  const parsed = plainErrorSchema.safeParse(value);
  return parsed.success ? fromPlainError(parsed.data) : gone();
}

function gone(cause?: unknown): AppError {
  return new AppError('VAULT_CLOSED', 'The running Cairn did not answer.', {
    hint: 'Try again; if it has ended, the password is asked for.',
    isRetryable: true,
    cause,
  });
}
