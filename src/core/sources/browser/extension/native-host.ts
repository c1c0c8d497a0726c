// The helper program between one browser profile and Cairn: the browser starts it with the extension's connection on its standard streams, and it
// ends with that. It keeps the newest message of what is open in its memory, and answers whichever Cairn asks over a socket that only this user
// reaches. It writes no file, opens no network connection and understands no content.

import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

import { FrameReader, parseFrame, toFrame } from './frames.ts';
import { PROTOCOL } from './names.ts';
import { namesIn, pidOf } from './runtime-folder.ts';

/** What an extension may say at once: far more than 10,000 tabs. */
const MAX_FROM_BROWSER_BYTES = 32 * 1024 * 1024;
/** Browsers take no more than this from a helper program. */
export const MAX_TO_BROWSER_BYTES = 1024 * 1024;
const MAX_CLIENTS = 32;
const MAX_PENDING = 64;
/** Who connects and says nothing is let go; who watches stays. */
const IDLE_MS = 30_000;

export interface NativeHostOptions {
  /** What the extension says. */
  readonly input: Readable;
  /** What the extension hears. */
  readonly output: Writable;
  readonly socketPath: string;
  readonly pid: number;
  /** The process that started this one. */
  readonly browserPid: number;
  /** How the browser names the extension that may speak. */
  readonly caller: string;
}

/** Serves until the browser closes its side. @throws NodeJS.ErrnoException where the socket cannot be made */
export async function runNativeHost(options: NativeHostOptions): Promise<void> {
  const host = new NativeHost(options);
  await host.run();
}

interface Pending {
  readonly client: Socket;
  readonly id: number;
}

class NativeHost {
  readonly #options: NativeHostOptions;
  readonly #clients = new Set<Socket>();
  readonly #watchers = new Set<Socket>();
  readonly #pending = new Map<number, Pending>();
  #hello: string | null = null;
  #snapshot: string | null = null;
  #requests = 0;

  constructor(options: NativeHostOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { socketPath } = this.#options;
    removeDeadSockets(dirname(socketPath), basename(socketPath));
    const server = createServer((client) => this.#accept(client));
    await listen(server, socketPath);
    chmodSync(socketPath, 0o600);
    try {
      await this.#readBrowser();
    } finally {
      for (const client of this.#clients) client.destroy();
      server.close();
      rmSync(socketPath, { force: true });
    }
  }

  /** Resolves when the browser has closed its side, or says what is no message. */
  async #readBrowser(): Promise<void> {
    const { input, output } = this.#options;
    const reader = new FrameReader(MAX_FROM_BROWSER_BYTES);
    // The browser is gone: its side of the input ends too.
    output.on('error', () => input.destroy());
    try {
      for await (const piece of input) {
        const reading = reader.push(piece as Buffer); // a stream without an encoding gives buffers
        if (reading.result === 'too-large') return;
        for (const frame of reading.frames) this.#handleBrowser(frame);
      }
    } catch {
      // Broken off, which is an end as well.
    }
  }

  #handleBrowser(frame: Buffer): void {
    const message = parseFrame(frame);
    switch (message?.['type']) {
      case 'hello':
        this.#hello = frame.toString('utf8');
        this.#options.output.write(toFrame('{"type":"welcome"}'));
        break;
      case 'snapshot':
        this.#snapshot = frame.toString('utf8');
        for (const watcher of this.#watchers) watcher.write(toFrame('{"type":"changed"}'));
        break;
      case 'result':
        this.#passResult(message);
        break;
      default: // of a newer extension
    }
  }

  #passResult(message: Readonly<Record<string, unknown>>): void {
    const request = Number(message['request']);
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    if (pending === undefined || pending.client.destroyed) return;
    const { ok, value, error } = message;
    pending.client.write(toFrame(JSON.stringify({ type: 'answer', id: pending.id, ok: ok === true, value, error })));
  }

  #accept(client: Socket): void {
    if (this.#clients.size >= MAX_CLIENTS) {
      client.destroy();
      return;
    }
    this.#clients.add(client);
    const reader = new FrameReader(MAX_TO_BROWSER_BYTES);
    client.setTimeout(IDLE_MS, () => {
      if (!this.#watchers.has(client) && !this.#isWaiting(client)) client.destroy();
    });
    client.on('error', () => client.destroy());
    client.on('close', () => {
      this.#clients.delete(client);
      this.#watchers.delete(client);
    });
    client.on('data', (piece: Buffer) => {
      const reading = reader.push(piece);
      if (reading.result === 'too-large') client.destroy();
      else for (const frame of reading.frames) this.#handleClient(client, frame);
    });
  }

  #isWaiting(client: Socket): boolean {
    return [...this.#pending.values()].some((pending) => pending.client === client);
  }

  #handleClient(client: Socket, frame: Buffer): void {
    const message = parseFrame(frame);
    switch (message?.['type']) {
      case 'read':
        client.write(toFrame(this.#state()));
        break;
      case 'watch':
        this.#watchers.add(client);
        break;
      case 'ask':
        this.#ask(client, message);
        break;
      default: // of a newer Cairn
        client.destroy();
    }
  }

  /** The messages are text that was JSON when it came, so they are put together as they are. */
  #state(): string {
    const { pid, browserPid, caller } = this.#options;
    const about = JSON.stringify({ type: 'state', protocol: PROTOCOL, pid, browserPid, caller });
    return `${about.slice(0, -1)},"hello":${this.#hello ?? 'null'},"snapshot":${this.#snapshot ?? 'null'}}`;
  }

  #ask(client: Socket, message: Readonly<Record<string, unknown>>): void {
    const id = Number(message['id']);
    this.#requests += 1;
    const frame = toFrame(JSON.stringify({ type: 'command', request: this.#requests, command: message['command'] }));
    if (frame.length - 4 > MAX_TO_BROWSER_BYTES || this.#pending.size >= MAX_PENDING) {
      client.write(toFrame(JSON.stringify({ type: 'answer', id, ok: false, error: 'it is too much at once' })));
      return;
    }
    this.#pending.set(this.#requests, { client, id });
    this.#options.output.write(frame);
  }
}

function listen(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true }); // of a killed process that had our number
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => undefined); // a connection that could not be taken concerns its client only
      resolve();
    });
  });
}

/** What killed helper programs left. Only sockets with our name whose process is no more. */
function removeDeadSockets(folder: string, own: string): void {
  for (const name of namesIn(folder)) {
    const pid = pidOf(name);
    if (pid > 0 && name !== own && !existsSync(`/proc/${pid}`) && existsSync('/proc/self'))
      rmSync(join(folder, name), { force: true });
  }
}
