// Speaks MessagePack-RPC with one running Neovim over its socket. Never starts a Neovim for it. An instance that waits for a key
// answers nothing but what its API calls fast, so everything has a deadline.

import { createConnection, type Socket } from 'node:net';

import { AppError } from '../../../shared/model/app-error.ts';
import { decodeValue, encodeValue, isList, ValueScanner, type Packed, type Sendable } from './msgpack.ts';

const TIMEOUT_MS = 1_000;
const MAX_ANSWER_BYTES = 48 * 1024 * 1024;
const FIRST_BUFFER_BYTES = 64 * 1024;

export interface NeovimConnection {
  /** Calls a function of the API. @throws AppError SOURCE_UNREADABLE where Neovim answers with an error, SOURCE_TIMEOUT, CANCELLED */
  call(method: string, ...parameters: readonly Sendable[]): Promise<Packed>;
}

/**
 * Connects for the time of `work`. All calls together have a second.
 * @throws AppError SOURCE_UNREADABLE, SOURCE_TIMEOUT, CANCELLED
 */
export async function withNeovim<T>(
  socketPath: string,
  signal: AbortSignal,
  work: (connection: NeovimConnection) => Promise<T>,
): Promise<T> {
  const connection = new Connection(socketPath, signal);
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

interface Waiting {
  resolve(value: Packed): void;
  reject(error: AppError): void;
}

class Connection implements NeovimConnection {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#fail(new AppError('CANCELLED', 'The capture was cancelled.'));
  readonly #waiting = new Map<number, Waiting>();
  #failure: AppError | null = null;
  #received = Buffer.alloc(FIRST_BUFFER_BYTES);
  #length = 0;
  #scanner = new ValueScanner();
  #nextId = 1;

  constructor(path: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#timer = setTimeout(
      () => this.#fail(new AppError('SOURCE_TIMEOUT', 'it did not answer within a second', { isRetryable: true })),
      TIMEOUT_MS,
    );
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    this.#socket = createConnection({ path });
    this.#socket.on('data', (part) => this.#handleData(part));
    this.#socket.on('error', () => this.#fail(unreadable('its socket does not answer')));
    this.#socket.on('close', () => this.#fail(unreadable('it closed the connection')));
  }

  call(method: string, ...parameters: readonly Sendable[]): Promise<Packed> {
    const { promise, resolve, reject } = Promise.withResolvers<Packed>();
    if (this.#failure !== null) {
      reject(this.#failure);
      return promise;
    }
    const id = this.#nextId;
    this.#nextId += 1;
    this.#waiting.set(id, { resolve, reject });
    this.#socket.write(encodeValue([0, id, method, parameters]));
    return promise;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#failure ??= unreadable('the connection is closed');
    this.#socket.destroy();
  }

  #handleData(part: Buffer): void {
    if (this.#failure !== null) return;
    if (this.#length + part.length > MAX_ANSWER_BYTES) {
      this.#fail(unreadable('its answer is too long'));
      return;
    }
    this.#append(part);
    try {
      for (let end = this.#scan(); end !== null; end = this.#scan()) {
        this.#handleMessage(decodeValue(this.#received.subarray(0, end)));
        // A copy: what was decoded still points into the old bytes.
        this.#received = Buffer.from(this.#received.subarray(end, this.#length));
        this.#length = this.#received.length;
        this.#scanner = new ValueScanner();
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#fail(unreadable('it answers in another language'));
    }
  }

  #append(part: Buffer): void {
    const wanted = this.#length + part.length;
    if (wanted > this.#received.length) {
      const larger = Buffer.alloc(Math.max(wanted, this.#received.length * 2, FIRST_BUFFER_BYTES));
      this.#received.copy(larger, 0, 0, this.#length);
      this.#received = larger;
    }
    part.copy(this.#received, this.#length);
    this.#length = wanted;
  }

  #scan(): number | null {
    return this.#length === 0 ? null : this.#scanner.scan(this.#received.subarray(0, this.#length));
  }

  /** Answers are `[1, id, error, result]`; what Neovim sends of its own accord is not for us. */
  #handleMessage(message: Packed | undefined): void {
    if (message === undefined) throw new RangeError('no message');
    if (!isList(message)) return;
    const [type, id, error = null, result = null] = message;
    if (type !== 1 || typeof id !== 'number') return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) waiting?.resolve(result);
    else waiting?.reject(unreadable('it refused a question'));
  }

  #fail(error: AppError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

function unreadable(why: string): AppError {
  return new AppError('SOURCE_UNREADABLE', why);
}
