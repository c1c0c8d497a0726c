// The composition root of the sync server: options in, a running server out. Each part brings its routes and, where it has some, its tables
// (store/tables.ts) and migrations (store/migrations/); this file is the only one that knows them all.

import { randomBytes } from 'node:crypto';

import type { HelloAnswer } from '../shared/replication/account.ts';
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from '../shared/replication/limits.ts';
import { ROUTES } from '../shared/replication/routes.ts';
import type { AccountDeps } from './auth/accounts.ts';
import { authenticate, createAuthRoutes } from './auth/auth-routes.ts';
import { createPasswords } from './auth/passwords.ts';
import { ok } from './http/call.ts';
import { startHttpServer } from './http/http-server.ts';
import type { Route } from './http/router.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createGraphqlRoute } from './graphql/graphql-route.ts';
import { createOperationRoutes } from './operation-routes.ts';
import { createEventStreams } from './replication/event-streams.ts';
import { collectGarbage } from './replication/collect-garbage.ts';
import { objectFolderIn } from './replication/file-objects.ts';
import { provideGeneration } from './replication/generation.ts';
import { openObjects, type ObjectOptions } from './replication/open-objects.ts';
import type { ReplicaDeps, ReplicaLimits } from './replication/replica-deps.ts';
import { createReplicaRoutes } from './replication/replica-routes.ts';
import { sweepFiles } from './replication/sweep-files.ts';
import { openPublishing } from './publishing/open-publishing.ts';
import { openStore } from './store/store.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Where SQLite and object files lie. */
  readonly dataFolder: string;
  /** `postgres://...`, or null for SQLite in the data folder. */
  readonly databaseUrl: string | null;
  /** Where the bytes of objects that come go to (S31). */
  readonly objects: ObjectOptions['objects'];
  /** What an account may store. */
  readonly limits: ReplicaLimits;
  /** What an account may have published, in sealed bytes; beside what its replica takes. */
  readonly maxPublishedBytes: number;
  readonly isSignUpOpen: boolean;
  readonly isBehindProxy: boolean;
  /** Keys that wrap the owners' keys of published sessions; null: the file `server.key` of the data folder. */
  readonly serverKey: string | null;
  /** True where webhooks may go to private addresses, and without TLS. */
  readonly webhooksMayBePrivate: boolean;
  /** Whoever bears it may read /metrics; null: callers of this machine only. */
  readonly metricsToken: string | null;
  readonly version: string;
  readonly nowMs: () => number;
  /** Takes the lines of the log. */
  readonly writeLog: (line: string) => void;
}

/** How often what nobody needs is freed. */
const COLLECT_EVERY_MS = 6 * 3_600_000;

export interface RunningServer {
  readonly port: number;
  /** Frees what nobody needs any more now, and not only at its hour; gives how many objects. */
  collect(): Promise<number>;
  /** Lets requests under way end, then closes everything in the reverse order of its start. Idempotent. */
  close(): Promise<void>;
}

/** @throws AppError SERVER_DATABASE, USAGE_INVALID of the port */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { nowMs } = options;
  const log = createLog({ write: options.writeLog, nowMs });
  const metrics = createMetrics();
  const store = await openStore({
    dataFolder: options.dataFolder,
    databaseUrl: options.databaseUrl,
    onTrouble: (what) => log.error('trouble', { what }),
  });
  const { db, notices } = store;
  const deps: AccountDeps = { db, notices, passwords: createPasswords(), nowMs, randomBytes };
  const publishing = await openPublishing({
    ...options,
    db,
    count: (name, amount) => metrics.add(name, amount),
    onTrouble: (what) => log.error('trouble', { what }),
  }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const replica: ReplicaDeps = { ...deps, objects: openObjects(options, store.kind), limits: options.limits };
  const streams = createEventStreams(notices, nowMs);
  metrics.gauge('cairn_event_streams', () => streams.count);
  const closing = new AbortController();
  const collect = async (): Promise<number> => {
    const freed = await collectGarbage(replica, closing.signal);
    const swept = await sweepFiles({ db, folder: objectFolderIn(options.dataFolder), nowMs }, closing.signal);
    log.info('collected', { freed, swept });
    return freed;
  };
  const collector = setInterval(() => {
    collect().catch(() => log.error('trouble', { what: 'nothing could be freed' }));
  }, COLLECT_EVERY_MS);
  collector.unref();
  const routes: Route[] = [
    createHelloRoute(options),
    ...createOperationRoutes({ store, metrics, metricsToken: options.metricsToken }),
    ...createAuthRoutes(deps, options),
    ...createReplicaRoutes(replica, streams),
    createGraphqlRoute(publishing),
  ];
  try {
    await provideGeneration(db, randomBytes);
    const http = await startHttpServer({
      routes,
      authenticate: (request) => authenticate(deps, request),
      host: options.host,
      port: options.port,
      isBehindProxy: options.isBehindProxy,
      log,
      metrics,
      nowMs,
    });
    log.info('started', { database: store.kind, version: options.version });
    let closed: Promise<void> | null = null;
    return {
      port: http.port,
      collect,
      close: () =>
        (closed ??= (async () => {
          clearInterval(collector);
          closing.abort();
          streams.close();
          await http.close();
          await publishing.close();
          await store.close();
          log.info('stopped');
        })()),
    };
  } catch (error) {
    clearInterval(collector);
    streams.close();
    await publishing.close();
    await store.close();
    throw error;
  }
}

function createHelloRoute({ version, isSignUpOpen, nowMs }: ServerOptions): Route {
  return {
    method: 'GET',
    path: ROUTES.hello,
    access: 'anyone',
    rate: 'normal',
    needsVersion: false,
    handle: async () => {
      const answer: HelloAnswer = {
        product: 'cairn-server',
        serverVersion: version,
        protocol: { oldest: OLDEST_PROTOCOL_VERSION, newest: PROTOCOL_VERSION },
        signUp: isSignUpOpen ? 'open' : 'closed',
        serverTimeMs: Math.round(nowMs()),
      };
      return ok(answer);
    },
  };
}
