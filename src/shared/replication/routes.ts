// Where things are on the server. `{vault}` and `{device}` are ids; every path below a vault is that account's own vault or not found.

import type { DeviceId, VaultKeyId } from './ids.ts';

export const ROUTES = {
  hello: '/v1/hello',
  /** Published sessions and teams: another matter than the replica, on the same account. */
  graphql: '/graphql',
  signUp: '/v1/auth/sign-up',
  deviceCode: '/v1/auth/device',
  approve: '/v1/auth/device/approve',
  deviceToken: '/v1/auth/device/token',
  refresh: '/v1/auth/refresh',
  logOut: '/v1/auth/log-out',
  password: '/v1/auth/password',
  account: '/v1/account',
  device: '/v1/devices/{device}',
  vault: '/v1/vaults/{vault}',
  status: '/v1/vaults/{vault}/status',
  entries: '/v1/vaults/{vault}/entries',
  pull: '/v1/vaults/{vault}/entries/pull',
  objects: '/v1/vaults/{vault}/objects',
  have: '/v1/vaults/{vault}/objects/have',
  getObjects: '/v1/vaults/{vault}/objects/get',
  damaged: '/v1/vaults/{vault}/objects/damaged',
  free: '/v1/vaults/{vault}/objects/free',
  slots: '/v1/vaults/{vault}/slots',
  joins: '/v1/vaults/{vault}/joins',
  join: '/v1/vaults/{vault}/joins/{device}',
  answerJoin: '/v1/vaults/{vault}/joins/{device}/answer',
  events: '/v1/vaults/{vault}/events',
} as const;

export type RouteName = keyof typeof ROUTES;

export interface RouteIds {
  readonly vault?: VaultKeyId;
  readonly device?: DeviceId;
}

/** The path of a route with its ids in place. */
export function pathOf(route: RouteName, ids: RouteIds = {}): string {
  return ROUTES[route].replace('{vault}', ids.vault ?? '').replace('{device}', ids.device ?? '');
}
