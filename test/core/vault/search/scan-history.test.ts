import { randomBytes } from 'node:crypto';

import { expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { openVaultFiles } from '../../../../src/core/vault/open-vault.ts';
import { scanHistory } from '../../../../src/core/vault/search/scan-history.ts';
import type { SearchQuery } from '../../../../src/core/vault/vault.ts';
import { vaultFiles } from '../../../../src/core/vault/vault-files.ts';
import { aCapture, aConversation, aStream, aTerminal } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD } from '../../../support/test-vault.ts';

it('[V27] reads the newest snapshots where there is no index yet', async () => {
  await using test = await openTestVault();
  const record = JSON.stringify({ message: { content: 'why is the needle stale?' } });
  await test.vault.save(
    aCapture([
      aTerminal('needle', { streams: [aStream({ text: 'first\nthe needle itself\nneedle two\n' })] }),
      aConversation('talk', `{}\n${record}\n`),
    ]),
  );
  await test.vault.save(aCapture([aTerminal('other')], { takenAtMs: TEST_NOW_MS + 60_000 }));
  await test.vault.close();
  const options = { sidecarPath: `${test.path}.keys`, random: randomBytes, argon2: ARGON2_FLOOR };
  const { state, lock } = await openVaultFiles(
    vaultFiles(test.path),
    { type: 'password', text: TEST_PASSWORD },
    options,
  );
  const scan = async (text: string, more: Partial<SearchQuery> = {}) => {
    const { matches, isComplete } = await scanHistory(state, { text, limit: 10, budgetMs: 0, ...more }, 10_000);
    expect(isComplete).toBe(false);
    return matches.map(({ item, where, line, lineNumber }) => [item.key, where, line, lineNumber]);
  };

  expect(await scan('eedle')).toEqual([
    ['tmux:needle', 'title', 'needle', 1],
    ['tmux:needle', 'scrollback', 'the needle itself', 2],
    ['tmux:needle', 'scrollback', 'needle two', 3],
    ['claude-code:talk', 'transcript', 'why is the needle stale?', 2],
  ]);
  expect(await scan('needle', { kinds: ['conversation'] })).toHaveLength(1);
  expect(await scan('needle', { sinceMs: TEST_NOW_MS + 1 })).toEqual([]);
  expect(await scan('needle', { limit: 2 })).toHaveLength(2);

  state.helper.close();
  state.readDb.close();
  state.writeDb.close();
  lock?.close();
  await test.reopen();
});
