import { expect, it } from 'vitest';

import { DEFAULT_SELECTION } from '../../../../src/core/sync/sync-records.ts';
import { MAX_ITEMS_PER_DRAFT } from '../../../../src/core/vault/replica/export-log.ts';
import { aCapture, aTerminal } from '../../../support/captures.ts';
import { FakeSyncState } from '../../../support/fake-sync-server.ts';
import { createSyncDevice } from '../../../support/sync-devices.ts';
import { TEST_NOW_MS } from '../../../support/test-vault.ts';

const SNAPSHOTS = 5;
const { withoutSources, withoutProjects, onlyProjects, strategy } = DEFAULT_SELECTION;

it('drafts of large snapshots are few at a time, so that a capture never waits long, and none is left out', async () => {
  await using device = await createSyncDevice(new FakeSyncState(), 'one');
  const items = MAX_ITEMS_PER_DRAFT / 2;
  for (let saved = 0; saved < SNAPSHOTS; saved += 1)
    await device.vault.save(
      aCapture(
        Array.from({ length: items }, (_, at) => aTerminal(`t${at}`, { title: `${at + saved}` })),
        { takenAtMs: TEST_NOW_MS + saved * 1_000 },
      ),
    );

  const waiting: (number | undefined)[] = [];
  for (let round = 0; round < 3; round += 1) {
    await device.replica.draft({
      selection: { withoutSources, withoutProjects, onlyProjects },
      strategy,
      nowMs: TEST_NOW_MS,
      platform: 'linux',
      maxEntries: 1_000,
      lost: [],
    });
    await device.replica.sign(TEST_NOW_MS);
    waiting.push((await device.replica.identity())?.waitingSnapshots);
  }

  expect(waiting).toEqual([3, 1, 0]);
});
