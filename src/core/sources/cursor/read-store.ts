// Reads chats out of Cursor's databases by their keys, never the whole of them (they grow to gigabytes), and never the keys of its account.
// Sources of the format: readers of it that others published; it shifts from version to version, and was not tried on the program itself.

import { isRecord, parseRecord, recordsOf, textOf, type JsonRecord } from '../conversation/json-record.ts';
import { readSqlite, type SqliteReader, type SqliteValue } from '../host/read-sqlite.ts';

const MEGABYTE = 1024 * 1024;
const LIMITS = { maxRows: 100_000, maxValueBytes: 8 * MEGABYTE, maxBytes: 64 * MEGABYTE };
const TABLE = 'cursorDiskKV';
const CHAT = 'composerData:';
const MESSAGE = 'bubbleId:';
/** Below it lie what is asked for; above, all that begins so. */
const AFTER = '\u{10FFFF}';
const MAX_CHATS = 20_000;
/** What of a chat and of a message is kept: the rest is the editor's own state, and keys that encrypt it elsewhere. */
const CHAT_FIELDS = [
  '_v',
  'composerId',
  'name',
  'subtitle',
  'text',
  'status',
  'unifiedMode',
  'isAgentic',
  'createdAt',
  'lastUpdatedAt',
  'modelConfig',
  'workspaceIdentifier',
  'latestConversationSummary',
  'fullConversationHeadersOnly',
  'conversation',
];
const MESSAGE_FIELDS = [
  '_v',
  'bubbleId',
  'type',
  'text',
  'createdAt',
  'thinking',
  'allThinkingBlocks',
  'toolFormerData',
  'codeBlocks',
  'modelInfo',
];

/** What the list says of a chat; equal versions mean equal content. */
export interface ListedChat {
  readonly id: string;
  readonly title: string | null;
  /** The folder of its project; null where the chat does not name it. */
  readonly folder: string | null;
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
  readonly version: string;
}

/** A chat with its messages in their order, as one JSON document: `{ chat, messages }`. */
export interface StoredChat {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True where something was too large to be read. */
  readonly isCut: boolean;
}

/** All chats. @throws AppError SOURCE_UNREADABLE, NodeJS.ErrnoException */
export function listStoredChats(path: string): readonly ListedChat[] {
  return readSqlite(path, { tables: [TABLE], ...LIMITS, maxRows: MAX_CHATS }, (reader) => {
    // A write replaces the row: its length, its number and the moment in it tell one state from another.
    const sizes = new Map(
      reader
        .rows(
          `SELECT substr(key, 10, instr(substr(key, 10), ':') - 1) AS id, count(*) AS messages,
             sum(octet_length(value)) AS bytes, max(rowid) AS newest
           FROM ${TABLE} WHERE key >= ? AND key < ? GROUP BY 1`,
          [MESSAGE, MESSAGE + AFTER],
        )
        .rows.map((row) => [String(row['id']), [row['messages'], row['bytes'], row['newest']].join(':')]),
    );
    return reader
      .rows(
        `SELECT substr(key, 14) AS id, octet_length(value) AS bytes,
           CASE WHEN octet_length(value) <= ${LIMITS.maxValueBytes} AND json_valid(CAST(value AS TEXT)) THEN json_object(
             'name', json_extract(CAST(value AS TEXT), '$.name'),
             'createdAt', json_extract(CAST(value AS TEXT), '$.createdAt'),
             'lastUpdatedAt', json_extract(CAST(value AS TEXT), '$.lastUpdatedAt'),
             'workspaceIdentifier', json_extract(CAST(value AS TEXT), '$.workspaceIdentifier')
           ) END AS facts
         FROM ${TABLE} WHERE key >= ? AND key < ?`,
        [CHAT, CHAT + AFTER],
      )
      .rows.map((row) =>
        toListed(String(row['id']), row['facts'] ?? null, [row['bytes'], sizes.get(String(row['id']))].join(':')),
      );
  });
}

/** One chat; null where it is gone or is none. @throws as `listStoredChats` */
export function readStoredChat(path: string, id: string): StoredChat | null {
  return readSqlite(path, { tables: [TABLE], ...LIMITS }, (reader) => {
    const [row] = reader.rows(`SELECT value FROM ${TABLE} WHERE key = ?`, [CHAT + id]).rows;
    const chat = jsonOf(row?.['value'] ?? null);
    if (chat === null) return null;
    const { messages, isCut } = readMessages(reader, id, chat);
    const document = {
      chat: pick(chat, CHAT_FIELDS),
      messages: messages.map((message) => pick(message, MESSAGE_FIELDS)),
    };
    return { bytes: new Uint8Array(Buffer.from(`${JSON.stringify(document)}\n`)), isCut };
  });
}

/** The chats of a workspace by its own database: which of them were begun in it. Empty where it has none. @throws as `listStoredChats` */
export function listWorkspaceChats(path: string): readonly string[] {
  return readSqlite(path, { tables: ['ItemTable'], ...LIMITS }, (reader) => {
    const [row] = reader.rows("SELECT value FROM ItemTable WHERE key = 'composer.composerData'").rows;
    return recordsOf(jsonOf(row?.['value'] ?? null)?.['allComposers']).flatMap(
      (chat) => textOf(chat['composerId']) ?? [],
    );
  });
}

/** In the order of the chat's own list, which also says what is left after a message was taken back. */
function readMessages(
  reader: SqliteReader,
  id: string,
  chat: JsonRecord,
): { readonly messages: readonly JsonRecord[]; readonly isCut: boolean } {
  const inside = recordsOf(chat['conversation']);
  if (inside.length > 0) return { messages: inside, isCut: false };
  const prefix = `${MESSAGE}${id}:`;
  const { rows, isCut } = reader.rows(`SELECT key, value FROM ${TABLE} WHERE key >= ? AND key < ?`, [
    prefix,
    prefix + AFTER,
  ]);
  const byId = new Map(rows.map((row) => [String(row['key']).slice(prefix.length), row['value'] ?? null]));
  const messages = recordsOf(chat['fullConversationHeadersOnly']).flatMap((header) => {
    const message = jsonOf(byId.get(textOf(header['bubbleId']) ?? '') ?? null);
    return message === null ? [] : [{ createdAt: header['createdAt'], ...message }];
  });
  return { messages, isCut };
}

function toListed(id: string, facts: SqliteValue, version: string): ListedChat {
  const chat = jsonOf(facts) ?? {};
  return {
    id,
    title: textOf(chat['name']),
    folder: folderOf(chat['workspaceIdentifier']),
    createdAtMs: timeOf(chat['createdAt']),
    updatedAtMs: timeOf(chat['lastUpdatedAt']) ?? timeOf(chat['createdAt']),
    version: `${version}:${String(chat['lastUpdatedAt'])}:${textOf(chat['name']) ?? ''}`,
  };
}

function folderOf(workspace: unknown): string | null {
  const uri = isRecord(workspace) ? workspace['uri'] : null;
  return isRecord(uri) && uri['scheme'] !== 'vscode-remote' ? textOf(uri['fsPath']) : null;
}

function timeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : null;
}

function pick(record: JsonRecord, names: readonly string[]): JsonRecord {
  return Object.fromEntries(names.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])));
}

/** Values are texts, or the same as bytes. */
function jsonOf(value: SqliteValue): JsonRecord | null {
  if (typeof value === 'string') return parseRecord(value);
  return value instanceof Uint8Array ? parseRecord(Buffer.from(value).toString('utf8')) : null;
}
