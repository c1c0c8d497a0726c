// The thread that redacts: text that makes it run for ever costs one thread, which is ended, and nobody else waits.

import { parentPort } from 'node:worker_threads';

import { createSecretlintScanner } from '../../scanner/secretlint-scanner.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import { redactDocument } from '../../shared/secrets/redact-document.ts';
import type { RedactionAnswer, RedactionRequest } from './redaction-pool.ts';

const port = parentPort;
const scanner = createSecretlintScanner();

port?.on('message', ({ id, document }: RedactionRequest) => {
  void answer(id, document).then((message) => port.postMessage(message));
});

async function answer(id: number, document: JsonValue): Promise<RedactionAnswer> {
  try {
    const { document: clean, secrets, places, placeholders } = await redactDocument(document, { scanner });
    return { id, ok: true, result: { document: clean, secrets: secrets.length, places, placeholders } };
  } catch {
    // What went wrong may hold what was searched: it stays here.
    return { id, ok: false };
  }
}
