// Other words in the place of those that were sent: in the head of a request, and anywhere in an answer.

import type { RawRequest } from './read-requests.ts';

export interface Replacement {
  readonly from: string;
  readonly to: string;
}

export function rewriteRequest(request: RawRequest, replacements: readonly Replacement[]): RawRequest {
  if (replacements.length === 0) return request;
  const head = replaced(request.bytes.subarray(0, request.headBytes).toString('latin1'), replacements);
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), request.bytes.subarray(request.headBytes)]);
  return { ...request, bytes, headBytes: head.length };
}

/** A whole answer that says its length. */
export function rewriteAnswer(answer: Buffer, replacements: readonly Replacement[]): Buffer {
  const end = answer.indexOf('\r\n\r\n') + 4;
  const body = replaced(answer.subarray(end).toString('latin1'), replacements);
  const head = answer.subarray(0, end).toString('latin1');
  return Buffer.from(head.replace(/^content-length: .*$/im, `content-length: ${body.length}`) + body, 'latin1');
}

function replaced(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((all, { from, to }) => all.replaceAll(from, to), text);
}
