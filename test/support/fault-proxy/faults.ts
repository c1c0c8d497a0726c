// What the line does to one request. Each fault ends the client's connection sooner or later; what the server makes of the request, and
// what of its answer comes back, is the fault.

import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** One request under way, and what can be done with it. */
export interface Passage {
  readonly client: Socket;
  /** As it goes to the server, on a connection of its own that ends with the answer. */
  readonly request: Buffer;
  /** The same numbers for the same seed, from 0 to 1. */
  readonly random: () => number;
  /** A connection to the server, for this request. */
  readonly open: () => Socket;
  /** Ends when another request has passed, or nothing comes for a while. */
  readonly untilOvertaken: () => Promise<void>;
  /** Sends the request once more when some others have passed. */
  readonly repeatLater: () => void;
}

type Fault = (passage: Passage) => Promise<void>;

const PIECES = 6;
const LONGEST_PAUSE_MS = 8;

/** What a client may meet, whatever it asked for. */
export const FAULTS = {
  /** The connection breaks before anything has gone on. */
  cut: async ({ client }) => void client.destroy(),
  /** Reset instead of closed. */
  reset: async ({ client }) => void client.resetAndDestroy(),
  /** The server gets a part of the request, then both ends are gone. */
  'cut in the request': async (passage) => {
    const server = passage.open();
    await write(server, part(passage, passage.request));
    await pause(passage);
    server.destroy();
    passage.client.destroy();
  },
  /** The server gets a part of the request and hears that no more comes; its answer goes back. */
  'half-closed to the server': async (passage) => {
    const server = passage.open();
    server.end(part(passage, passage.request));
    await pass(passage, await readAll(server));
  },
  /** The client hears that nothing will come; the server does what was asked. */
  'half-closed to the client': async (passage) => {
    passage.client.end();
    await exchange(passage);
    passage.client.destroy();
  },
  /** Done, and nobody hears of it. */
  'answer lost': async (passage) => {
    await exchange(passage);
    passage.client.destroy();
  },
  /** A part of the answer, and then the connection breaks. */
  'cut in the answer': async (passage) => {
    await write(passage.client, part(passage, await exchange(passage)));
    passage.client.resetAndDestroy();
  },
  /** A part of the answer, and an end as if that were all. */
  'answer cut short': async (passage) => {
    passage.client.end(part(passage, await exchange(passage)));
  },
  /** One after the other; the client hears of the second. */
  twice: async (passage) => {
    await exchange(passage);
    await pass(passage, await exchange(passage));
  },
  /** Both at the same time; the client hears of the one that is answered first. */
  'twice at once': async (passage) => {
    const both = [exchange(passage), exchange(passage)];
    await pass(passage, await Promise.race(both));
    await Promise.all(both);
  },
  /** Once more after what came later. */
  'repeated late': async (passage) => {
    passage.repeatLater();
    await pass(passage, await exchange(passage));
  },
  /** Others go first. */
  overtaken: async (passage) => {
    await passage.untilOvertaken();
    await pass(passage, await exchange(passage));
  },
  delayed: async (passage) => {
    await pause(passage);
    const answer = await exchange(passage);
    await pause(passage);
    await pass(passage, answer);
  },
  /** In small pieces, both ways. */
  slow: async (passage) => {
    const server = passage.open();
    const answer = readAll(server);
    await drip(passage, server, passage.request);
    await drip(passage, passage.client, await answer);
    passage.client.end();
  },
  /** Something between says that the server is away, which it is. */
  'bad gateway': async (passage) => pass(passage, gatewaySays(502)),
  /** Something between gives up waiting for a server that does what was asked. */
  'gateway gives up': async (passage) => {
    await exchange(passage);
    await pass(passage, gatewaySays(504));
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

/** By which a request is there more than once. */
export const REPEATS: readonly FaultName[] = ['twice', 'twice at once', 'repeated late'];

/** What a stream that does not end may meet. */
export const STREAM_FAULTS: readonly FaultName[] = ['cut', 'reset', 'bad gateway'];

/** Sends a request, and gives all of the answer. */
export async function exchange({ open, request }: Pick<Passage, 'open' | 'request'>): Promise<Buffer> {
  const server = open();
  const answer = readAll(server);
  await write(server, request);
  return answer;
}

async function pass({ client }: Passage, answer: Buffer): Promise<void> {
  if (!client.destroyed) client.end(answer);
}

/** What came until the end; also where that end is a break. */
function readAll(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => pieces.push(bytes));
    socket.once('close', () => resolve(Buffer.concat(pieces)));
    socket.once('end', () => socket.end());
  });
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || bytes.length === 0) resolve();
    // A socket that breaks meanwhile says so elsewhere.
    else socket.write(bytes, () => resolve());
  });
}

async function drip(passage: Passage, socket: Socket, bytes: Buffer): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / PIECES));
  for (let from = 0; from < bytes.length; from += step) {
    await write(socket, bytes.subarray(from, from + step));
    await pause(passage);
  }
}

function part({ random }: Passage, bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(random() * bytes.length));
}

function pause({ random }: Passage): Promise<void> {
  return wait(1 + Math.floor(random() * LONGEST_PAUSE_MS));
}

function gatewaySays(status: 502 | 504): Buffer {
  const body = '<html><body><h1>The server is away</h1></body></html>';
  return Buffer.from(
    `HTTP/1.1 ${status} Away\r\ncontent-type: text/html\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}
