// What may come from a window over its connection, be it a WebSocket or a message port. Only messages that have the shape of a call get
// through to the handler, which rejects where nobody listens on others.

import { z } from 'zod';

/** They make the handler read the body in another way; no window of ours sends them. */
const BODY_HEADERS: ReadonlySet<string> = new Set(['content-type', 'content-disposition']);

const headersSchema = z
  .record(z.string(), z.string())
  .refine((headers) => Object.keys(headers).every((name) => !BODY_HEADERS.has(name.toLowerCase())));

/** A call, or what concerns one that runs (an event of the caller, its end). */
const messageSchema = z.union([
  z.object({
    i: z.string().max(100),
    t: z.literal(1).optional(),
    p: z.object({
      u: z.string().max(1_000).startsWith('/'),
      h: headersSchema.optional(),
      m: z.string().max(10).optional(),
    }),
  }),
  z.object({ i: z.string().max(100), t: z.literal(3), p: z.object({}) }),
  z.object({ i: z.string().max(100), t: z.literal(4) }),
]);

/** True for text that the handler can take. */
export function isRpcMessage(data: unknown): data is string {
  if (typeof data !== 'string') return false;
  try {
    return messageSchema.safeParse(JSON.parse(data)).success;
  } catch {
    return false; // no JSON
  }
}
