// The routes of replication: thin, each in a few lines. Everything below a vault first finds that vault in the caller's own account.

import { ROUTES, type RouteName } from '../../shared/replication/routes.ts';
import {
  MAX_BATCH_BYTES,
  MAX_ENTRIES_PER_BATCH,
  MAX_IDS_PER_REQUEST,
  MAX_SLOTS_BYTES,
} from '../../shared/replication/limits.ts';
import {
  answerJoinRequestSchema,
  createVaultRequestSchema,
  damagedRequestSchema,
  freeRequestSchema,
  getObjectsRequestSchema,
  haveRequestSchema,
  pullRequestSchema,
  slotsSchema,
} from '../../shared/replication/replica.ts';
import { deviceIn } from '../auth/auth-routes.ts';
import type { Caller } from '../auth/caller.ts';
import { ok, readBody, readJson, type Answer, type Call } from '../http/call.ts';
import type { DeviceRoute } from '../http/router.ts';
import type { EventStreams } from './event-streams.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { answerJoin, askToJoin, readJoin, readJoins } from './joins.ts';
import { readSlots, writeSlots } from './key-slots.ts';
import { freeObjects } from './collect-garbage.ts';
import { pullEntries } from './pull-entries.ts';
import { pushEntries } from './push-entries.ts';
import { findMissing, markDamaged, readObjects } from './read-objects.ts';
import type { ReplicaDeps } from './replica-deps.ts';
import { storeObjects } from './store-objects.ts';
import { createVault, findVault, readStatus, vaultIn, type OwnVault } from './vaults.ts';

/** An id in JSON with its quotes, comma and, where there is one, its offset. */
const BYTES_PER_ID = 80;
const MAX_IDS_BYTES = MAX_IDS_PER_REQUEST * BYTES_PER_ID;
/** Signed parts and lengths come on top of bodies. */
const MAX_PUSH_BYTES = MAX_BATCH_BYTES + MAX_ENTRIES_PER_BATCH * 512;
const BYTES = 'application/octet-stream';

type Handle = (call: Call, caller: Caller, vault: OwnVault) => Promise<Answer | null>;

export function createReplicaRoutes(deps: ReplicaDeps, streams: EventStreams): DeviceRoute[] {
  const { db } = deps;
  const batches = new BatchBuffers();
  const within = (method: DeviceRoute['method'], route: RouteName, handle: Handle): DeviceRoute => ({
    method,
    path: ROUTES[route],
    access: 'device',
    rate: 'normal',
    handle: async (call, caller) => handle(call, caller, await findVault(db, caller, call)),
  });
  return [
    {
      method: 'PUT',
      path: ROUTES.vault,
      access: 'device',
      rate: 'normal',
      handle: async (call, caller) => {
        const { epoch } = await readJson(call, createVaultRequestSchema);
        await createVault(deps, caller.userId, vaultIn(call), epoch);
        return ok({});
      },
    },
    within('GET', 'status', async (_, __, vault) => ok(await readStatus(deps, vault))),
    within('POST', 'entries', async (call, caller, vault) =>
      ok({ head: await pushEntries(deps, caller, vault, await readBody(call, MAX_PUSH_BYTES)) }),
    ),
    within('POST', 'pull', async (call, _, vault) => {
      const request = await readJson(call, pullRequestSchema);
      return { status: 200, bytes: await pullEntries(db, vault, request), type: BYTES };
    }),
    within('PUT', 'objects', async (call, caller, vault) =>
      ok({ objects: await batches.with(call, (bytes) => storeObjects(deps, caller, vault, bytes)) }),
    ),
    within('POST', 'have', async (call, caller, vault) => {
      const { ids } = await readJson(call, haveRequestSchema, MAX_IDS_BYTES);
      return ok(await findMissing(deps, caller, vault, ids));
    }),
    within('POST', 'getObjects', async (call, _, vault) => {
      const request = await readJson(call, getObjectsRequestSchema, MAX_IDS_BYTES);
      return { status: 200, bytes: await readObjects(deps, vault, request), type: BYTES };
    }),
    within('POST', 'damaged', async (call, _, vault) => {
      const { ids } = await readJson(call, damagedRequestSchema, MAX_IDS_BYTES);
      await markDamaged(deps, vault, ids);
      return ok({});
    }),
    within('POST', 'free', async (call, _, vault) => {
      const { ids } = await readJson(call, freeRequestSchema, MAX_IDS_BYTES);
      await freeObjects(deps, vault, ids);
      return ok({});
    }),
    within('GET', 'slots', async (_, __, vault) => ok(await readSlots(db, vault))),
    within('PUT', 'slots', async (call, _, vault) =>
      ok(await writeSlots(db, vault, await readJson(call, slotsSchema, MAX_SLOTS_BYTES * 2))),
    ),
    within('GET', 'joins', async (_, caller, vault) => {
      const joins = await readJoins(deps, caller, vault);
      return ok({ joins: joins.filter(({ status }) => status === 'waiting') });
    }),
    within('POST', 'joins', async (_, caller, vault) => {
      await askToJoin(deps, caller, vault);
      return ok({});
    }),
    within('GET', 'join', async (call, caller, vault) => ok(await readJoin(deps, caller, vault, deviceIn(call)))),
    within('POST', 'answerJoin', async (call, caller, vault) => {
      const answer = await readJson(call, answerJoinRequestSchema);
      await answerJoin(deps, caller, vault, deviceIn(call), answer);
      return ok({});
    }),
    within('GET', 'events', async (call, caller, vault) => {
      streams.open(call, caller, vault);
      return null;
    }),
  ];
}
