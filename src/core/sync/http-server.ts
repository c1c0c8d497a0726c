// A sync server over HTTP. Requests carry the protocol's version; answers are parsed before they are believed. Tokens are renewed when they
// run out, once for all requests that wait. Whatever goes wrong comes out as an AppError with a code of sync.

import { z } from 'zod';

import { AppError } from '../../shared/model/app-error.ts';
import type { ErrorCode } from '../../shared/model/error-codes.ts';
import {
  accountAnswerSchema,
  deviceCodeAnswerSchema,
  helloAnswerSchema,
  REFRESH_PROOF_PREFIX,
  tokensAnswerSchema,
} from '../../shared/replication/account.ts';
import { concatBytes } from '../../shared/replication/bytes.ts';
import { refusalSchema, type RefusalCode } from '../../shared/replication/errors.ts';
import { frameParts, parseFrames, type ObjectFrame } from '../../shared/replication/frames.ts';
import type { DeviceId, VaultKeyId } from '../../shared/replication/ids.ts';
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_HEADER, PROTOCOL_VERSION } from '../../shared/replication/limits.ts';
import {
  haveAnswerSchema,
  joinsAnswerSchema,
  joinSchema,
  noticeSchema,
  pushAnswerSchema,
  slotsSchema,
  statusAnswerSchema,
  uploadAnswerSchema,
} from '../../shared/replication/replica.ts';
import { pathOf, type RouteIds, type RouteName } from '../../shared/replication/routes.ts';
import { sendRequest, type HttpAnswer } from '../http/send-request.ts';
import { SyncRefusal, type LoginServer, type SyncServer, type TokenStore } from './server-port.ts';

/** Who says nothing for so long is gone: an answer may take long on a slow line, while it goes on. A stream has a comment every 20 s. */
const SILENCE_MS = 60_000;
/** What is sent on the slowest line is waited for before its answer. */
const SLOWEST_BYTES_PER_MS = 16;
/** Nothing takes longer than this, however much goes on. */
const ANSWER_WITHIN_MS = 30 * 60_000;
/** Tokens are renewed so long before they end. */
const RENEW_BEFORE_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface HttpServerDeps {
  /** `https://sync.example.org`, with or without a path. */
  readonly url: string;
  readonly nowMs: () => number;
  /** How long a server may say nothing; a minute. */
  readonly silenceMs?: number;
}

interface Request {
  readonly route: RouteName;
  readonly ids?: RouteIds;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  /** Many bytes, one piece after the other; gone when they are there. */
  readonly pieces?: readonly Uint8Array[];
  readonly token?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What can be done without a token. */
export function createLoginServer(deps: HttpServerDeps): LoginServer {
  const http = new Http(deps);
  return {
    hello: async (signal) => {
      const hello = await http.json({ route: 'hello', signal }, helloAnswerSchema);
      const { oldest, newest } = hello.protocol;
      if (newest < OLDEST_PROTOCOL_VERSION || oldest > PROTOCOL_VERSION) throw tooOld(oldest > PROTOCOL_VERSION);
      return hello;
    },
    signUp: (email, password) => http.done({ route: 'signUp', method: 'POST', json: { email, password } }),
    requestCode: (request) => http.json({ route: 'deviceCode', method: 'POST', json: request }, deviceCodeAnswerSchema),
    approveCode: (userCode, email, password) =>
      http.done({ route: 'approve', method: 'POST', json: { userCode, email, password } }),
    takeTokens: (deviceCode, signature) =>
      http.json({ route: 'deviceToken', method: 'POST', json: { deviceCode, signature } }, tokensAnswerSchema),
  };
}

export function createSyncServer(deps: HttpServerDeps, tokens: TokenStore): SyncServer {
  const http = new Http(deps);
  const session = new TokenSession(http, tokens, deps.nowMs);
  const json = <Answer>(request: Request, schema: z.ZodType<Answer>): Promise<Answer> =>
    session.with(request.signal, (token) => http.json({ ...request, token }, schema));
  const done = (request: Request): Promise<void> =>
    session.with(request.signal, (token) => http.done({ ...request, token }));
  const bytes = (request: Request): Promise<Uint8Array> =>
    session.with(request.signal, (token) => http.bytes({ ...request, token }));
  const of = (vault: VaultKeyId, device?: DeviceId): RouteIds => ({
    vault,
    ...(device === undefined ? {} : { device }),
  });
  return {
    account: (signal) => json({ route: 'account', signal }, accountAnswerSchema),
    ask: (question, signal) => json({ route: 'graphql', method: 'POST', json: question, signal }, z.unknown()),
    createVault: (vault, epoch) => done({ route: 'vault', ids: of(vault), method: 'PUT', json: { epoch } }),
    status: (vault, signal) => json({ route: 'status', ids: of(vault), signal }, statusAnswerSchema),
    pull: (vault, request, signal) => bytes({ route: 'pull', ids: of(vault), method: 'POST', json: request, signal }),
    push: async (vault, entries, signal) =>
      (await json({ route: 'entries', ids: of(vault), method: 'POST', bytes: entries, signal }, pushAnswerSchema)).head,
    have: (vault, ids, signal) =>
      json({ route: 'have', ids: of(vault), method: 'POST', json: { ids }, signal }, haveAnswerSchema),
    upload: async (vault, frames, signal) => {
      const request: Request = { route: 'objects', ids: of(vault), method: 'PUT', pieces: frameParts(frames), signal };
      return (await json(request, uploadAnswerSchema)).objects;
    },
    getObjects: async (vault, objects, signal): Promise<readonly ObjectFrame[]> => {
      const answer = await bytes({ route: 'getObjects', ids: of(vault), method: 'POST', json: { objects }, signal });
      const frames = parseFrames(answer);
      if (frames === null) throw nonsense();
      return frames;
    },
    free: (vault, ids, signal) => done({ route: 'free', ids: of(vault), method: 'POST', json: { ids }, signal }),
    reportDamaged: (vault, ids, signal) =>
      done({ route: 'damaged', ids: of(vault), method: 'POST', json: { ids }, signal }),
    readSlots: (vault, signal) => json({ route: 'slots', ids: of(vault), signal }, slotsSchema),
    writeSlots: async (vault, slots, signal) => {
      await done({ route: 'slots', ids: of(vault), method: 'PUT', json: slots, signal });
      return slots;
    },
    askToJoin: (vault) => done({ route: 'joins', ids: of(vault), method: 'POST', json: {} }),
    readJoin: (vault, device) => json({ route: 'join', ids: of(vault, device) }, joinSchema),
    listJoins: async (vault) => (await json({ route: 'joins', ids: of(vault) }, joinsAnswerSchema)).joins,
    answerJoin: (vault, device, sealedKey) => {
      const answer = sealedKey === null ? { answer: 'refuse' } : { answer: 'approve', sealedKey };
      return done({ route: 'answerJoin', ids: of(vault, device), method: 'POST', json: answer });
    },
    rename: (device, name) => done({ route: 'device', ids: { device }, method: 'PATCH', json: { name } }),
    revoke: (device) => done({ route: 'device', ids: { device }, method: 'DELETE' }),
    logOut: () => done({ route: 'logOut', method: 'POST', json: {} }),
    listen: (vault, { onOpen, onNotice }, signal) => {
      const onData = (data: string): void => {
        const notice = noticeSchema.safeParse(parseJson(data));
        if (notice.success) onNotice(notice.data);
      };
      return session.with(signal, (token) =>
        http.events({ route: 'events', ids: of(vault), token, signal }, { onOpen, onData }),
      );
    },
  };
}

class Http {
  readonly #base: string;
  readonly #silenceMs: number;
  readonly nowMs: () => number;

  constructor({ url, nowMs, silenceMs = SILENCE_MS }: HttpServerDeps) {
    this.#base = url.replace(/\/+$/, '');
    this.#silenceMs = silenceMs;
    this.nowMs = nowMs;
  }

  async json<Answer>(request: Request, schema: z.ZodType<Answer>): Promise<Answer> {
    const answer = await this.bytes(request);
    const parsed = schema.safeParse(parseJson(new TextDecoder().decode(answer)));
    if (!parsed.success) throw nonsense();
    return parsed.data;
  }

  async done(request: Request): Promise<void> {
    await this.bytes(request);
  }

  async bytes(request: Request): Promise<Uint8Array> {
    return this.#whileHeard(request, ANSWER_WITHIN_MS, async (signal, onHeard) => {
      const response = await this.#send(request, signal);
      const body = await readBounded(response, onHeard);
      if (!response.ok) throw refusalOf(response.status, body);
      return body;
    });
  }

  /** Reads server-sent events until the stream ends. */
  async events(
    request: Request,
    hears: { readonly onOpen: () => void; readonly onData: (data: string) => void },
  ): Promise<void> {
    await this.#whileHeard(request, null, async (signal, onHeard) => {
      const response = await this.#send(request, signal);
      if (!response.ok) throw refusalOf(response.status, await readBounded(response, onHeard));
      hears.onOpen();
      const decoder = new TextDecoder();
      let text = '';
      for await (const piece of response.body) {
        onHeard();
        text += decoder.decode(piece, { stream: true });
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        if (text.length > 65_536) throw nonsense();
        for (const line of lines) if (line.startsWith('data:')) hears.onData(line.slice(5).trim());
      }
    });
  }

  /** Ends the work once nothing was heard for long, and after `withinMs` whatever is heard; null: never. */
  async #whileHeard<Result>(
    request: Request,
    withinMs: number | null,
    work: (signal: AbortSignal, onHeard: () => void) => Promise<Result>,
  ): Promise<Result> {
    const silence = new AbortController();
    const sizeBytes = request.pieces?.reduce((sum, { length }) => sum + length, 0) ?? request.bytes?.length ?? 0;
    const end = (): void => silence.abort();
    let timer = setTimeout(end, this.#silenceMs + sizeBytes / SLOWEST_BYTES_PER_MS);
    const deadline = withinMs === null ? undefined : setTimeout(end, withinMs);
    const onHeard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(end, this.#silenceMs);
    };
    const signals = [silence.signal, ...(request.signal === undefined ? [] : [request.signal])];
    try {
      return await this.#reach(request, () => work(AbortSignal.any(signals), onHeard));
    } finally {
      clearTimeout(timer);
      clearTimeout(deadline);
    }
  }

  #send({ route, ids, method = 'GET', json, bytes, pieces, token }: Request, signal: AbortSignal): Promise<HttpAnswer> {
    const isBinary = bytes !== undefined || pieces !== undefined;
    const whole = bytes ?? (json === undefined ? null : encodeJson(json));
    const body = pieces ?? (whole === null ? null : [whole]);
    return sendRequest({
      url: `${this.#base}${pathOf(route, ids)}`,
      method,
      headers: {
        [PROTOCOL_HEADER]: String(PROTOCOL_VERSION),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === null ? {} : { 'content-type': isBinary ? 'application/octet-stream' : 'application/json' }),
      },
      pieces: body,
      freesPieces: pieces !== undefined,
      signal,
    });
  }

  async #reach<Result>({ signal }: Request, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (signal?.aborted === true) throw cancelled();
      throw offline(error);
    }
  }
}

/** One access token for all requests; renewed once, however many wait. */
class TokenSession {
  readonly #http: Http;
  readonly #store: TokenStore;
  readonly #nowMs: () => number;
  #renewing: Promise<string> | null = null;

  constructor(http: Http, store: TokenStore, nowMs: () => number) {
    this.#http = http;
    this.#store = store;
    this.#nowMs = nowMs;
  }

  async with<Result>(signal: AbortSignal | undefined, work: (token: string) => Promise<Result>): Promise<Result> {
    const { accessToken, accessUntilMs } = this.#store.read();
    const isOver = accessToken === '' || accessUntilMs - RENEW_BEFORE_MS < this.#nowMs();
    const token = isOver ? await unlessAborted(this.#renew(accessToken), signal) : accessToken;
    try {
      return await work(token);
    } catch (error) {
      if (!(error instanceof SyncRefusal) || error.refusal.code !== 'unauthenticated') throw error;
      return work(await unlessAborted(this.#renew(token), signal));
    }
  }

  /** @param spent the token that does not serve any more */
  async #renew(spent: string): Promise<string> {
    const { accessToken } = this.#store.read();
    if (this.#renewing === null && accessToken !== spent) return accessToken;
    this.#renewing ??= this.#askForTokens().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #askForTokens(): Promise<string> {
    const { refreshToken } = this.#store.read();
    if (refreshToken === '') throw loggedOut();
    const signature = await this.#store.sign(`${REFRESH_PROOF_PREFIX}${refreshToken}`);
    const request: Request = { route: 'refresh', method: 'POST', json: { refreshToken, signature } };
    const answer = await this.#http.json(request, tokensAnswerSchema);
    await this.#store.write({
      accessToken: answer.accessToken,
      accessUntilMs: this.#nowMs() + answer.accessExpiresInMs,
      refreshToken: answer.refreshToken,
    });
    return answer.accessToken;
  }
}

/** Others may wait for the same work, so it goes on without who waits no longer. @throws AppError CANCELLED */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled());
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'Syncing was cancelled; it goes on where it was.', { isRetryable: true });
}

async function readBounded(response: HttpAnswer, onHeard: () => void): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body) {
    onHeard();
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw nonsense();
    pieces.push(piece);
  }
  return concatBytes(pieces);
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

function refusalOf(status: number, body: Uint8Array): AppError {
  const parsed = refusalSchema.safeParse(parseJson(new TextDecoder().decode(body)));
  // Something between may answer in the server's place: a proxy that is up while the server is not.
  if (!parsed.success) return status >= 500 || status === 429 || status === 408 ? offline() : nonsense();
  const { error } = parsed.data;
  const code = CODES[error.code] ?? 'SYNC_REFUSED';
  const isRetryable = error.retryable || status >= 500 || status === 429;
  const { message, hint } = WORDS[error.code] ?? { message: cleaned(error.message), hint: cleaned(error.hint) };
  return new SyncRefusal(code, message, error, { hint, isRetryable });
}

/** Words of a server are shown to a person: one line, and not without end. */
function cleaned(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters of a foreign text must not reach a terminal
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ').slice(0, 300);
}

const CODES: Partial<Record<RefusalCode, ErrorCode>> = {
  'too-old': 'SYNC_TOO_OLD',
  unauthenticated: 'SYNC_LOGIN',
  'wrong-credentials': 'SYNC_LOGIN',
  'device-revoked': 'SYNC_REVOKED',
  fork: 'SYNC_FORK',
  unavailable: 'SYNC_OFFLINE',
  internal: 'SYNC_OFFLINE',
};

const WORDS: Partial<Record<RefusalCode, { readonly message: string; readonly hint: string }>> = {
  'wrong-credentials': {
    message: 'E-mail and password do not fit together on this server.',
    hint: "Try again. It is the account's password that is asked for, not the vault's.",
  },
  unauthenticated: {
    message: 'The server does not know this log-in any more.',
    hint: 'Log in again with `cairn sync login`; nothing is lost meanwhile.',
  },
  'device-revoked': {
    message: 'Another device of yours has ended this one: the server takes and gives nothing more here.',
    hint: 'What is here stays. If that was a mistake, log in again as a new device with `cairn sync login`.',
  },
};

function tooOld(isClient: boolean): AppError {
  return isClient
    ? new AppError('SYNC_TOO_OLD', 'This Cairn is too old for the server.', {
        hint: 'Update Cairn here; nothing is lost meanwhile.',
      })
    : new AppError('SYNC_TOO_OLD', 'The server is too old for this Cairn.', {
        hint: 'Update the server; nothing is lost meanwhile.',
      });
}

function nonsense(): AppError {
  return new AppError('SYNC_REFUSED', 'What answered is no sync server, or one that speaks otherwise.', {
    hint: 'Check the address of the server; it begins with https:// or http://.',
  });
}

function offline(cause?: unknown): AppError {
  return new AppError('SYNC_OFFLINE', 'The sync server cannot be reached.', {
    hint: 'It is tried again by itself; captures go on meanwhile.',
    isRetryable: true,
    cause,
  });
}

function loggedOut(): AppError {
  return new AppError('SYNC_LOGIN', 'Nobody is logged in to a sync server here.', {
    hint: 'Log in with `cairn sync login`.',
  });
}
