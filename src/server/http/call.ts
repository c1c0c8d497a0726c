// One request as a route sees it, and how its body is read: never more than the route allows, and never unchecked.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { z } from 'zod';

import { badRequest, tooLarge } from './refusal.ts';

const MAX_JSON_BYTES = 64 * 1024;

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands in the path where the route has `{name}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Who calls, as far as the network tells; behind a trusted proxy, whom the proxy names. */
  readonly address: string;
  /** Aborted when the caller is gone or the server closes. */
  readonly signal: AbortSignal;
}

/** An answer. Null from a route means that it has answered by itself. */
export type Answer =
  | { readonly status: number; readonly json: object }
  | { readonly status: number; readonly bytes: Uint8Array | readonly Uint8Array[]; readonly type: string };

/** The body as it comes. @throws Refusal `too-large` */
export async function* readPieces({ request }: Call, limitBytes: number): AsyncGenerator<Buffer, void, undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  let sizeBytes = 0;
  for await (const piece of request) {
    const bytes = piece as Buffer; // no encoding is set
    sizeBytes += bytes.length;
    if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
    yield bytes;
  }
}

/** @throws Refusal `too-large` */
export async function readBody(call: Call, limitBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(call, limitBytes)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The body as what the schema makes of it. @throws Refusal `too-large`, `bad-request` that names the field, never its value */
export async function readJson<Schema extends z.ZodType>(
  call: Call,
  schema: Schema,
  limitBytes: number = MAX_JSON_BYTES,
): Promise<z.output<Schema>> {
  const type = (call.request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw badRequest('The body must be JSON, sent as application/json.');
  const text = (await readBody(call, limitBytes)).toString('utf8');
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.filter((part) => typeof part !== 'symbol').slice(0, 3) ?? [];
  // Names that the caller made up are not repeated.
  const field = path.every((part) => /^[A-Za-z0-9]{1,30}$/.test(String(part))) ? path.join('.') : '';
  throw badRequest(field === '' ? 'The body is not of the expected form.' : `The field ${field} is not as expected.`);
}

export const ok = (json: object): Answer => ({ status: 200, json });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest('The body is not JSON.');
  }
}
