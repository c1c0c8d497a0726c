import { expect, it, vi } from 'vitest';

import { sayLastWords } from '../../../src/core/sync/last-words.ts';
import type { SyncServer } from '../../../src/core/sync/server-port.ts';
import type { VaultReplica } from '../../../src/core/vault/vault-replica.ts';
import { encodeWireEntries, parseWireEntries } from '../../../src/shared/replication/entry.ts';
import type { DeviceId, EntryHash, VaultKeyId } from '../../../src/shared/replication/ids.ts';
import { MAX_ENTRIES_PER_BATCH } from '../../../src/shared/replication/limits.ts';

it('[S11] says many last words in pushes that a server takes', async () => {
  const device = '11'.repeat(32) as DeviceId;
  const hash = '22'.repeat(32) as EntryHash;
  const words = Array.from({ length: MAX_ENTRIES_PER_BATCH + 5 }, (_, at) => ({
    signedBytes: Uint8Array.of(at & 255),
    signature: new Uint8Array(64),
    bodyBytes: null,
  }));
  const noteLastWords = vi.fn(async () => undefined);
  const replica: Partial<VaultReplica> = {
    earlier: async () => [{ deviceId: device, index: 1, hasNews: true }],
    lastWords: async () => Uint8Array.from(encodeWireEntries(words)),
    noteLastWords,
  };
  const pushed: number[] = [];
  const server: Partial<SyncServer> = {
    push: async (_, bytes) => {
      pushed.push(parseWireEntries(bytes)?.length ?? 0);
      return { device, index: 1, hash };
    },
  };
  const deps = { server, replica, nowMs: () => 0, signal: new AbortController().signal };

  await sayLastWords(deps as Parameters<typeof sayLastWords>[0], [device], {
    vaultId: '33'.repeat(32) as VaultKeyId,
    generation: '',
    serverTimeMs: 0,
    epoch: 1,
    heads: [{ device, index: 1, hash, isRevoked: true }],
    slotsRevision: 0,
    pendingJoins: 0,
    quota: { usedBytes: 0, limitBytes: 0, usedObjects: 0, limitObjects: 0 },
  });

  expect(pushed).toEqual([MAX_ENTRIES_PER_BATCH, 5]);
  expect(noteLastWords).toHaveBeenCalledOnce();
});
