// Questions to the server's GraphQL, their answers checked: a server that answers something else is no reason to believe it.

import { z } from 'zod';

import { AppError, fromPlainError } from '../../../shared/model/app-error.ts';
import { isErrorCode } from '../../../shared/model/error-codes.ts';
import type { ServerLink } from './server-link.ts';

/** Of a newer server, with a code that is not known here: its words still are. */
const plainErrorSchema = z
  .object({ code: z.string(), message: z.string(), hint: z.string(), retryable: z.boolean() })
  .transform(({ code, ...rest }) => ({ ...rest, code: isErrorCode(code) ? code : ('PUBLISH_FAILED' as const) }));
const errorSchema = z.object({
  message: z.string(),
  extensions: z.object({ error: plainErrorSchema.optional(), code: z.string().optional() }).optional(),
});
const answerSchema = z.object({ data: z.unknown().optional(), errors: z.array(errorSchema).optional() });

/** @throws AppError what the server says, or PUBLISH_FAILED where it says nothing that makes sense */
export async function askServer<Answer>(
  link: ServerLink,
  question: {
    readonly query: string;
    readonly variables?: Readonly<Record<string, unknown>>;
    readonly answer: z.ZodType<Answer>;
    readonly signal?: AbortSignal;
  },
): Promise<Answer> {
  const { query, variables = {}, answer, signal } = question;
  const parsed = answerSchema.safeParse(await link.ask({ query, variables }, signal));
  if (!parsed.success) throw strangeAnswer();
  const [error] = parsed.data.errors ?? [];
  if (error !== undefined) {
    const plain = error.extensions?.error;
    throw plain === undefined ? strangeAnswer() : fromPlainError(plain);
  }
  const data = answer.safeParse(parsed.data.data);
  if (!data.success) throw strangeAnswer();
  return data.data;
}

function strangeAnswer(): AppError {
  return new AppError('PUBLISH_FAILED', "The server's answer makes no sense.", {
    hint: 'Check the address of the server, and that it and Cairn are up to date.',
    isRetryable: true,
  });
}
