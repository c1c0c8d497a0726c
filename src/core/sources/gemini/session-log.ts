// A session of Gemini CLI as its file tells it: a log of operations, each a line. A message replaces the earlier one with its id, `$set`
// replaces facts or all messages, `$rewindTo` takes back. Before 2026 the file was one object with all messages.

import { isRecord, parseRecord, textOf, type JsonRecord } from '../conversation/json-record.ts';
import { readAllRecords, readRecordLines } from '../conversation/record-lines.ts';

export class SessionLog<Message> {
  readonly #toMessage: (record: JsonRecord, id: string) => Message;
  readonly #messages = new Map<string, Message>();
  /** The ids in their order, and where each stands. */
  readonly #order: string[] = [];
  readonly #places = new Map<string, number>();
  sessionId: string | null = null;
  summary: string | null = null;
  /** When Gemini CLI was started with this session, each time. */
  readonly startedAtMs: number[] = [];
  unreadableLines = 0;

  constructor(toMessage: (record: JsonRecord, id: string) => Message) {
    this.#toMessage = toMessage;
  }

  get messages(): IterableIterator<Message> {
    return this.#messages.values();
  }

  /** Takes in whole lines; gives the number of bytes used, up to and with the last line end. */
  readLines(bytes: Uint8Array): number {
    return readRecordLines(bytes, this.#lines());
  }

  /** Takes in a whole file, the object of earlier versions or a log. */
  readAll(bytes: Uint8Array, { isObject }: { readonly isObject: boolean }): void {
    if (!isObject) {
      readAllRecords(bytes, this.#lines());
      return;
    }
    const record = parseRecord(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    if (record === null) this.unreadableLines += 1;
    else this.#takeHeader(record);
  }

  #lines(): Parameters<typeof readRecordLines>[1] {
    return { take: (record) => this.#take(record), skip: () => (this.unreadableLines += 1) };
  }

  #take(record: JsonRecord): void {
    const rewind = record['$rewindTo'];
    if (typeof rewind === 'string') this.#rewind(rewind);
    else if (typeof record['id'] === 'string') this.#put(record);
    else if (isRecord(record['$set'])) this.#set(record['$set']);
    else if (typeof record['sessionId'] === 'string') this.#takeHeader(record);
  }

  #takeHeader(record: JsonRecord): void {
    const startedAtMs = Date.parse(textOf(record['startTime']) ?? '');
    if (!Number.isNaN(startedAtMs)) this.startedAtMs.push(startedAtMs);
    this.#setFacts(record);
    this.#putAll(record['messages']);
  }

  #set(facts: JsonRecord): void {
    if (Array.isArray(facts['messages'])) this.#rewindTo(0);
    this.#putAll(facts['messages']);
    this.#setFacts(facts);
  }

  #setFacts(facts: JsonRecord): void {
    this.sessionId = textOf(facts['sessionId']) ?? this.sessionId;
    this.summary = textOf(facts['summary']) ?? this.summary;
  }

  #putAll(messages: unknown): void {
    for (const record of Array.isArray(messages) ? messages : []) if (isRecord(record)) this.#put(record);
  }

  #put(record: JsonRecord): void {
    const id = textOf(record['id']);
    if (id === null) return;
    if (!this.#messages.has(id)) this.#places.set(id, this.#order.push(id) - 1);
    this.#messages.set(id, this.#toMessage(record, id));
  }

  /** From this message on; all where it is not there, as Gemini CLI does. */
  #rewind(id: string): void {
    this.#rewindTo(this.#places.get(id) ?? 0);
  }

  #rewindTo(place: number): void {
    for (const id of this.#order.splice(place)) {
      this.#messages.delete(id);
      this.#places.delete(id);
    }
  }
}
