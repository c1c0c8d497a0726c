// Vaults as released versions wrote them open, verify and give everything back with today's code. Each format has a folder in
// test/fixtures/vaults that never changes again (make-vault.ts).

import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { openVault, type VaultSecret } from '../../../../src/core/vault/vault-client.ts';
import type { Vault } from '../../../../src/core/vault/vault.ts';
import type { Checkpoint } from '../../../../src/shared/model/checkpoint.ts';
import { parseItemKey } from '../../../../src/shared/model/ids.ts';
import type { JsonObject } from '../../../../src/shared/model/json.ts';
import type { Gap, SnapshotSummary } from '../../../../src/shared/model/snapshot.ts';
import { aCapture, aTerminal } from '../../../support/captures.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { TEST_NOW_MS } from '../../../support/test-vault.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/vaults/', import.meta.url));

/** What make-vault.ts noted. */
interface Expected {
  readonly password: string;
  readonly recoveryKey: string;
  readonly snapshots: readonly {
    readonly summary: SnapshotSummary;
    readonly items: readonly { readonly streams: readonly string[] }[];
    readonly gaps: readonly Gap[];
    readonly streams: Readonly<Record<string, string>>;
  }[];
  readonly checkpoints: readonly Checkpoint[];
  readonly settings: Readonly<Record<string, JsonObject>>;
}

const formats = readdirSync(FIXTURES).filter((name) => name.startsWith('format-'));

describe.each(formats)('a vault of %s', (format) => {
  const expected = JSON.parse(readFileSync(join(FIXTURES, format, 'expected.json'), 'utf8')) as Expected; // written by make-vault.ts

  async function withCopy(secret: VaultSecret, work: (vault: Vault) => Promise<void>): Promise<void> {
    using folder = makeTemporaryFolder();
    for (const name of ['vault.db', 'vault.db.keys']) cpSync(join(FIXTURES, format, name), join(folder.path, name));
    const path = join(folder.path, 'vault.db');
    // Twice: what the first opening migrated is there for the second.
    for (let opening = 0; opening < 2; opening += 1) {
      await using vault = await openVault({ path, secret, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR });
      await work(vault);
    }
  }

  it('[V20] gives everything back, to the byte, also once it is of the newest format', () =>
    withCopy({ type: 'password', text: expected.password }, async (vault) => {
      const listed = await vault.listSnapshots({ limit: 1000 });
      const summaries = expected.snapshots.map(({ summary }) => summary);
      expect(listed.toReversed()).toEqual(summaries);
      expect(await vault.listCheckpoints()).toEqual(expected.checkpoints);
      for (const [name, value] of Object.entries(expected.settings))
        expect(await vault.readSetting(name)).toEqual(value);
      for (const { summary, items, gaps, streams } of expected.snapshots) {
        const snapshot = await vault.readSnapshot(summary.id);
        expect(snapshot.gapList).toEqual(gaps);
        expect(
          snapshot.itemList.map(({ streams: own, ...facts }) => ({ ...facts, streams: own.map(({ name }) => name) })),
        ).toEqual(items);
        for (const [place, hash] of Object.entries(streams)) {
          const [itemKey = '', stream = ''] = place.split(' ');
          const bytes = await vault.readStream(summary.id, parseItemKey(itemKey), stream);
          expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash);
        }
      }
      const { matches } = await vault.search({ text: 'ubung', limit: 5, budgetMs: 20_000 });
      expect(matches.map(({ item, where }) => [item.key, where])).toEqual([['tmux:no-text', 'cwd']]);
      expect(await vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true, damaged: [] });
    }));

  it('opens with its recovery key, and takes new captures', () =>
    withCopy({ type: 'recovery', text: expected.recoveryKey }, async (vault) => {
      const before = await vault.listSnapshots({ limit: 1000 });
      const { summary } = await vault.save(aCapture([aTerminal('new')], { takenAtMs: TEST_NOW_MS + 86_400_000 }));

      expect((await vault.listSnapshots({ limit: 1000 })).slice(1)).toEqual(before);
      expect((await vault.readSnapshot(summary.id)).itemList.map((item) => item.key)).toEqual(['tmux:new']);
    }));
});

it('has a fixture of every format there was', () => {
  expect(formats).toEqual(['format-1']);
});
