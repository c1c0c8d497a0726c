// Snapshots, their differences and previews; captures.

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotId } from '../../shared/model/ids.ts';
import { readEnds } from '../sources/conversation/read-end.ts';
import { toIso, viewDiff, viewSnapshot, viewSummary } from '../timeline/views.ts';
import type { Vault } from '../vault/vault.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';
import { withHistory } from './histories.ts';

const DEFAULT_MESSAGES = 200;

export function snapshotHandlers({ session }: ApiDeps) {
  const resolve = (vault: Vault, reference: string): Promise<SnapshotId> =>
    vault.resolveSnapshot(reference, session.app.clock.nowMs());
  const read = async (vault: Vault, reference: string) => vault.readSnapshot(await resolve(vault, reference));
  return {
    captures: {
      create: os.captures.create.handler(async () => {
        const { summary, durationMs } = await session.capture({ kind: 'manual' });
        const { id, takenAtMs, items, changed, gaps } = summary;
        return { snapshotId: id, takenAt: toIso(takenAtMs), items, changed, gaps, ms: Math.round(durationMs) };
      }),
      pause: os.captures.pause.handler(async ({ input }) => {
        session.pause(input.until === null ? null : Date.parse(input.until));
        return session.status();
      }),
      resume: os.captures.resume.handler(async () => {
        session.resume();
        return session.status();
      }),
      forget: os.captures.forget.handler(async ({ input }) => ({ removed: await session.forget(input.minutes) })),
    },
    snapshots: {
      list: os.snapshots.list.handler(({ input }) =>
        withHistory(session, input.device, async ({ vault }) => {
          const snapshots = await vault.listSnapshots({
            limit: input.limit,
            ...(input.since === undefined ? {} : { sinceMs: Date.parse(input.since) }),
            ...(input.until === undefined ? {} : { untilMs: Date.parse(input.until) }),
            ...(input.before === undefined ? {} : { before: await resolve(vault, input.before) }),
            ...(input.checkpointsOnly === undefined ? {} : { checkpointsOnly: input.checkpointsOnly }),
          });
          return { snapshots: snapshots.map(viewSummary) };
        }),
      ),
      get: os.snapshots.get.handler(({ input }) =>
        withHistory(session, input.device, async ({ vault, timeline }) => {
          const snapshot = await read(vault, input.id);
          return viewSnapshot(snapshot, await timeline.kept(snapshot.id));
        }),
      ),
      diff: os.snapshots.diff.handler(({ input }) =>
        withHistory(session, input.device, async ({ vault }) => {
          const [before, after] = [await read(vault, input.id), await read(vault, input.other)];
          return viewDiff(before.itemList, after.itemList);
        }),
      ),
      diffWithNow: os.snapshots.diffWithNow.handler(async ({ input, signal }) => {
        const { app } = session.unlocked();
        const before = await read(app.vault, input.id);
        const present = await app.lookNow(signal ?? new AbortController().signal);
        // A look reads no content that was stored already: only what is there and what it says of itself is compared.
        return viewDiff(before.itemList.map(withoutStreams), present.map(withoutStreams));
      }),
      preview: os.snapshots.preview.handler(({ input }) =>
        withHistory(session, input.device, async ({ vault }) => {
          const snapshot = await read(vault, input.id);
          const item = snapshot.itemList.find(({ key }) => key === input.key);
          if (item === undefined)
            throw new AppError('ITEM_NOT_FOUND', 'The snapshot holds no such item.', {
              hint: 'It may have been closed by then: look at an earlier one.',
            });
          const source = session.app.sources.find(({ id }) => id === item.source);
          if (source?.preview === undefined) return { type: 'facts' as const };
          return source.preview(item, {
            limit: input.limit ?? DEFAULT_MESSAGES,
            ...(input.firstIndex === undefined ? {} : { firstIndex: input.firstIndex }),
            ...(input.lines === undefined ? {} : { lines: input.lines }),
            readStream: readEnds(item, (stream, fromByte) => vault.readStream(snapshot.id, item.key, stream, fromByte)),
          });
        }),
      ),
    },
  };
}

function withoutStreams<Item extends { readonly streams: readonly unknown[] }>(item: Item): Item & { streams: [] } {
  return { ...item, streams: [] };
}
