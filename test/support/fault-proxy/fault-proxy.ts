// A bad line between real clients and a real server: a TCP proxy that does to requests what networks and gateways do. What it does comes
// from a seed. It also looks at every byte that passes.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { exchange, FAULTS, REPEATS, STREAM_FAULTS, type FaultName, type Passage } from './faults.ts';
import { RequestReader, toLastRequest, type RawRequest } from './read-requests.ts';
import { rewriteAnswer, rewriteRequest, type Replacement } from './rewrite.ts';

const OVERTAKEN_WITHIN_MS = 25;
const MOST_REPEATED_AFTER = 4;
const LONGEST_STREAM_MS = 400;
/** Of the pieces of a long request, one in so many faults breaks it off. */
const BREAKS_WHILE_SENDING = 20;

export interface FaultProxyOptions {
  /** Where the server is: asked at each connection, so that it may move. */
  readonly target: () => { readonly host: string; readonly port: number };
  readonly random: () => number;
  /** Of requests, 0 to 1. */
  readonly faultShare: number;
  /** Only these. */
  readonly faults?: readonly FaultName[];
  /** True for requests that must not come twice. */
  readonly isOnceOnly?: (request: RawRequest) => boolean;
  /** Words that must never pass. */
  readonly canaries?: readonly string[];
}

export class FaultProxy implements AsyncDisposable {
  readonly #options: FaultProxyOptions;
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #late: { readonly request: Buffer; after: number }[] = [];
  readonly #canaries: readonly string[];
  readonly counts = new Map<FaultName, number>();
  /** Canaries that passed, with where: none should. */
  readonly leaks: string[] = [];
  /** Nothing is done to requests while it is. */
  isCalm = false;
  /** Put in the place of what is sent, either way. */
  replacements: readonly Replacement[] = [];
  /** Methods and paths of all that came. */
  readonly requests: string[] = [];
  /** What happens to all requests from now on; null leaves it to chance. */
  always: FaultName | 'silence' | null = null;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#canaries = options.canaries ?? [];
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on TCP
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.#track(client);
    const reader = new RequestReader();
    /** Requests that nothing is done to share one connection, as they would without a proxy. */
    let server: Socket | null = null;
    let isTaken = false;
    client.on('data', (bytes: Buffer) => {
      this.#look(bytes, 'a request');
      const requests = reader.add(bytes);
      if (requests.length === 0 && this.#breaksWhileSending()) client.resetAndDestroy();
      for (const raw of requests) {
        const request = rewriteRequest(raw, this.replacements);
        this.requests.push(`${request.method} ${request.path}`);
        if (isTaken) return;
        const fault = this.#choose(request);
        if (fault === 'silence') return;
        const isRewritten = this.replacements.length > 0 && !isStream(request);
        if (fault !== null || isRewritten) {
          isTaken = true;
          server?.destroy();
          void (fault === null ? this.#rewrite(client, request) : this.#spoil(fault, client, request));
          return;
        }
        if (server === null) {
          server = this.#open();
          server.on('data', (answer: Buffer) => client.write(answer));
          server.once('end', () => server?.end());
          server.once('close', () => {
            if (!isTaken) client.end();
          });
        }
        server.write(request.bytes);
        this.#passed();
        if (isStream(request) && this.#breaksStream())
          setTimeout(() => client.destroy(), this.#options.random() * LONGEST_STREAM_MS).unref();
      }
    });
    client.once('end', () => {
      if (!isTaken) client.destroy();
    });
    client.once('close', () => server?.destroy());
  }

  #breaksStream(): boolean {
    return !this.isCalm && this.#faults.includes('cut') && this.#options.random() < this.#options.faultShare;
  }

  /** Long requests come in many pieces, and any may be the last. */
  #breaksWhileSending(): boolean {
    if (this.isCalm || this.always !== null || !this.#faults.includes('reset')) return false;
    return this.#options.random() < this.#options.faultShare / BREAKS_WHILE_SENDING;
  }

  #choose(request: RawRequest): FaultName | 'silence' | null {
    if (this.always !== null) return this.always;
    const { random, faultShare, isOnceOnly } = this.#options;
    if (this.isCalm || random() >= faultShare) return null;
    const names = isStream(request) ? STREAM_FAULTS.filter((name) => this.#faults.includes(name)) : this.#faults;
    const name = names[Math.floor(random() * names.length)];
    if (name === undefined) return null;
    return REPEATS.includes(name) && isOnceOnly?.(request) === true ? 'answer lost' : name;
  }

  get #faults(): readonly FaultName[] {
    return this.#options.faults ?? (Object.keys(FAULTS) as FaultName[]); // its own keys
  }

  async #spoil(name: FaultName, client: Socket, request: RawRequest): Promise<void> {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    const last = toLastRequest(request);
    const passage: Passage = {
      client,
      request: last,
      random: this.#options.random,
      open: () => this.#open(),
      untilOvertaken: () => this.#untilOvertaken(),
      repeatLater: () => {
        this.#late.push({ request: last, after: 1 + Math.floor(this.#options.random() * MOST_REPEATED_AFTER) });
      },
    };
    await FAULTS[name](passage);
    this.#passed();
  }

  async #rewrite(client: Socket, request: RawRequest): Promise<void> {
    const { replacements } = this;
    const answer = await exchange({ open: () => this.#open(), request: toLastRequest(request) });
    client.end(rewriteAnswer(answer, replacements));
  }

  #open(): Socket {
    const server = connect({ ...this.#options.target(), allowHalfOpen: true });
    this.#track(server);
    server.on('data', (bytes: Buffer) => this.#look(bytes, 'an answer'));
    return server;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // a broken line is what this is for
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #untilOvertaken(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, OVERTAKEN_WITHIN_MS);
      this.#waiting.add(go);
    });
  }

  /** A request has gone on: who waits for that may go, and what comes late may be due. */
  #passed(): void {
    for (const go of [...this.#waiting]) go();
    for (const late of this.#late) late.after -= 1;
    const due = this.#late.filter(({ after }) => after <= 0);
    this.#late = this.#late.filter(({ after }) => after > 0);
    for (const { request } of due) {
      const server = this.#open();
      server.once('end', () => server.end());
      server.write(request);
    }
  }

  #look(bytes: Buffer, where: string): void {
    for (const word of this.#canaries) if (bytes.includes(word)) this.leaks.push(`${word} in ${where}`);
  }
}

function isStream({ path }: RawRequest): boolean {
  return path.endsWith('/events');
}
