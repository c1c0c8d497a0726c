// The device's own redaction, and what it tells of it before anything leaves.

import { createHash } from 'node:crypto';

import type { JsonValue } from '../../../shared/model/json.ts';
import { redactDocument, type RedactedSecret } from '../../../shared/secrets/redact-document.ts';
import type { JsonPath } from '../../../shared/secrets/map-texts.ts';
import { createSecretlintScanner } from '../../../scanner/secretlint-scanner.ts';
import { AppError } from '../../../shared/model/app-error.ts';
import type { PublishableSession } from './publishable-session.ts';

const MAX_PLACES = 10;
const MAX_CONTEXTS = 3;
const CONTEXT_CHARACTERS = 40;

export interface RedactionFinding {
  readonly rule: string;
  readonly number: number;
  readonly masked: string;
  readonly count: number;
  readonly places: readonly string[];
  readonly contexts: readonly string[];
}

export interface RedactionPreview {
  readonly document: PublishableSession;
  readonly findings: readonly RedactionFinding[];
  readonly secrets: number;
  readonly places: number;
  readonly sizeBytes: number;
  /** Names exactly this document. */
  readonly digest: string;
}

/** @throws AppError PUBLISH_REDACTION_FAILED, CANCELLED */
export async function previewRedaction(session: PublishableSession, signal?: AbortSignal): Promise<RedactionPreview> {
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    if (signal?.aborted === true)
      throw new AppError('CANCELLED', 'Cancelled; nothing was published.', { isRetryable: true });
  };
  const { document, secrets, places } = await redactDocument(session as unknown as JsonValue, {
    scanner: createSecretlintScanner(),
    pause,
  });
  const redacted = document as unknown as PublishableSession; // texts became other texts, nothing else
  const text = JSON.stringify(redacted);
  return {
    document: redacted,
    findings: secrets.map((secret) => toFinding(secret, redacted)),
    secrets: secrets.length,
    places,
    sizeBytes: Buffer.byteLength(text),
    digest: createHash('sha256').update(text).digest('hex'),
  };
}

function toFinding({ rule, number, masked, places }: RedactedSecret, session: PublishableSession): RedactionFinding {
  return {
    rule,
    number,
    masked,
    count: places.length,
    places: [...new Set(places.map(wordsOf))].slice(0, MAX_PLACES),
    contexts: contextsOf(`[REDACTED:${rule}:${number}]`, session),
  };
}

function wordsOf([part, at]: JsonPath): string {
  if (part === 'messages') return `message ${Number(at ?? 0) + 1}`;
  if (part === 'summary') return 'summary';
  return part === 'projectPath' ? 'project' : 'details';
}

/** From the redacted texts: nothing in them is secret any more. */
function contextsOf(placeholder: string, { summary, messages }: PublishableSession): string[] {
  const contexts: string[] = [];
  for (const text of [summary, ...messages.map(({ content }) => content)]) {
    const at = text.indexOf(placeholder);
    if (at < 0) continue;
    const piece = text.slice(Math.max(0, at - CONTEXT_CHARACTERS), at + placeholder.length + CONTEXT_CHARACTERS);
    contexts.push(piece.replaceAll(/\s+/g, ' ').trim());
    if (contexts.length === MAX_CONTEXTS) break;
  }
  return contexts;
}
