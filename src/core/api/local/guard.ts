// Who may talk to the local server at all: callers of this machine that name it by its own address. A page of another origin, a
// rebinding name or a form post has no business here, whatever it brings along.

import type { IncomingMessage } from 'node:http';

import { AppError } from '../../../shared/model/app-error.ts';

/** Calls that may come at once, and in each second from then on. */
const BURST = 400;
const PER_SECOND = 200;

/** @throws AppError API_REFUSED */
export function assertLocal(request: IncomingMessage, port: number): void {
  const { host, origin } = request.headers;
  if (host === undefined || !ownHosts(port).includes(host.toLowerCase()))
    throw refused('This name is not one of this server.', `Use http://127.0.0.1:${port}.`);
  if (origin !== undefined && !isOwnOrigin(origin, port))
    throw refused('Pages of other origins may not call this.', 'Open the address that Cairn printed.');
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw refused('Pages of other sites may not call this.', 'Open the address that Cairn printed.');
}

export function isOwnOrigin(origin: string, port: number): boolean {
  return ownHosts(port).some((host) => origin === `http://${host}`);
}

/** A body that changes something must be JSON: a form of any page could send the rest. @throws AppError API_REFUSED */
export function assertJson(request: IncomingMessage): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const length = request.headers['content-length'];
  const hasBody = request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if ((hasBody || type !== '') && type !== 'application/json')
    throw refused('Only JSON is taken here.', 'Send it with content-type: application/json.');
}

/** A bucket of calls that fills up again by itself. */
export class CallLimit {
  readonly #nowMs: () => number;
  #left = BURST;
  #atMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#atMs = nowMs();
  }

  /** False where there are too many just now. */
  take(): boolean {
    const nowMs = this.#nowMs();
    this.#left = Math.min(BURST, this.#left + ((nowMs - this.#atMs) * PER_SECOND) / 1_000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

function ownHosts(port: number): readonly string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`];
}

export function refused(message: string, hint: string): AppError {
  return new AppError('API_REFUSED', message, { hint });
}
