// Which route a request takes. Each part of the server brings a list of routes; server.ts joins them.

import type { Caller } from '../auth/caller.ts';
import type { Answer, Call } from './call.ts';

interface RouteBase {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/vaults/{vault}`: names in braces match one part of the path. It stands for the request in logs and metrics. */
  readonly path: string;
  /** Who may call so often: log-ins are few, replication is much. */
  readonly rate: 'log-in' | 'normal' | 'none';
  /** False where the protocol's version need not be named; it is asked for below /v1/ only. */
  readonly needsVersion?: boolean;
}

/** Called by anyone; it must not tell who has an account. */
export interface OpenRoute extends RouteBase {
  readonly access: 'anyone';
  readonly handle: (call: Call) => Promise<Answer | null>;
}

/** Called by a device that is logged in. */
export interface DeviceRoute extends RouteBase {
  readonly access: 'device';
  readonly handle: (call: Call, caller: Caller) => Promise<Answer | null>;
}

export type Route = OpenRoute | DeviceRoute;

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** Null where there is nothing at this path; `wrong-method` where there is, but not so. */
  find(method: string, path: string): Match | 'wrong-method' | null;
}

export function createRouter(routes: ReadonlyArray<Route>): Router {
  const compiled = routes.map((route) => ({ route, parts: route.path.split('/') }));
  return {
    find: (method, path) => {
      const parts = path.split('/');
      const matches = compiled
        .map(({ route, parts: pattern }) => ({ route, params: matchParts(pattern, parts) }))
        .filter((match): match is Match => match.params !== null);
      if (matches.length === 0) return null;
      return matches.find(({ route }) => route.method === method) ?? 'wrong-method';
    },
  };
}

function matchParts(pattern: ReadonlyArray<string>, parts: ReadonlyArray<string>): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [at, expected] of pattern.entries()) {
    const part = parts[at] ?? '';
    if (expected.startsWith('{')) {
      if (part === '') return null;
      params[expected.slice(1, -1)] = part;
    } else if (expected !== part) return null;
  }
  return params;
}
