// Takes well-known secrets out of what was captured, before it is stored. Best effort: it is no protection by itself, the vault is.
// Never touched: transcripts (`append`), which must come back to the byte, patches and other blobs of repositories, and the facts
// without which nothing could be found again (`cwd`, `path`, item keys).

import type { CapturedItem, CapturedStream, StreamContent } from '../../../shared/model/item.ts';
import { isJsonList, type JsonObject, type JsonValue } from '../../../shared/model/json.ts';
import { isSecretName, isSecretValue, PASSWORD_FLAGS } from '../../../shared/secrets/named-secret-rules.ts';
import { redactText } from '../../../shared/secrets/redact-text.ts';
import { redactBytes } from './redact-bytes.ts';

const KEPT_FACTS = new Set(['cwd', 'path']);
const REDACTED_FLAG = '[REDACTED:flag]';

/** The item without well-known secrets: itself where there are none. */
export function redactItem(item: CapturedItem): CapturedItem {
  const title = redactText(item.title);
  const attributes = redactObject(item.attributes);
  const streams = redactStreams(item);
  const isSame = title === item.title && attributes === item.attributes && streams === item.streams;
  return isSame ? item : { ...item, title, attributes, streams };
}

/** True where redaction may change the stream, so that its stored bytes are not the program's. */
export function isRedactable(item: Pick<CapturedItem, 'kind'>, stream: Pick<CapturedStream, 'kind'>): boolean {
  return stream.kind === 'ring' || (item.kind === 'terminal' && stream.kind === 'blob');
}

/** The arguments without well-known secrets, also where flag and value are two arguments; itself where there are none. */
export function redactArguments(argv: readonly JsonValue[]): readonly JsonValue[] {
  const program = typeof argv[0] === 'string' ? argv[0].slice(argv[0].lastIndexOf('/') + 1) : '';
  const ownFlags = Object.hasOwn(PASSWORD_FLAGS, program) ? (PASSWORD_FLAGS[program] ?? []) : [];
  const redacted = argv.map((argument, at) => {
    if (typeof argument !== 'string') return redactFact('argument', argument);
    const flag = argv[at - 1];
    if (typeof flag === 'string' && isValueOf(flag, argument, program)) return REDACTED_FLAG;
    const glued = at > 0 ? ownFlags.find((own) => argument.startsWith(own) && argument.length > own.length) : undefined;
    return glued === undefined ? redactText(argument) : `${glued}${REDACTED_FLAG}`;
  });
  return redacted.every((argument, at) => argument === argv[at]) ? argv : redacted;
}

/** mysql's `-p` takes no separate value; the flags of the others do. */
function isValueOf(flag: string, value: string, program: string): boolean {
  if (!flag.startsWith('-') || value.startsWith('-') || value === '') return false;
  if (flag.startsWith('--')) return !flag.includes('=') && isSecretName(flag) && isSecretValue(value);
  return (program === 'sshpass' && flag === '-p') || (program === 'redis-cli' && flag === '-a');
}

/** Lists of objects and what redaction made of them: it depends on nothing else. */
const redactedLists = new WeakMap<readonly JsonValue[], JsonValue>();

function redactObject(object: JsonObject): JsonObject {
  let redacted: Record<string, JsonValue | undefined> | null = null;
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value === undefined || KEPT_FACTS.has(name)) continue;
    const next = redactFact(name, value);
    if (next === value) continue;
    redacted ??= { ...object };
    redacted[name] = next;
  }
  return redacted ?? object;
}

function redactFact(name: string, value: JsonValue): JsonValue {
  if (typeof value === 'string') return redactText(value, { isShapesOnly: name === 'url' });
  if (typeof value !== 'object' || value === null) return value;
  if (!isJsonList(value)) return redactObject(value);
  if (name === 'argv' || name === 'command') return redactArguments(value);
  // Such as the pages of a tab: the same ones come at every capture.
  const isOfObjects = value.every((element) => typeof element === 'object' && element !== null && !isJsonList(element));
  const known = isOfObjects ? redactedLists.get(value) : undefined;
  if (known !== undefined) return known;
  const redacted = value.map((element) => redactFact(name, element));
  const result = redacted.every((element, at) => element === value[at]) ? value : redacted;
  if (isOfObjects) redactedLists.set(value, result);
  return result;
}

function redactStreams(item: CapturedItem): readonly CapturedStream[] {
  const streams = item.streams.map((stream) => {
    if (!isRedactable(item, stream)) return stream;
    const content = redactContent(stream.content);
    return content === stream.content ? stream : { ...stream, content };
  });
  return streams.every((stream, at) => stream === item.streams[at]) ? item.streams : streams;
}

function redactContent(content: StreamContent): StreamContent {
  switch (content.type) {
    case 'unchanged':
      return content;
    case 'whole': {
      const bytes = redactBytes(content.bytes);
      return bytes === content.bytes ? content : { type: 'whole', bytes };
    }
    case 'appended':
      return redactAppended(content);
  }
}

/**
 * A secret may span what is known and what is new, so both are looked at together. Where something is found in the overlap, the
 * vault's comparison will fail, and the whole content follows: never a half of a secret.
 */
function redactAppended(content: Extract<StreamContent, { type: 'appended' }>): StreamContent {
  const joined = new Uint8Array(content.overlap.length + content.bytes.length);
  joined.set(content.overlap);
  joined.set(content.bytes, content.overlap.length);
  const redacted = redactBytes(joined);
  if (redacted === joined) return content;
  const overlap = redacted.slice(0, content.overlap.length);
  return { type: 'appended', fromByte: content.fromByte, overlap, bytes: redacted.slice(content.overlap.length) };
}
