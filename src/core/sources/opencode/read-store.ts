// Reads sessions out of OpenCode's database, never its tables of accounts and credentials. A session is put together as the tool's own
// export does, so that its import takes it back.

import { isRecord, parseRecord, type JsonRecord } from '../conversation/json-record.ts';
import { readSqlite, type SqliteReader, type SqliteRow } from '../host/read-sqlite.ts';

const MEGABYTE = 1024 * 1024;
const LIMITS = { maxRows: 100_000, maxValueBytes: 8 * MEGABYTE, maxBytes: 64 * MEGABYTE };
const TABLES = ['session', 'message', 'part'];
const MAX_SESSIONS = 20_000;

/** What the list says of a session; equal versions mean equal content. */
export interface ListedSession {
  readonly id: string;
  readonly parentId: string | null;
  readonly title: string | null;
  readonly directory: string | null;
  readonly programVersion: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly version: string;
}

/** A session with its messages, as JSON that `opencode import` takes. */
export interface StoredSession {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True where something was too large to be read. */
  readonly isCut: boolean;
}

/** All sessions. @throws AppError SOURCE_UNREADABLE, NodeJS.ErrnoException */
export function listStoredSessions(path: string): readonly ListedSession[] {
  return readSqlite(path, { tables: TABLES, ...LIMITS, maxRows: MAX_SESSIONS }, (reader) =>
    reader
      .rows(
        `SELECT s.id AS id, s.parent_id AS parent_id, s.title AS title, s.directory AS directory, s.version AS version,
           s.time_created AS time_created, s.time_updated AS time_updated,
           (SELECT count(*) FROM message m WHERE m.session_id = s.id) AS messages,
           (SELECT max(m.time_updated) FROM message m WHERE m.session_id = s.id) AS message_updated,
           (SELECT count(*) FROM part p WHERE p.session_id = s.id) AS parts,
           (SELECT max(p.time_updated) FROM part p WHERE p.session_id = s.id) AS part_updated
         FROM session s ORDER BY s.time_updated DESC`,
      )
      .rows.map(toListed),
  );
}

/** One session; null where it is gone. @throws as `listStoredSessions` */
export function readStoredSession(path: string, id: string): StoredSession | null {
  return readSqlite(path, { tables: TABLES, ...LIMITS }, (reader) => {
    const session = reader.rows(
      `SELECT id, slug, project_id, parent_id, directory, path, title, version, agent, model, permission, time_created, time_updated
       FROM session WHERE id = ?`,
      [id],
    );
    const [row] = session.rows;
    if (row === undefined) return null;
    const messages = reader.rows('SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id', [id]);
    const parts = reader.rows('SELECT id, message_id, data FROM part WHERE session_id = ? ORDER BY message_id, id', [
      id,
    ]);
    const byMessage = Map.groupBy(parts.rows, (part) => String(part['message_id']));
    const document = {
      info: toInfo(row),
      messages: messages.rows.map((message) => ({
        info: { ...jsonOf(message['data']), id: message['id'], sessionID: id },
        parts: (byMessage.get(String(message['id'])) ?? []).map((part) => ({
          ...jsonOf(part['data']),
          id: part['id'],
          sessionID: id,
          messageID: message['id'],
        })),
      })),
    };
    return {
      bytes: new Uint8Array(Buffer.from(`${JSON.stringify(document)}\n`)),
      isCut: session.isCut || messages.isCut || parts.isCut,
    };
  });
}

/** Whether the database holds it. @throws as `listStoredSessions` */
export function hasStoredSession(path: string, id: string): boolean {
  const ask = (reader: SqliteReader): boolean =>
    reader.rows('SELECT id FROM session WHERE id = ?', [id]).rows.length > 0;
  return readSqlite(path, { tables: ['session'], ...LIMITS }, ask);
}

function toListed(row: SqliteRow): ListedSession {
  const counts = ['time_updated', 'messages', 'message_updated', 'parts', 'part_updated'].map((name) => row[name]);
  return {
    id: String(row['id']),
    parentId: textIn(row, 'parent_id'),
    title: textIn(row, 'title'),
    directory: textIn(row, 'directory'),
    programVersion: textIn(row, 'version'),
    createdAtMs: Number(row['time_created']),
    // A part that is being written does not touch its session.
    updatedAtMs: Math.max(Number(row['time_updated']), Number(row['part_updated'] ?? 0)),
    version: [...counts, row['title'], row['parent_id']].join(':'),
  };
}

function toInfo(row: SqliteRow): object {
  const optional = (name: string, value: unknown): object =>
    value === null || value === undefined ? {} : { [name]: value };
  return {
    id: row['id'],
    slug: row['slug'],
    projectID: row['project_id'],
    ...optional('parentID', row['parent_id']),
    directory: row['directory'],
    ...optional('path', row['path']),
    title: row['title'],
    version: row['version'],
    ...optional('agent', row['agent']),
    ...optional('model', jsonValueOf(row['model'])),
    ...optional('permission', jsonValueOf(row['permission'])),
    time: { created: row['time_created'], updated: row['time_updated'] },
  };
}

function jsonOf(value: unknown): JsonRecord {
  return (typeof value === 'string' ? parseRecord(value) : null) ?? {};
}

function jsonValueOf(value: unknown): unknown {
  if (typeof value !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isRecord(parsed) || Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined; // not of the form that an import takes
  }
}

function textIn(row: SqliteRow, name: string): string | null {
  const value = row[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
