// What whoever runs the server asks: does it live, can it serve, what does it do.

import { timingSafeEqual } from 'node:crypto';

import { sha256 } from './encryption/signatures.ts';
import { ok, type Call } from './http/call.ts';
import { notFound, Refusal } from './http/refusal.ts';
import type { Route } from './http/router.ts';
import type { Metrics } from './metrics.ts';
import type { Store } from './store/store.ts';

export interface OperationOptions {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly metricsToken: string | null;
}

export function createOperationRoutes({ store, metrics, metricsToken }: OperationOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/health',
      access: 'anyone',
      rate: 'none',
      handle: async () => ok({ status: 'alive' }),
    },
    {
      method: 'GET',
      path: '/ready',
      access: 'anyone',
      rate: 'none',
      handle: async () => {
        if (await store.isReady()) return ok({ status: 'ready' });
        throw new Refusal('unavailable', 'The database does not answer.', 'Look at the log of the database.', {
          retryAfterMs: 5_000,
        });
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'anyone',
      rate: 'normal',
      handle: async (call) => {
        // Whoever may not read them need not know that they are there.
        if (!mayReadMetrics(call, metricsToken)) throw notFound('address');
        return { status: 200, bytes: Buffer.from(metrics.text()), type: 'text/plain; version=0.0.4; charset=utf-8' };
      },
    },
  ];
}

function mayReadMetrics({ request }: Call, token: string | null): boolean {
  const { headers, socket } = request;
  if (token !== null) return timingSafeEqual(sha256(headers.authorization ?? ''), sha256(`Bearer ${token}`));
  // A proxy on this machine brings strangers.
  const isForwarded = 'x-forwarded-for' in headers || 'forwarded' in headers || 'x-real-ip' in headers;
  return !isForwarded && ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(socket.remoteAddress ?? '');
}
