// What the server throws where it says no. The one border (http-server.ts) turns it into an answer.

import { REFUSALS, type RefusalBody, type RefusalCode } from '../../shared/replication/errors.ts';

type Details = Partial<Pick<RefusalBody, 'limit' | 'retryAfterMs' | 'missing' | 'head' | 'epoch' | 'tooOld'>>;

const RETRYABLE: ReadonlySet<RefusalCode> = new Set([
  'rate',
  'pending',
  'unavailable',
  'internal',
  'conflict',
  'missing-objects',
]);

/** An expected refusal: what and why, and what to do next, both as sentences without content. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly hint: string;
  readonly details: Details;

  constructor(code: RefusalCode, message: string, hint: string, details: Details = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.hint = hint;
    this.details = details;
  }

  get status(): number {
    return REFUSALS[this.code];
  }

  toBody(): { readonly error: RefusalBody } {
    const { code, message, hint, details } = this;
    return { error: { code, message, hint, retryable: RETRYABLE.has(code), ...details } };
  }
}

/** A thing that is not there, or is somebody else's: nobody can tell which (S23). */
export function notFound(what: string): Refusal {
  return new Refusal('not-found', `There is no such ${what}.`, 'Check the address; it may belong to another account.');
}

export function badRequest(message: string): Refusal {
  return new Refusal('bad-request', message, 'See docs/sync-protocol.md for what is expected.');
}

export function tooLarge(limitBytes: number): Refusal {
  return new Refusal('too-large', 'What was sent is too large.', `At most ${limitBytes} bytes are taken.`, {
    limit: limitBytes,
  });
}
