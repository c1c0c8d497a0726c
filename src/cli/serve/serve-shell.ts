// The serve shell: the same window as the desktop app's, in a browser of this machine. It adds to the local server what a browser needs:
// the built pages, a login by a code, and the contract over a WebSocket.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { RPCHandler } from '@orpc/server/ws';
import { WebSocketServer } from 'ws';
import { z } from 'zod';

import { isOwnOrigin, refused } from '../../core/api/local/guard.ts';
import {
  MAX_BODY_BYTES,
  sendJson,
  startLocalServer,
  type LocalServer,
  type LocalServerOptions,
  type RequestContext,
} from '../../core/api/local/local-server.ts';
import { BrowserSessions, sessionCookie } from './browser-sessions.ts';
import { serveSocket } from './rpc-socket.ts';
import { readStaticFiles, sendStatic } from './static-files.ts';

const MAX_CODE_BYTES = 1_000;
const codeSchema = z.object({ code: z.string().max(200) });

export interface ServeShell extends LocalServer {
  /** A new address to open, good once. */
  newAddress(): string;
}

export interface ServeOptions extends Omit<LocalServerOptions, 'onRequest' | 'onUpgrade'> {
  /** Where the built renderer lies. */
  readonly rendererFolder: string;
}

/** Starts the shell. @throws AppError where the port is taken or the window was not built */
export async function startServeShell(options: ServeOptions): Promise<ServeShell> {
  const { clock } = options.session.app;
  const files = readStaticFiles(options.rendererFolder);
  const sessions = new BrowserSessions(() => clock.monotonicMs());
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES });
  const rpc = new RPCHandler(options.router);

  const onRequest = async (
    request: IncomingMessage,
    response: ServerResponse,
    { port, hasToken }: RequestContext,
  ): Promise<boolean> => {
    // As it came: what is compared below is exact, and not everything that may be sent is an address.
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/session/address' && request.method === 'POST') {
      if (!hasToken) throw refused('The token is missing or wrong.', 'It is in the file `api-token`.');
      sendJson(response, 200, { address: addressOf(port, sessions.newCode()) });
      return true;
    }
    if (path === '/session' && request.method === 'POST') {
      await login(request, response, port, sessions);
      return true;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    return sendStatic(files, path, port, response);
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, { port }: RequestContext): void => {
    const { origin } = request.headers;
    if (request.url !== '/rpc') throw refused('There is no such connection here.', 'Use /rpc.');
    if (origin === undefined || !isOwnOrigin(origin, port))
      throw refused('Pages of other origins may not call this.', 'Open the address that Cairn printed.');
    if (!sessions.isKnown(request, port))
      throw refused('This browser is not logged in.', 'Open the address that Cairn printed.');
    sockets.handleUpgrade(request, socket, head, (connection) => {
      serveSocket(connection, rpc, () => clock.monotonicMs());
    });
  };

  const server = await startLocalServer({ ...options, onRequest, onUpgrade });
  return {
    port: server.port,
    newAddress: () => addressOf(server.port, sessions.newCode()),
    close: async () => {
      for (const connection of sockets.clients) connection.terminate();
      await server.close();
    },
  };
}

function addressOf(port: number, code: string): string {
  return `http://127.0.0.1:${port}/#code=${code}`;
}

async function login(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  sessions: BrowserSessions,
): Promise<void> {
  const isJson = (request.headers['content-type'] ?? '').toLowerCase().startsWith('application/json');
  const parsed = isJson ? codeSchema.safeParse(parseJson(await readSmall(request))) : null;
  const value = parsed?.success === true ? sessions.redeem(parsed.data.code) : null;
  if (value !== null) {
    response.setHeader('set-cookie', sessionCookie(port, value));
    sendJson(response, 200, { ok: true });
    return;
  }
  // Whoever has a cookie already needs no code: a page that was opened twice asks again.
  if (sessions.isKnown(request, port)) sendJson(response, 200, { ok: true });
  else throw refused('This code is not good (any more).', 'Run `cairn serve` again for a new address.');
}

async function readSmall(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) {
    text += String(part);
    if (text.length > MAX_CODE_BYTES) throw refused('The body is too large.', 'Send the code and nothing else.');
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no code
  }
}
