// Notices to devices as server-sent events (S10). A stream lives no longer than the access token it was opened with; a device that was revoked
// loses its streams at once, on every node. A stream that does not read is ended: on connect a device pulls anyway.

import type { ServerResponse } from 'node:http';

import type { Caller } from '../auth/caller.ts';
import { userTopic } from '../auth/accounts.ts';
import { ACCESS_TOKEN_MS } from '../auth/lifetimes.ts';
import type { Call } from '../http/call.ts';
import { STALLED_AFTER_MS } from '../http/http-server.ts';
import { Refusal } from '../http/refusal.ts';
import { MISSED_TOPIC, type NoticeBus } from '../store/notice-bus.ts';
import { vaultTopic, type OwnVault } from './vaults.ts';

const PING_MS = 20_000;
const MAX_STREAMS_PER_DEVICE = 4;
const MAX_UNREAD_BYTES = 64 * 1024;

interface Stream {
  readonly caller: Caller;
  readonly response: ServerResponse;
  readonly endsAtMs: number;
}

export interface EventStreams {
  /** Answers with a stream that stays open. @throws Refusal `rate` */
  open(call: Call, caller: Caller, vault: OwnVault): void;
  readonly count: number;
  close(): void;
}

export function createEventStreams(notices: NoticeBus, nowMs: () => number): EventStreams {
  const byTopic = new Map<string, Set<Stream>>();
  const all = new Set<Stream>();

  const send = (stream: Stream, text: string): void => {
    const { response } = stream;
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
    else response.write(text);
  };
  const tellUser = (topic: string, device: string, what: string): void => {
    for (const stream of all) {
      const { caller, response } = stream;
      if (userTopic(caller.userId) !== topic) continue;
      if (device === 'password' || (what === 'revoked' && caller.deviceId === device)) response.end();
      else send(stream, toEvent(device, 0));
    }
  };
  const stopListening = notices.onNotice((topic, message) => {
    const [device = '', what = ''] = message.split(' ');
    // Each looks by itself what it has missed.
    if (topic === MISSED_TOPIC) for (const stream of all) send(stream, toEvent(stream.caller.deviceId, 0));
    if (topic.startsWith('user.')) return tellUser(topic, device, what);
    const index = Number(what);
    if (!Number.isSafeInteger(index)) return undefined;
    for (const stream of byTopic.get(topic) ?? []) send(stream, toEvent(device, index));
    return undefined;
  });
  const pings = setInterval(() => {
    for (const stream of all) {
      if (nowMs() >= stream.endsAtMs) stream.response.end();
      else send(stream, ': still here\n\n');
    }
  }, PING_MS);
  pings.unref();

  return {
    get count() {
      return all.size;
    },
    open: ({ response }, caller, vault) => {
      const own = [...all].filter(
        (one) => one.caller.userId === caller.userId && one.caller.deviceId === caller.deviceId,
      );
      if (own.length >= MAX_STREAMS_PER_DEVICE)
        throw new Refusal('rate', 'This device has too many streams open.', 'Close one of them.', {
          limit: MAX_STREAMS_PER_DEVICE,
          retryAfterMs: PING_MS,
        });
      const topic = vaultTopic(vault);
      const stream: Stream = { caller, response, endsAtMs: nowMs() + ACCESS_TOKEN_MS };
      const inTopic = byTopic.get(topic) ?? new Set();
      byTopic.set(topic, inTopic.add(stream));
      all.add(stream);
      response.once('close', () => {
        all.delete(stream);
        inTopic.delete(stream);
        if (inTopic.size === 0 && byTopic.get(topic) === inTopic) byTopic.delete(topic);
      });
      // Each ping begins the time anew; a stream that was ended may still lie unread.
      response.setTimeout(STALLED_AFTER_MS);
      // A proxy that gathers answers would hold notices back.
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      response.write(': welcome\n\n');
    },
    close: () => {
      clearInterval(pings);
      stopListening();
      for (const { response } of all) response.end();
    },
  };
}

function toEvent(device: string, index: number): string {
  return `event: notice\ndata: ${JSON.stringify({ device, index })}\n\n`;
}
