// Sync: the service of the open vault, as the contract has it.

import { AppError } from '../../shared/model/app-error.ts';
import { describeCode } from '../sync/code-log-in.ts';
import type { SyncService } from '../sync/sync-service.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';

export function syncHandlers({ session }: ApiDeps) {
  const sync = (): SyncService => {
    const { sync: service } = session.unlocked();
    if (service === null)
      throw new AppError('VAULT_READ_ONLY', 'This vault can only be read, so it does not sync.', {
        hint: 'See what keeps it from being written: `cairn status`.',
      });
    return service;
  };
  return {
    status: os.sync.status.handler(() => sync().status()),
    login: os.sync.login.handler(async ({ input: { signUp, ...input } }) => {
      await sync().logIn({ ...input, isSignUp: signUp });
      return sync().status();
    }),
    requestCode: os.sync.requestCode.handler(async ({ input }) => describeCode(await sync().requestCode(input))),
    checkCode: os.sync.checkCode.handler(async () => ({
      isEntered: await sync().checkCode(),
      status: await sync().status(),
    })),
    logout: os.sync.logout.handler(async () => {
      await sync().logOut();
      return sync().status();
    }),
    setOn: os.sync.setOn.handler(async ({ input }) => {
      await sync().setOn(input.isOn);
      return sync().status();
    }),
    now: os.sync.now.handler(async ({ input }) => {
      await sync().syncNow({ acceptsDeletions: input.acceptDeletions });
      return sync().status();
    }),
    devices: os.sync.devices.handler(async () => ({ devices: await sync().devices() })),
    rename: os.sync.rename.handler(async ({ input }) => {
      await sync().rename(input.name);
      return sync().status();
    }),
    revoke: os.sync.revoke.handler(async ({ input }) => {
      await sync().revoke(input.id);
      return { devices: await sync().devices() };
    }),
    joins: os.sync.joins.handler(async () => ({ joins: await sync().joins() })),
    answerJoin: os.sync.answerJoin.handler(async ({ input }) => {
      await sync().answerJoin(input.id, input);
      return { joins: await sync().joins() };
    }),
    conflicts: os.sync.conflicts.handler(async () => ({ conflicts: await sync().conflicts() })),
    resolve: os.sync.resolve.handler(async ({ input }) => {
      await sync().edit(input.entity, { [input.field]: input.value });
      return { conflicts: await sync().conflicts() };
    }),
    selection: os.sync.selection.handler(async () => copy(await sync().selection())),
    setSelection: os.sync.setSelection.handler(async ({ input }) => {
      await sync().setSelection(input);
      return copy(await sync().selection());
    }),
  };
}

function copy<Value extends object>(value: Value): Value {
  return { ...value };
}
