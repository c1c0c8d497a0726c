// Short texts that reach every node of the server: "device D has reached index N" (S10). With SQLite there is one node; with PostgreSQL they
// cross by LISTEN/NOTIFY, on a connection of their own, outside of every transaction (NOTIFY takes a database-wide lock at commit) and
// coalesced. A notice may be lost; whoever needs what it tells of asks again anyway.

import type pg from 'pg';

const CHANNEL = 'cairn_notices';
/** Notices of so long go out as one. */
const COALESCE_MS = 50;
const RECONNECT_MS = 1_000;
/** PostgreSQL takes less than 8,000 bytes at once. */
const MAX_PAYLOAD_CHARACTERS = 7_000;

/** Told to listeners, without a message, where notices of any topic may have been missed. */
export const MISSED_TOPIC = 'missed';

export type NoticeListener = (topic: string, message: string) => void;

export interface NoticeBus {
  /** Tells all nodes, this one included; of several messages of one topic that come at once, the last may be all that arrives. */
  publish(topic: string, message: string): void;
  /** Gives its own undo. */
  onNotice(listener: NoticeListener): () => void;
  close(): Promise<void>;
}

export function createLocalNotices(): NoticeBus {
  const listeners = new Set<NoticeListener>();
  return {
    publish: (topic, message) => tell(listeners, topic, message),
    onNotice: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => listeners.clear(),
  };
}

/** Where the connection breaks it is made again; what came in between is lost, and that is told as `MISSED_TOPIC`. */
export function createPostgresNotices(
  connect: () => pg.Client,
  pool: pg.Pool,
  onTrouble: (what: string) => void,
): NoticeBus {
  const listeners = new Set<NoticeListener>();
  const waiting = new Map<string, string>();
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;
  let flush: NodeJS.Timeout | null = null;
  let isClosed = false;
  let hasMissed = false;

  const listen = async (): Promise<void> => {
    const next = connect();
    let isGone = false;
    const gone = (): void => {
      if (isGone) return;
      isGone = true;
      if (client === next) client = null;
      next.end().catch(() => undefined); // it is gone already
      if (isClosed) return;
      onTrouble('the connection for notices broke');
      hasMissed = true;
      retry = setTimeout(() => void listen(), RECONNECT_MS);
      retry.unref();
    };
    next.on('error', gone);
    next.on('end', gone);
    next.on('notification', ({ payload }) => {
      for (const [topic, message] of parsePayload(payload ?? '')) tell(listeners, topic, message);
    });
    try {
      await next.connect();
      await next.query(`LISTEN ${CHANNEL}`);
      client = next;
      if (isClosed) gone();
      else if (hasMissed) tell(listeners, MISSED_TOPIC, '');
      hasMissed = false;
    } catch {
      gone();
    }
  };
  const started = listen();

  const send = (): void => {
    flush = null;
    const payloads = toPayloads(waiting);
    waiting.clear();
    for (const payload of payloads) {
      // Not awaited by anybody: a notice that does not come is asked for.
      pool.query('SELECT pg_notify($1, $2)', [CHANNEL, payload]).catch(() => onTrouble('a notice was not sent'));
    }
  };
  return {
    publish: (topic, message) => {
      if (isClosed) return;
      waiting.set(`${topic} ${message.split(' ')[0] ?? ''}`, `${topic} ${message}`);
      flush ??= setTimeout(send, COALESCE_MS);
    },
    onNotice: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      isClosed = true;
      if (retry !== null) clearTimeout(retry);
      if (flush !== null) clearTimeout(flush);
      listeners.clear();
      await started;
      await client?.end().catch(() => undefined); // it may be gone already
    },
  };
}

/** The lines that wait, in as few payloads as hold them. */
function toPayloads(waiting: ReadonlyMap<string, string>): string[] {
  const payloads: string[] = [];
  let payload = '';
  for (const line of waiting.values()) {
    if (payload !== '' && payload.length + line.length + 1 > MAX_PAYLOAD_CHARACTERS) {
      payloads.push(payload);
      payload = '';
    }
    payload = payload === '' ? line : `${payload}\n${line}`;
  }
  return payload === '' ? payloads : [...payloads, payload];
}

function parsePayload(payload: string): ReadonlyArray<readonly [topic: string, message: string]> {
  return payload
    .split('\n')
    .map((line) => [line, line.indexOf(' ')] as const)
    .filter(([, space]) => space > 0)
    .map(([line, space]) => [line.slice(0, space), line.slice(space + 1)]);
}

function tell(listeners: ReadonlySet<NoticeListener>, topic: string, message: string): void {
  for (const listener of listeners) listener(topic, message);
}
