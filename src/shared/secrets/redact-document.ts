// Takes every secret out of a document (any JSON value) that is to be published. The device does it first and shows what was found; the
// server does it again. A secret becomes `[REDACTED:rule:n]`, n the same wherever the same secret stands in the document. What comes
// out has been searched once more and holds nothing that any rule finds: else nothing comes out.

import { AppError } from '../model/app-error.ts';
import type { JsonValue } from '../model/json.ts';
import { maskSecret } from './mask-secret.ts';
import { isSecretName, isSecretValue } from './named-secret-rules.ts';
import { countPlaceholders, findOwnSecrets, findScannedSecrets, highestPlaceholder } from './published-secrets.ts';
import { findSecrets, isTokenRule, type FoundSecret } from './redact-text.ts';
import type { SecretScanner } from './secret-scanner.ts';
import { AWS_KEY_RULE } from './strict-rules.ts';
import { mapTexts, type JsonPath } from './map-texts.ts';
import { ValueFinder } from './value-finder.ts';

/** A round may bring to light what the one before it uncovered; what is not clean after so many is not published. */
const MAX_ROUNDS = 4;
const MAX_SECRETS = 5_000;
const MAX_LIST = 200;
/** A word that stood where a secret stands is not looked for elsewhere. */
const WORD = /^[A-Za-z]+$/;

export interface RedactedSecret {
  readonly rule: string;
  /** As in the placeholder. */
  readonly number: number;
  /** How it begins, where its form says who issued it, and how long it is. */
  readonly masked: string;
  readonly places: readonly JsonPath[];
}

export interface RedactedDocument<Document> {
  readonly document: Document;
  /** What this redaction replaced, one entry for each distinct secret. */
  readonly secrets: readonly RedactedSecret[];
  /** Places where this redaction replaced something. */
  readonly places: number;
  /** Placeholders in the document, earlier redactions included. */
  readonly placeholders: number;
}

export interface RedactDocumentOptions {
  readonly scanner: SecretScanner;
  /** Called between texts: where others wait for this thread, it lets them, and throws where nobody waits for the result any more. */
  readonly pause?: () => Promise<void>;
}

/**
 * The document without secrets.
 * @throws AppError PUBLISH_REDACTION_FAILED where it cannot be made clean, or what the scanner throws
 */
export async function redactDocument<Document extends JsonValue>(
  document: Document,
  options: RedactDocumentOptions,
): Promise<RedactedDocument<Document>> {
  const redaction = new Redaction(document, options);
  const clean = await redaction.run();
  return { document: clean as Document, ...redaction.outcome(clean) }; // texts became other texts, nothing else
}

interface Known {
  readonly rule: string;
  /** Given when it is replaced for the first time; 0 until then. */
  number: number;
  readonly value: string;
  readonly places: JsonPath[];
}

interface Span extends FoundSecret {
  /** The value of which only the beginning stands there. */
  readonly beginningOf?: string;
}

class Redaction {
  readonly #options: RedactDocumentOptions;
  readonly #known = new Map<string, Known>();
  #document: JsonValue;
  #next: number;
  #hasAwsKey = false;

  constructor(document: JsonValue, options: RedactDocumentOptions) {
    this.#document = document;
    this.#options = options;
    let highest = 0;
    mapTexts(document, (text) => {
      highest = Math.max(highest, highestPlaceholder(text));
      return text;
    });
    this.#next = highest + 1;
  }

  async run(): Promise<JsonValue> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      // Own rules first: they say exactly where a secret begins and ends.
      const byOwn = await this.#round((text) => findOwnSecrets(text, this.#hasAwsKey));
      const byScanner = await this.#round((text) => findScannedSecrets(text, this.#options.scanner));
      if (byOwn + byScanner === 0) return this.#document;
    }
    throw redactionFailed();
  }

  outcome(clean: JsonValue): Omit<RedactedDocument<never>, 'document'> {
    const secrets = [...this.#known.values()].filter(({ places }) => places.length > 0);
    let placeholders = 0;
    mapTexts(clean, (text) => {
      placeholders += countPlaceholders(text);
      return text;
    });
    return {
      secrets: secrets.map(({ rule, number, value, places }) => ({
        rule,
        number,
        masked: maskSecret({ rule, value }),
        places,
      })),
      places: secrets.reduce((sum, { places }) => sum + places.length, 0),
      placeholders,
    };
  }

  /** Searches every text, then replaces what was found wherever it stands. Gives how many texts had something. */
  async #round(find: (text: string) => Promise<FoundSecret[]> | FoundSecret[]): Promise<number> {
    const found = new Map<string, readonly FoundSecret[]>();
    const foundInLists = new Map<string, FoundSecret[]>();
    const texts = new Set<string>();
    mapTexts(this.#document, (text) => {
      texts.add(text);
      return text;
    });
    for (const text of texts) {
      const spans = await this.#search(text, find);
      if (spans.length > 0) found.set(text, spans);
    }
    for (const list of listLines(this.#document))
      for (const span of await this.#search(list.line, find)) addToElements(foundInLists, list, span);
    const known = [...this.#known.values()].filter(({ value }) => !WORD.test(value));
    const finder = new ValueFinder(known.map(({ value }) => value));
    let changed = 0;
    this.#document = mapTexts(this.#document, (text, path, name) => {
      const spans: Span[] = [...(found.get(text) ?? [])];
      if (foundInLists.size > 0) spans.push(...(foundInLists.get(JSON.stringify(path)) ?? []));
      if (name !== null && isSecretName(name) && isSecretValue(text))
        spans.push({ rule: 'assignment', start: 0, end: text.length });
      for (const { value, start, end } of finder.find(text))
        spans.push({ rule: known[value]?.rule ?? 'assignment', start, end });
      const cut = finder.findCut(text);
      if (cut !== null) {
        const { rule = 'assignment', value } = known[cut.value] ?? {};
        spans.push({ rule, start: cut.start, end: cut.end, ...(value === undefined ? {} : { beginningOf: value }) });
      }
      if (spans.length === 0) return text;
      changed += 1;
      return this.#replace(text, mergeSpans(spans), path);
    });
    return changed;
  }

  async #search(
    text: string,
    find: (text: string) => Promise<FoundSecret[]> | FoundSecret[],
  ): Promise<readonly FoundSecret[]> {
    await this.#options.pause?.();
    const spans = mergeSpans(await find(text));
    for (const { rule, start, end } of spans) {
      if (rule === AWS_KEY_RULE) this.#hasAwsKey = true;
      this.#know(rule, text.slice(start, end));
    }
    return spans;
  }

  #replace(text: string, spans: readonly Span[], path: JsonPath): string {
    const parts: string[] = [];
    let from = 0;
    for (const { rule, start, end, beginningOf } of spans) {
      const known = this.#know(rule, beginningOf ?? text.slice(start, end));
      if (known.number === 0) {
        known.number = this.#next;
        this.#next += 1;
      }
      known.places.push(path);
      parts.push(text.slice(from, start), `[REDACTED:${known.rule}:${known.number}]`);
      from = end;
    }
    parts.push(text.slice(from));
    return parts.join('');
  }

  #know(rule: string, value: string): Known {
    const before = this.#known.get(value);
    if (before !== undefined) return before;
    if (this.#known.size >= MAX_SECRETS) throw redactionFailed();
    const known: Known = { rule: knownByForm(value) ?? rule, number: 0, value, places: [] };
    this.#known.set(value, known);
    return known;
  }
}

/** What only a name called secret may have a form of its own: then that is what it is. */
function knownByForm(value: string): string | undefined {
  return findSecrets(value, { isShapesOnly: true }).find(
    ({ rule, start, end }) => isTokenRule(rule) && start === 0 && end === value.length,
  )?.rule;
}

/** A list of texts as one line: a flag and its value may be two elements. */
interface ListLine {
  readonly path: JsonPath;
  readonly elements: readonly string[];
  readonly line: string;
}

function listLines(value: JsonValue | undefined, path: JsonPath = []): ListLine[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, member]) =>
    listLines(member, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  if (!Array.isArray(value) || value.length < 2 || value.length > MAX_LIST) return inside;
  const elements = (value as readonly unknown[]).filter((element) => typeof element === 'string');
  return elements.length === value.length ? [...inside, { path, elements, line: elements.join(' ') }] : inside;
}

function addToElements(found: Map<string, FoundSecret[]>, { path, elements }: ListLine, span: FoundSecret): void {
  let from = 0;
  for (const [at, element] of elements.entries()) {
    const start = Math.max(0, span.start - from);
    const end = Math.min(element.length, span.end - from);
    const key = JSON.stringify([...path, at]);
    if (end > start) found.set(key, [...(found.get(key) ?? []), { rule: span.rule, start, end }]);
    from += element.length + 1;
  }
}

/** In order and without overlap: what overlaps becomes one, under the rule of the span that begins first. */
function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (span.end <= span.start) continue;
    if (last === undefined || span.start >= last.end) merged.push(span);
    else if (span.end > last.end) merged[merged.length - 1] = { ...last, end: span.end };
  }
  return merged;
}

function redactionFailed(): AppError {
  return new AppError(
    'PUBLISH_REDACTION_FAILED',
    'The session could not be freed of secrets for certain, so nothing of it was published.',
    {
      hint: 'Take what looks like passwords or keys out of it, and publish it again.',
    },
  );
}
