// The routes of accounts and log-ins: thin, each in a few lines.

import type { IncomingMessage } from 'node:http';

import {
  approveRequestSchema,
  changePasswordRequestSchema,
  deviceCodeRequestSchema,
  deviceTokenRequestSchema,
  refreshRequestSchema,
  renameDeviceRequestSchema,
  signUpRequestSchema,
} from '../../shared/replication/account.ts';
import { deviceIdSchema, type DeviceId } from '../../shared/replication/ids.ts';
import { ROUTES } from '../../shared/replication/routes.ts';
import { ok, readJson, type Call } from '../http/call.ts';
import { notFound, Refusal } from '../http/refusal.ts';
import type { Route } from '../http/router.ts';
import { addAccount, changePassword, readAccount, renameDevice, revokeDevice, type AccountDeps } from './accounts.ts';
import { createApprovalPage } from './approval-page.ts';
import type { Caller } from './caller.ts';
import { approveLogIn, startLogIn, takeTokens } from './device-codes.ts';
import { endTokens, findCaller, refreshTokens, unauthenticated, type TokenDeps } from './tokens.ts';

export interface AuthRoutesOptions {
  readonly isSignUpOpen: boolean;
}

/** Who calls: the device whose access token the request bears, or why there is none. */
export async function authenticate(deps: TokenDeps, { headers }: IncomingMessage): Promise<Caller | Refusal> {
  const [scheme, token] = (headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined) return unauthenticated();
  return findCaller(deps, token);
}

export function createAuthRoutes(deps: AccountDeps, { isSignUpOpen }: AuthRoutesOptions): Route[] {
  return [
    {
      method: 'POST',
      path: ROUTES.signUp,
      access: 'anyone',
      rate: 'log-in',
      handle: async (call) => {
        if (!isSignUpOpen)
          throw new Refusal('forbidden', 'New accounts are not made here.', 'Ask whoever runs the server for one.');
        const { email, password } = await readJson(call, signUpRequestSchema);
        await addAccount(deps, email, password);
        return { status: 202, json: {} };
      },
    },
    {
      method: 'POST',
      path: ROUTES.deviceCode,
      access: 'anyone',
      rate: 'log-in',
      handle: async (call) => ok(await startLogIn(deps, await readJson(call, deviceCodeRequestSchema))),
    },
    {
      method: 'POST',
      path: ROUTES.approve,
      access: 'anyone',
      rate: 'log-in',
      handle: async (call) => {
        await approveLogIn(deps, call.address, await readJson(call, approveRequestSchema));
        return ok({});
      },
    },
    {
      method: 'POST',
      path: ROUTES.deviceToken,
      access: 'anyone',
      rate: 'log-in',
      handle: async (call) => {
        const { deviceCode, signature } = await readJson(call, deviceTokenRequestSchema);
        return ok(await takeTokens(deps, deviceCode, Buffer.from(signature, 'hex')));
      },
    },
    {
      method: 'POST',
      path: ROUTES.refresh,
      access: 'anyone',
      rate: 'log-in',
      handle: async (call) => {
        const { refreshToken, signature } = await readJson(call, refreshRequestSchema);
        return ok(await refreshTokens(deps, refreshToken, Buffer.from(signature, 'hex')));
      },
    },
    ...createApprovalPage(deps),
    ...createAccountRoutes(deps),
  ];
}

function createAccountRoutes(deps: AccountDeps): Route[] {
  return [
    {
      method: 'POST',
      path: ROUTES.logOut,
      access: 'device',
      rate: 'normal',
      handle: async (_, { userId, deviceNo }) => {
        await endTokens(deps.db, userId, deviceNo);
        return ok({});
      },
    },
    {
      method: 'POST',
      path: ROUTES.password,
      access: 'device',
      rate: 'log-in',
      handle: async (call, caller) => {
        await changePassword(deps, caller, call.address, await readJson(call, changePasswordRequestSchema));
        return ok({});
      },
    },
    {
      method: 'GET',
      path: ROUTES.account,
      access: 'device',
      rate: 'normal',
      handle: async (_, caller) => ok(await readAccount(deps, caller)),
    },
    {
      method: 'PATCH',
      path: ROUTES.device,
      access: 'device',
      rate: 'normal',
      handle: async (call, caller) => {
        const { name } = await readJson(call, renameDeviceRequestSchema);
        await renameDevice(deps, caller, deviceIn(call), name);
        return ok({});
      },
    },
    {
      method: 'DELETE',
      path: ROUTES.device,
      access: 'device',
      rate: 'normal',
      handle: async (call, caller) => {
        await revokeDevice(deps, caller, deviceIn(call));
        return ok({});
      },
    },
  ];
}

/** The device that the path names. @throws Refusal `not-found` where it names none */
export function deviceIn({ params }: Call): DeviceId {
  const parsed = deviceIdSchema.safeParse(params['device']);
  if (!parsed.success) throw notFound('device');
  return parsed.data;
}
