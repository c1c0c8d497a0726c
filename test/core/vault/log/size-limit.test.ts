// Which streams are left out of a snapshot that would be too large, and in which order.

import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { aCapture, aConversation, aStream, aTerminal, key } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS } from '../../../support/test-vault.ts';

const LIMIT_BYTES = 400_000;

/** What does not get smaller by compression. */
function noise(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(randomBytes(sizeBytes));
}

function withStream(name: string, kind: 'ring' | 'blob', sizeBytes: number): CapturedItem {
  return aTerminal(name, {
    streams: [aStream({ name: kind, kind, content: { type: 'whole', bytes: noise(sizeBytes) } })],
  });
}

function talk(bytes: Uint8Array<ArrayBuffer>): CapturedItem {
  return aConversation('talk', '', {
    streams: [aStream({ name: 'transcript', kind: 'append', content: { type: 'whole', bytes } })],
  });
}

describe('a snapshot that would be too large', () => {
  it.each([
    ['nothing, where all fits', { ring: [100_000, 50_000], blob: [100_000], talk: 100_000 }, []],
    ['the largest scrollback', { ring: [150_000, 50_000], blob: [150_000], talk: 100_000 }, ['tmux:ring0']],
    [
      'all scrollbacks before any blob',
      { ring: [50_000, 40_000], blob: [300_000], talk: 90_000 },
      ['tmux:ring0', 'tmux:ring1'],
    ],
    ['the largest blob next', { ring: [50_000], blob: [150_000, 250_000], talk: 90_000 }, ['tmux:ring0', 'tmux:blob1']],
    [
      'what is new of a conversation last',
      { ring: [50_000], blob: [60_000], talk: 450_000 },
      ['tmux:ring0', 'tmux:blob0', 'claude-code:talk'],
    ],
  ])('leaves out %s', async (_what, sizes, expected) => {
    await using test = await openTestVault({ maxSnapshotBytes: LIMIT_BYTES });
    const result = await test.vault.save(
      aCapture([
        ...sizes.ring.map((size, at) => withStream(`ring${at}`, 'ring', size)),
        ...sizes.blob.map((size, at) => withStream(`blob${at}`, 'blob', size)),
        talk(noise(sizes.talk)),
      ]),
    );

    expect(result.leftOut.map((gap) => gap.key)).toEqual(expected);
    expect(result.leftOut.every((gap) => gap.reason === 'too-large')).toBe(true);
    const snapshot = await test.vault.readSnapshot(result.summary.id);
    expect(snapshot.gapList).toEqual(result.leftOut);
    expect(
      snapshot.itemList
        .filter((item) => item.streams.length === 0)
        .map((item) => item.key)
        .toSorted(),
    ).toEqual(expected.toSorted());
    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
  });

  it('keeps the older bytes of a conversation, whatever is new of it', async () => {
    await using test = await openTestVault({ maxSnapshotBytes: LIMIT_BYTES });
    const older = noise(350_000);
    await test.vault.save(aCapture([talk(Uint8Array.from(older))]));

    const result = await test.vault.save(
      aCapture([talk(Uint8Array.from(Buffer.concat([older, noise(450_000)])))], { takenAtMs: TEST_NOW_MS + 1 }),
    );

    expect(result.leftOut.map((gap) => gap.key)).toEqual(['claude-code:talk']);
    const kept = await test.vault.readStream(result.summary.id, key('claude-code:talk'), 'transcript');
    expect(Buffer.compare(kept, older)).toBe(0);
    // Older bytes cost a snapshot nothing: what fits beside them is taken.
    const next = await test.vault.save(
      aCapture([talk(Uint8Array.from(Buffer.concat([older, noise(300_000)])))], { takenAtMs: TEST_NOW_MS + 2 }),
    );
    expect(next.leftOut).toEqual([]);
  });
});
