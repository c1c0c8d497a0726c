// Asks a model and gives its answer as it comes. The only place of Cairn that speaks to another machine, and only when `cairn chat` is
// called.

import { AppError } from '../../../shared/model/app-error.ts';
import { sendRequest, type HttpAnswer } from '../../http/send-request.ts';
import type { ChatEndpoint } from './endpoint.ts';
import { CHAT_PROTOCOLS, readErrorWord, type ChatQuestion } from './protocols.ts';
import { readEvents } from './read-events.ts';

const MAX_WHOLE_BYTES = 16 * 1024 * 1024;
const MAX_ANSWER_CHARACTERS = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** A model may think for long before it begins, and no server is silent for longer than this. */
const SILENCE_MS = 300_000;

/**
 * Pieces of text until the answer is whole.
 * @throws AppError CHAT_FAILED where the server refuses, cannot be reached or breaks off; CANCELLED by the signal
 */
export async function* askModel(
  endpoint: ChatEndpoint,
  question: ChatQuestion,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    yield* ask(endpoint, question, AbortSignal.any([signal, silence.signal]), heard);
  } catch (error) {
    if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled; what came of the answer is kept.');
    if (error instanceof AppError) throw error;
    // The platform's own words may name addresses and headers.
    throw failed('The model server could not be reached, or broke the connection.', '');
  } finally {
    clearTimeout(timer);
  }
}

async function* ask(
  { provider, baseUrl, key }: ChatEndpoint,
  question: ChatQuestion,
  signal: AbortSignal,
  heard: () => void,
): AsyncGenerator<string> {
  const protocol = CHAT_PROTOCOLS[provider];
  const response = await sendRequest({
    url: `${baseUrl}${protocol.path}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream, application/json',
      ...protocol.headers(key),
    },
    pieces: [new TextEncoder().encode(JSON.stringify(protocol.body(question)))],
    signal,
  });
  heard();
  if (!response.ok) throw refused(response.status, await readText(response, MAX_ERROR_BYTES));
  if (!response.contentType.includes('text/event-stream')) {
    const text = protocol.readWhole(await readText(response, MAX_WHOLE_BYTES));
    if (text === null) throw failed('The server answered with something that is no answer of a model.', '');
    yield text;
    return;
  }
  let characters = 0;
  for await (const data of readEvents(listen(response, heard))) {
    const piece = protocol.readEvent(data);
    if (piece.type === 'end') return;
    if (piece.type === 'error') throw failed('The model server broke off with an error.', piece.word);
    if (piece.type !== 'text') continue;
    characters += piece.text.length;
    if (characters > MAX_ANSWER_CHARACTERS) throw failed('The answer is longer than any should be.', '');
    yield piece.text;
  }
  throw failed('The model server broke off before the answer was whole.', '');
}

async function* listen(response: HttpAnswer, heard: () => void): AsyncGenerator<Uint8Array> {
  for await (const bytes of response.body) {
    heard();
    yield bytes;
  }
}

async function readText(response: HttpAnswer, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body) {
    bytes += part.length;
    if (bytes > maxBytes) break;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function refused(status: number, text: string): AppError {
  const word = readErrorWord(text);
  if (status === 401 || status === 403) return failed(`The server does not accept the key (${status}).`, word);
  if (status === 404) return failed('The server knows no such address or model (404).', word);
  if (status === 429) return failed('The server asks to wait (429).', word, true);
  return failed(`The server refused the question (${status}).`, word, status >= 500);
}

function failed(message: string, word: string, isRetryable = false): AppError {
  return new AppError('CHAT_FAILED', word === '' ? message : `${message} It says: ${word}.`, {
    hint: 'Your message is kept; what came of an answer is marked as broken off. Try again with `cairn chat --session`.',
    isRetryable,
  });
}
