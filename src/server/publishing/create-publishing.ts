// Builds publishing over a database, and runs what it does by itself: expiry, webhooks, resealing. Several nodes may do so at once.

import { createGraphqlServer, type RequestFacts } from '../graphql/create-yoga.ts';
import type { AccountNames } from '../graphql/context.ts';
import { createCursorCodec } from '../graphql/cursor.ts';
import { OwnerKeys } from '../encryption/owner-keys.ts';
import type { ServerKeys } from '../encryption/server-keys.ts';
import { RedactionPool, type RedactionPoolOptions } from '../secrets/redaction-pool.ts';
import type { Db } from '../store/store.ts';
import { deliverDue } from '../webhooks/deliver.ts';
import type { AddressRules } from '../webhooks/webhook-address.ts';
import { Webhooks } from '../webhooks/webhooks.ts';
import { PublishedSessions } from './published-sessions.ts';
import { Teams } from './teams.ts';

const WORK_EVERY_MS = 5_000;
const REWRAPPED_AT_ONCE = 200;

export interface PublishingDeps {
  readonly db: Db;
  readonly serverKeys: ServerKeys;
  readonly names: AccountNames;
  readonly nowMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly webhookRules: AddressRules;
  readonly redaction?: RedactionPoolOptions;
  /** What an account may have published, in sealed bytes. */
  readonly maxBytes: number;
  /** Adds to a counter of the metrics. */
  readonly count: (name: string, amount: number) => void;
  /** Hears what went wrong beside or within a request: names, never content. */
  readonly onTrouble: (what: string) => void;
}

export interface Publishing extends AsyncDisposable {
  readonly keys: OwnerKeys;
  /** Answers a request to `/graphql`. */
  handle(request: Request, facts: RequestFacts): Promise<Response>;
  /** Does what is due now, once. */
  work(): Promise<void>;
  /** Does what is due, again and again. */
  start(): void;
  close(): Promise<void>;
}

export function createPublishing(deps: PublishingDeps): Publishing {
  const { db, serverKeys, nowMs, random, webhookRules: rules, maxBytes, count, onTrouble } = deps;
  const keys = new OwnerKeys({ db, wrapper: serverKeys, nowMs });
  const redactor = new RedactionPool(deps.redaction);
  const sessions = new PublishedSessions({ db, keys, redactor, maxBytes, nowMs, count });
  const webhooks = new Webhooks({ db, keys, nowMs, rules });
  const yoga = createGraphqlServer({
    db,
    services: {
      sessions,
      teams: new Teams({ db, keys, nowMs }),
      webhooks,
      names: deps.names,
      cursors: createCursorCodec(serverKeys.derive('cursors')),
    },
    onUnexpected: (name) => onTrouble(`graphql: unexpected ${name}`),
  });
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<void> = Promise.resolve();
  const work = async (): Promise<void> => {
    await attempt('expiry', () => sessions.sweepExpired());
    await attempt('webhooks', () => deliverDue({ db, webhooks, rules, nowMs, random }));
    await attempt('keys', () => keys.rewrap(REWRAPPED_AT_ONCE));
  };
  const attempt = async (name: string, act: () => Promise<number>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      onTrouble(`publishing: ${name} failed with ${error instanceof Error ? error.name : typeof error}`);
    }
  };
  const close = async (): Promise<void> => {
    if (timer !== null) clearInterval(timer);
    timer = null;
    await working;
    await redactor.close();
  };
  return {
    keys,
    handle: async (request, facts) => yoga.fetch(request, facts),
    work,
    start: () => {
      let isWorking = false;
      timer ??= setInterval(() => {
        if (isWorking) return;
        isWorking = true;
        working = work().finally(() => {
          isWorking = false;
        });
      }, WORK_EVERY_MS);
      timer.unref();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
