// Whatever bytes over a connection of their own to a real server, and what comes back. The bytes are a request as it stands on the wire, in
// which `{{name}}` stands for what only the running server knows, and `Content-Length: *` for the length that fits. `{{token}}` and
// `{{cookie}}` stand for something only in the headers where they belong: what else says them has said them itself.

import { once } from 'node:events';
import { connect } from 'node:net';

import { afterTicks } from './after-ticks.ts';

/** Longer than any server of ours may take for one request. */
const HANG_MS = 15_000;
/** Whoever sent half a request has nothing to wait for. */
const QUIET_MS = 40;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const HEAD_END = '\r\n\r\n';
const WHOLE_HEAD = /^[A-Z]{3,7} \S+ HTTP\/1\.1\r\n[!-~]/;

export type Names = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

export interface Exchange {
  /** Null where nothing came back: the server hung up. */
  readonly answer: Answer | null;
  /** The request as it was sent. */
  readonly sent: Buffer;
}

/** The request with the names in place. */
export function fillIn(template: Buffer, names: Names): Buffer {
  const { token = '', cookie = '', ...plain } = names;
  const text = template
    .toString('latin1')
    .replaceAll(/\{\{(\w{1,20})\}\}/g, (whole, name: string) => plain[name] ?? whole)
    .replaceAll(/^(authorization: bearer )\{\{token\}\}/gim, `$1${token}`)
    .replaceAll(/^(cookie: )\{\{cookie\}\}/gim, `$1${cookie}`);
  const at = text.indexOf(HEAD_END);
  if (at < 0) return Buffer.from(text, 'latin1');
  const head = text
    .slice(0, at)
    .replaceAll('Content-Length: *', `Content-Length: ${text.length - at - HEAD_END.length}`);
  return Buffer.from(head + text.slice(at), 'latin1');
}

/** @throws Error `hangs`, `no HTTP` */
export async function exchange(port: number, template: Buffer, names: Names): Promise<Exchange> {
  const sent = fillIn(template, names);
  const received = await talk(port, sent, isWhole(template));
  return { answer: received.length === 0 ? null : parseAnswer(received), sent };
}

/** True where the server has all that it needs to answer: then it must, without being hung up on. */
function isWhole(template: Buffer): boolean {
  const text = template.toString('latin1');
  const at = text.indexOf(HEAD_END);
  const head = text.slice(0, at);
  if (at < 0 || !WHOLE_HEAD.test(head) || /transfer-encoding|expect|upgrade/i.test(head)) return false;
  const lengths = head.match(/content-length/gi) ?? [];
  return lengths.length === 0 || (lengths.length === 1 && head.includes('\r\nContent-Length: *'));
}

async function talk(port: number, sent: Buffer, mustAnswer: boolean): Promise<Buffer> {
  const isHead = sent.toString('latin1', 0, 5) === 'HEAD ';
  const socket = connect({ host: '127.0.0.1', port });
  const pieces: Buffer[] = [];
  const done = Promise.withResolvers<void>();
  const stopWatch = afterTicks(HANG_MS, () => done.reject(new Error('hangs')));
  const quiet = mustAnswer ? null : setTimeout(() => socket.end(), QUIET_MS);
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece);
    if (isComplete(Buffer.concat(pieces), isHead)) done.resolve();
  });
  // A server that hangs up in the middle of what it does not want to read resets the connection.
  socket.on('error', () => done.resolve());
  socket.on('close', () => done.resolve());
  try {
    socket.write(sent);
    await done.promise;
  } finally {
    stopWatch();
    if (quiet !== null) clearTimeout(quiet);
    socket.destroy();
    if (!socket.closed) await once(socket, 'close');
  }
  return Buffer.concat(pieces);
}

/** The whole answer is there, or as much of a stream of events as tells that it is one. */
function isComplete(received: Buffer, isHead: boolean): boolean {
  if (received.length > MAX_ANSWER_BYTES) return true;
  const at = received.indexOf(HEAD_END);
  if (at < 0) return false;
  const head = received.toString('latin1', 0, at).toLowerCase();
  if (isHead || head.includes('text/event-stream') || /^http\/1\.1 (?:204|304) /.test(head)) return true;
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return received.length >= at + HEAD_END.length + Number(length);
  return head.includes('transfer-encoding: chunked') && received.subarray(-5).toString('latin1') === '0\r\n\r\n';
}

function parseAnswer(received: Buffer): Answer {
  const at = received.indexOf(HEAD_END);
  const head = received.toString('latin1', 0, at < 0 ? received.length : at);
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
  if (status === undefined) throw new Error('no HTTP');
  const rest = at < 0 ? Buffer.alloc(0) : received.subarray(at + HEAD_END.length);
  const isChunked = /\r\ntransfer-encoding: chunked/i.test(head);
  return { status: Number(status), head, body: isChunked ? joinChunks(rest) : rest };
}

function joinChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (end < 0 || !(size > 0)) break;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
