// A session of Gemini CLI as its file tells it: a log of operations, each a line. A message replaces the earlier one with its id, `$set`
// replaces facts or all messages, `$rewindTo` takes back. Before 2026 the file was one object with all messages.

import { isRecord, parseRecordBytes, textOf, type JsonRecord } from '../conversation/json-record.ts';
import { readAllRecords, readRecordLines } from '../conversation/record-lines.ts';
import { MAX_DOCUMENT_MEMORY_BYTES } from '../host/json-memory.ts';

/** Starts of Gemini CLI that are remembered. */
const MAX_STARTS = 1_000;

/** What becomes of messages that are not remembered one by one. */
export interface OlderMessages<Message> {
  /** So many of the newest are remembered, up to twice as many at times. */
  readonly keep: number;
  add(message: Message): void;
  /** All of them were taken back. */
  clear(): void;
}

export class SessionLog<Message> {
  readonly #toMessage: (record: JsonRecord, id: string) => Message;
  #messages = new Map<string, Message>();
  /** The ids in their order, and where each stands. */
  readonly #order: string[] = [];
  #places = new Map<string, number>();
  readonly #older: OlderMessages<Message> | null;
  /** The place of the first one that is remembered. */
  #firstPlace = 0;
  sessionId: string | null = null;
  summary: string | null = null;
  /** When Gemini CLI was started with this session, each time. */
  readonly startedAtMs: number[] = [];
  unreadableLines = 0;

  constructor(toMessage: (record: JsonRecord, id: string) => Message, older: OlderMessages<Message> | null = null) {
    this.#toMessage = toMessage;
    this.#older = older;
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
    const record = parseRecordBytes(bytes, MAX_DOCUMENT_MEMORY_BYTES);
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
    if (this.startedAtMs.length > 2 * MAX_STARTS) this.startedAtMs.splice(0, MAX_STARTS);
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
    if (!this.#messages.has(id)) this.#places.set(id, this.#firstPlace + this.#order.push(id) - 1);
    this.#messages.set(id, this.#toMessage(record, id));
    if (this.#older !== null && this.#order.length > 2 * this.#older.keep) this.#letGo(this.#older);
  }

  /** From this message on; all where it is not there, as Gemini CLI does. */
  #rewind(id: string): void {
    this.#rewindTo(this.#places.get(id) ?? 0);
  }

  #rewindTo(place: number): void {
    if (place < this.#firstPlace) this.#older?.clear();
    for (const id of this.#order.splice(Math.max(0, place - this.#firstPlace))) {
      this.#messages.delete(id);
      this.#places.delete(id);
    }
  }

  #letGo(older: OlderMessages<Message>): void {
    const ids = this.#order.splice(0, older.keep);
    this.#firstPlace += ids.length;
    for (const id of ids) {
      const message = this.#messages.get(id);
      if (message !== undefined) older.add(message);
    }
    // New tables: those that much was taken out of would be left behind, one after another.
    this.#messages = new Map(this.#order.flatMap((id) => toEntry(id, this.#messages.get(id))));
    this.#places = new Map(this.#order.map((id, at) => [id, this.#firstPlace + at]));
  }
}

function toEntry<Message>(id: string, message: Message | undefined): [string, Message][] {
  return message === undefined ? [] : [[id, message]];
}
