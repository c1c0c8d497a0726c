// The one border of the server: requests in, answers out. Here a request is matched, counted, limited, checked for its version and its
// caller; here everything thrown becomes an answer. Nothing of a request's content reaches a log line or a metric.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { AppError } from '../../shared/model/app-error.ts';
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_HEADER, PROTOCOL_VERSION } from '../../shared/replication/limits.ts';
import type { Caller } from '../auth/caller.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { isUnreachable } from '../store/unreachable.ts';
import { isUnstorable } from '../store/unstorable.ts';
import type { Answer, Call } from './call.ts';
import { badRequest, notFound, Refusal } from './refusal.ts';
import { RateLimit } from './rate-limit.ts';
import { createRouter, type Match, type Route } from './router.ts';

const HEADERS_TIMEOUT_MS = 10_000;
/** A body that takes longer is not worth waiting for: batches are small, and resumable. */
const REQUEST_TIMEOUT_MS = 120_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** An answer of which nothing is taken for so long is given up: all of it lies in memory meanwhile. */
export const STALLED_AFTER_MS = 60_000;

export interface HttpServerOptions {
  readonly routes: ReadonlyArray<Route>;
  /** Who calls, or why it is refused. */
  readonly authenticate: (request: IncomingMessage) => Promise<Caller | Refusal>;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** True behind a proxy of ours: its last `x-forwarded-for` tells who calls. */
  readonly isBehindProxy: boolean;
  /** Left out: `STALLED_AFTER_MS`. */
  readonly stalledAfterMs?: number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no more requests, ends streams, waits for what is under way. */
  close(): Promise<void>;
}

/** @throws AppError USAGE_INVALID where the port cannot be had */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { routes, log, metrics, nowMs, stalledAfterMs = STALLED_AFTER_MS } = options;
  const router = createRouter(routes);
  const closing = new AbortController();
  const limits = {
    'log-in': new RateLimit({ burst: 30, perMinute: 60 }, nowMs),
    // Many devices may stand behind one address, and come back at once when the network does.
    normal: new RateLimit({ burst: 3_000, perMinute: 12_000 }, nowMs),
  };

  const answer = async (request: IncomingMessage, response: ServerResponse, match: Match, url: URL): Promise<void> => {
    const { route, params } = match;
    const address = addressOf(request, options.isBehindProxy);
    let signal: AbortSignal | null = null;
    const call: Call = {
      request,
      response,
      params,
      query: url.searchParams,
      address,
      // Made only for who asks: most never do, and a thousand open streams would each keep one.
      get signal() {
        return (signal ??= AbortSignal.any([whenClosed(response), closing.signal]));
      },
    };
    if (route.path.startsWith('/v1/') && route.needsVersion !== false) assertVersion(request);
    // Before who it is is looked up: what is asked of the database for strangers is bounded.
    if (route.rate !== 'none') limits[route.rate].take(address);
    if (route.access === 'anyone') return send(response, await route.handle(call), stalledAfterMs);
    const caller = await options.authenticate(request);
    if (caller instanceof Refusal) throw caller;
    return send(response, await route.handle(call, caller), stalledAfterMs);
  };

  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
    (request, response) => {
      const startedAtMs = nowMs();
      harden(response);
      const url = parseUrl(request.url ?? '/');
      const match = url === null ? null : router.find(request.method ?? '', url.pathname);
      const path = match === null || match === 'wrong-method' ? 'none' : match.route.path;
      response.once('close', () => {
        const ms = nowMs() - startedAtMs;
        metrics.request(path, request.method ?? '', response.statusCode, ms);
        log.info('request', { method: request.method ?? '', path, status: response.statusCode, ms: Math.round(ms) });
      });
      const done = async (): Promise<void> => {
        if (url === null) throw badRequest('The address makes no sense.');
        if (match === null) throw notFound('address');
        if (match === 'wrong-method') throw badRequest('This address is not called so.');
        await answer(request, response, match, url);
      };
      done().catch((error: unknown) => sendError(request, response, toRefusal(request, error, log), stalledAfterMs));
    },
  );
  server.on('clientError', answerBroken);
  const sockets = trackSockets(server);
  const port = await listen(server, options);
  return {
    port,
    close: async () => {
      closing.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Whatever is under way has a moment to end.
        setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, 2_000).unref();
      });
    },
  };
}

function whenClosed(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  else response.once('close', () => gone.abort());
  return gone.signal;
}

function assertVersion({ headers }: IncomingMessage): void {
  const text = headers[PROTOCOL_HEADER];
  if (typeof text !== 'string' || !/^[0-9]{1,5}$/.test(text))
    throw badRequest(`The header ${PROTOCOL_HEADER} must name the protocol's version.`);
  const version = Number(text);
  if (version >= OLDEST_PROTOCOL_VERSION && version <= PROTOCOL_VERSION) return;
  const side = version < OLDEST_PROTOCOL_VERSION ? 'client' : 'server';
  throw new Refusal(
    'too-old',
    side === 'client' ? 'This version of Cairn is too old for the server.' : 'The server is too old for this Cairn.',
    side === 'client' ? 'Update Cairn on this device.' : 'Ask whoever runs the server to update it.',
    { tooOld: { side, oldest: OLDEST_PROTOCOL_VERSION, newest: PROTOCOL_VERSION } },
  );
}

function addressOf(request: IncomingMessage, isBehindProxy: boolean): string {
  const forwarded = request.headers['x-forwarded-for'];
  // The last name is the one that our proxy has written; those before may be made up.
  const named = typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined;
  return (isBehindProxy && named !== undefined && named !== '' ? named : request.socket.remoteAddress) ?? 'unknown';
}

function harden(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cache-control', 'no-store');
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  );
}

function send(response: ServerResponse, answer: Answer | null, stalledAfterMs: number): void {
  if (answer === null) return;
  // From here on nothing but the client is waited for; whatever it takes begins the time anew.
  response.setTimeout(stalledAfterMs);
  if ('json' in answer) {
    const body = Buffer.from(JSON.stringify(answer.json));
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
    });
    response.end(body);
    return;
  }
  const parts = Array.isArray(answer.bytes) ? (answer.bytes as readonly Uint8Array[]) : [answer.bytes as Uint8Array]; // as narrowed
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': parts.reduce((sum, part) => sum + part.length, 0),
  });
  for (const part of parts) response.write(part);
  response.end();
}

function sendError(request: IncomingMessage, response: ServerResponse, refusal: Refusal, stalledAfterMs: number): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (refusal.details.retryAfterMs !== undefined)
    response.setHeader('retry-after', Math.ceil(refusal.details.retryAfterMs / 1_000));
  // The rest of a body that is not wanted would be read as the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  send(response, { status: refusal.status, json: refusal.toBody() }, stalledAfterMs);
  if (!request.complete) request.resume();
}

function toRefusal(request: IncomingMessage, error: unknown, log: Log): Refusal {
  if (error instanceof Refusal) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'none';
  if (code === 'ABORT_ERR' || (code === 'ECONNRESET' && !request.complete)) return brokeOff();
  if (isUnstorable(error)) return badRequest('A text holds a character that is none.');
  // Its message may hold values: only its kind is kept, and where in our code it came from.
  const name = error instanceof Error ? error.name : typeof error;
  const where = error instanceof Error ? (/\bserver\/[\w/.-]+:\d+/.exec(error.stack ?? '')?.[0] ?? '') : '';
  log.error('failed', { name, code: code.slice(0, 40), where });
  if (isUnreachable(error))
    return new Refusal('unavailable', 'The server cannot reach its storage just now.', 'Try again in a moment.', {
      retryAfterMs: 5_000,
    });
  return new Refusal('internal', 'The server failed at this request.', 'Try again; its log names the place.', {});
}

/** Half a request may come where something between gave up: the client sends it again, which it must be told. */
function brokeOff(): Refusal {
  return new Refusal('unavailable', 'The request broke off.', 'Send it again.', { retryAfterMs: 1_000 });
}

/** What Node cannot read as a request reaches no route. */
function answerBroken(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const isHalf = error.code === 'HPE_INVALID_EOF_STATE' || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const refusal = isHalf ? brokeOff() : badRequest('This is no request.');
  const body = JSON.stringify(refusal.toBody());
  socket.end(
    `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text, 'http://server') ? new URL(text, 'http://server') : null;
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code ?? 'unknown reason'})`;
      reject(
        new AppError('USAGE_INVALID', `Port ${port} of ${host} ${why}.`, {
          hint: 'Give another one with --port.',
          cause: error,
        }),
      );
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
