// Objects in S3-compatible storage, one for each place below the account's id: `<bucket>/<user>/<place>`.

import { signS3, type S3Keys } from '../encryption/sign-s3.ts';
import { Refusal } from '../http/refusal.ts';
import type { ObjectStore, PlacedBytes } from './object-store.ts';

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
const PAUSE_MS = 200;
const MAX_AT_ONCE = 8;

export interface S3Options extends S3Keys {
  /** `https://host/bucket`. */
  readonly address: string;
  readonly nowMs: () => number;
}

export function createS3Objects(options: S3Options): ObjectStore {
  const send = async (
    method: string,
    userId: string,
    place: string,
    body: Uint8Array,
    attempts = ATTEMPTS,
  ): Promise<Response> => {
    const url = new URL(`${options.address.replace(/\/$/, '')}/${userId}/${place}`);
    for (let attempt = 1; ; attempt += 1) {
      const headers = signS3(options, { method, url, body }, options.nowMs());
      const init = { method, headers, redirect: 'error' as const, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const response = await fetch(url, method === 'PUT' ? { ...init, body: Uint8Array.from(body) } : init).catch(
        () => null, // a connection that broke is tried again, as an answer of 500 is
      );
      if (response !== null && response.status < 500 && response.status !== 429) return response;
      await response?.body?.cancel();
      if (attempt === attempts) throw unavailable();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** attempt));
    }
  };
  const put = async (userId: string, { place, bytes }: PlacedBytes): Promise<void> => {
    const response = await send('PUT', userId, place, bytes);
    await response.body?.cancel();
    if (!response.ok) throw unavailable();
  };
  return {
    write: async (userId, objects) => {
      for (let at = 0; at < objects.length; at += MAX_AT_ONCE) {
        const ends = await Promise.allSettled(objects.slice(at, at + MAX_AT_ONCE).map((one) => put(userId, one)));
        const failed = ends.find((end) => end.status === 'rejected');
        if (failed === undefined) continue;
        // Also of those that failed: it may be their answer alone that did. Who uploads waits, so the first without an answer is the last.
        await eachOf(objects.slice(0, at + MAX_AT_ONCE), async ({ place }) => {
          const response = await send('DELETE', userId, place, new Uint8Array(0), 1);
          await response.body?.cancel();
        }).catch(() => undefined);
        throw failed.reason;
      }
    },
    writeIn: async () => undefined,
    read: async (_, userId, place) => {
      const response = await send('GET', userId, place, new Uint8Array(0));
      if (response.status === 404) {
        await response.body?.cancel();
        return null;
      }
      if (!response.ok) throw unavailable();
      return Buffer.from(await response.arrayBuffer());
    },
    remove: (_, userId, places) =>
      eachOf(places, async (place) => {
        const response = await send('DELETE', userId, place, new Uint8Array(0));
        await response.body?.cancel();
        if (!response.ok && response.status !== 404) throw unavailable();
      }),
  };
}

async function eachOf<Item>(items: ReadonlyArray<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += MAX_AT_ONCE) await Promise.all(items.slice(at, at + MAX_AT_ONCE).map(work));
}

function unavailable(): Refusal {
  return new Refusal('unavailable', 'The storage of objects does not take or give them.', 'Try again in a moment.', {
    retryAfterMs: 5_000,
  });
}
