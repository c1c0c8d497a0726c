// Checkpoints: list, name, edit, delete.

import type { Checkpoint, CheckpointAttributes } from '../../shared/model/checkpoint.ts';
import type { CheckpointId } from '../../shared/model/ids.ts';
import type { CheckpointView } from '../../shared/contract/schemas.ts';
import { viewCheckpoint } from '../timeline/views.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';
import { restoreAtOnce } from './restore.ts';

export function checkpointHandlers(deps: ApiDeps) {
  const { session } = deps;
  const view = async (checkpoints: readonly Checkpoint[]): Promise<CheckpointView[]> => {
    const { app } = session.unlocked();
    const summaries = await app.vault.listSnapshots({ limit: checkpoints.length, checkpointsOnly: true });
    const times = new Map(summaries.map(({ id, takenAtMs }) => [id, takenAtMs]));
    const { retention } = app.config();
    return checkpoints
      .map((checkpoint) => viewCheckpoint(checkpoint, retention, times.get(checkpoint.snapshotId)))
      .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  };
  const changed = (): void => session.emit({ type: 'checkpoints.changed' });
  const deleteAll = async (ids: readonly CheckpointId[]): Promise<{ deleted: number }> => {
    const deleted = await session.unlocked().app.vault.deleteCheckpoints(ids);
    changed();
    return { deleted };
  };
  return {
    list: os.checkpoints.list.handler(async () => ({
      checkpoints: await view(await session.unlocked().app.vault.listCheckpoints()),
    })),
    create: os.checkpoints.create.handler(async ({ input }) => {
      const { snapshot, ...attributes } = input;
      const { vault } = session.unlocked().app;
      const nowMs = session.app.clock.nowMs();
      const checkpoint =
        snapshot === undefined
          ? await session.checkpoint(attributes)
          : await vault.createCheckpoint(await vault.resolveSnapshot(snapshot, nowMs), attributes, nowMs);
      changed();
      return viewCheckpoint(checkpoint, session.unlocked().app.config().retention);
    }),
    update: os.checkpoints.update.handler(async ({ input: { id, ...changes } }) => {
      const { app } = session.unlocked();
      const edited = await app.vault.editCheckpoint(id, withoutUndefined(changes), session.app.clock.nowMs());
      changed();
      return viewCheckpoint(edited, app.config().retention);
    }),
    delete: os.checkpoints.delete.handler(({ input }) => deleteAll([input.id])),
    batchDelete: os.checkpoints.batchDelete.handler(({ input }) => deleteAll(input.ids)),
    restore: os.checkpoints.restore.handler(async ({ input: { id, ...request }, signal }) => {
      const found = (await session.unlocked().app.vault.listCheckpoints()).find((other) => other.id === id);
      return restoreAtOnce(deps, { ...request, snapshot: found?.snapshotId ?? id }, signal);
    }),
  };
}

function withoutUndefined(changes: { [Name in keyof CheckpointAttributes]?: CheckpointAttributes[Name] | undefined }) {
  return Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined),
  ) as Partial<CheckpointAttributes>; // only members that were there
}
