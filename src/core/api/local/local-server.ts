// The local HTTP server of both shells: loopback only, REST with OpenAPI under /api for whoever has the token, and what a shell adds.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { OpenAPIGenerator } from '@orpc/openapi';
import { OpenAPIHandler } from '@orpc/openapi/node';
import { BodyLimitPlugin } from '@orpc/server/node';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';

import { AppError, toPlainError } from '../../../shared/model/app-error.ts';
import { contract } from '../../../shared/contract/contract.ts';
import { httpStatusOf } from '../../../shared/contract/errors.ts';
import type { AppSession } from '../../session/session.ts';
import { noteApiPort } from '../../session/run-marker.ts';
import type { ApiRouter } from '../router.ts';
import { answerChallenge, isSameSecret, provideApiToken } from './api-token.ts';
import { handleBridge } from './bridge.ts';
import { assertJson, assertLocal, CallLimit, refused } from './guard.ts';

export const MAX_BODY_BYTES = 1024 * 1024;
const LOOPBACK = '127.0.0.1';
const CHALLENGE = /^[0-9a-f]{32}$/;
/** A connection that says nothing for so long is let go. */
const HEADERS_TIMEOUT_MS = 10_000;

export interface LocalServerOptions {
  readonly router: ApiRouter;
  readonly session: AppSession;
  readonly version: string;
  readonly pid: number;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Answers what is not /api; called for local callers only. False where it is not known either. */
  readonly onRequest?: (
    request: IncomingMessage,
    response: ServerResponse,
    context: RequestContext,
  ) => Promise<boolean>;
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer, context: RequestContext) => void;
}

export interface RequestContext {
  readonly port: number;
  /** True where the call carries the token. */
  readonly hasToken: boolean;
}

export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on the loopback interface, and notes where. @throws AppError USAGE_INVALID where the port is taken */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { session, pid } = options;
  const { folder } = session.app;
  session.app.prepareFolder();
  const token = provideApiToken(folder.apiToken);
  const rest = createRest(options);
  const limit = new CallLimit(() => session.app.clock.monotonicMs());
  let port = 0;
  const contextOf = (request: IncomingMessage): RequestContext => ({ port, hasToken: carries(request, token) });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    assertLocal(request, port);
    if (!limit.take()) throw tooMany();
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const context = contextOf(request);
    if (path === '/api/hello') return sayHello(request, response, token);
    if (path.startsWith('/api/') || path.startsWith('/bridge/')) {
      if (!context.hasToken)
        throw refused('The token is missing or wrong.', 'It is in the file `api-token` of the data folder.');
      assertJson(request);
      assertSmall(request);
      if (path === '/api/openapi.json') return sendJson(response, 200, await rest.describe());
      if (path.startsWith('/bridge/')) return handleBridge(request, response, session);
      const { matched } = await rest.handler.handle(request, response, { prefix: '/api', context: {} });
      if (matched) return undefined;
    } else if (options.onRequest !== undefined && (await options.onRequest(request, response, context)))
      return undefined;
    throw new AppError('ITEM_NOT_FOUND', 'There is nothing at this address.', { hint: 'See /api/openapi.json.' });
  };

  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) => {
    harden(response);
    answer(request, response).catch((error: unknown) => sendError(response, error));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      assertLocal(request, port);
      if (!limit.take()) throw tooMany();
      if (options.onUpgrade === undefined) throw refused('There is no such connection here.', 'Use the REST API.');
      options.onUpgrade(request, socket, head, contextOf(request));
    } catch (error) {
      const { code } = toPlainError(error);
      socket.end(`HTTP/1.1 ${httpStatusOf(code)} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    }
  });
  port = await listen(server, options.port);
  noteApiPort(folder.running, pid, port);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        noteApiPort(folder.running, pid, null);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createRest({ router, version }: LocalServerOptions) {
  const handler = new OpenAPIHandler(router, {
    plugins: [new BodyLimitPlugin({ maxBodySize: MAX_BODY_BYTES })],
    customErrorResponseBodyEncoder: (error) => ({ error: plainOf(error.data, error.code) }),
  });
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  let described: Promise<object> | null = null;
  return {
    handler,
    describe: (): Promise<object> =>
      (described ??= generator.generate(contract, {
        info: { title: 'Cairn, local API', version },
        servers: [{ url: '/api' }],
        security: [{ token: [] }],
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      })),
  };
}

/** Errors of the transport itself have no plain form yet. */
function plainOf(data: unknown, code: string): unknown {
  if (typeof data === 'object' && data !== null && 'hint' in data) return data;
  const isTooLarge = code === 'PAYLOAD_TOO_LARGE';
  const message = isTooLarge ? 'The body is too large.' : 'What was sent cannot be read.';
  const hint = isTooLarge
    ? `At most ${MAX_BODY_BYTES} bytes are taken.`
    : 'See /api/openapi.json for what is expected.';
  return new AppError('USAGE_INVALID', message, { hint }).toPlain();
}

function carries({ headers }: IncomingMessage, token: string): boolean {
  const [scheme, value] = (headers.authorization ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && value !== undefined && isSameSecret(value, token);
}

/** Shows that this server holds the token of the file, without saying it. */
function sayHello(request: IncomingMessage, response: ServerResponse, token: string): void {
  const challenge = new URL(request.url ?? '/', 'http://localhost').searchParams.get('challenge') ?? '';
  if (!CHALLENGE.test(challenge)) throw refused('A challenge of 32 hexadecimal digits is needed.', 'See docs/api.md.');
  sendJson(response, 200, { answer: answerChallenge(token, challenge) });
}

function assertSmall({ headers }: IncomingMessage): void {
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES)
    throw new AppError('USAGE_INVALID', 'The body is too large.', {
      hint: `At most ${MAX_BODY_BYTES} bytes are taken.`,
    });
}

function tooMany(): AppError {
  return new AppError('VAULT_TOO_MANY_ATTEMPTS', 'Too many calls at once.', {
    hint: 'Wait a second and call again.',
    isRetryable: true,
  });
}

/** Nothing of an answer may be framed, guessed at or kept. */
function harden(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cache-control', 'no-store');
}

export function sendJson(response: ServerResponse, status: number, document: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(document));
}

function sendError(response: ServerResponse, error: unknown): void {
  const plain = toPlainError(error);
  if (response.headersSent) response.destroy();
  else sendJson(response, httpStatusOf(plain.code), { error: plain });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code ?? 'unknown reason'})`;
      reject(
        new AppError('USAGE_INVALID', `Port ${port} ${why}.`, {
          hint: 'Give another one with --port, or none for any that is free.',
          cause: error,
        }),
      );
    });
    server.listen({ host: LOOPBACK, port }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
