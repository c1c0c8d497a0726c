import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { StreamKind } from '../../../../src/shared/model/item.ts';
import { aCapture, aStream, aTerminal, key, text, utf8 } from '../../../support/captures.ts';
import { DEFAULT_RETENTION } from '../../../../src/shared/model/retention.ts';
import { openTestVault, TEST_NOW_MS } from '../../../support/test-vault.ts';

const ITEM = key('tmux:a');

async function saveAll(kind: StreamKind, versions: readonly string[]): Promise<{ stored: number[]; read: string[] }> {
  await using test = await openTestVault();
  const stored: number[] = [];
  const read: string[] = [];
  for (const version of versions) {
    const result = await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ kind, text: version })] })]));
    stored.push(result.storedBytes);
    read.push(text(await test.vault.readStream(result.summary.id, ITEM, 'scrollback')));
  }
  return { stored, read };
}

function noise(seed: number, lines: number): string {
  let state = seed;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff);
  return Array.from(
    { length: lines },
    () => `${next().toString(36)} ${next().toString(36)} ${next().toString(36)}\n`,
  ).join('');
}

describe('placeStream()', () => {
  it.each(['append', 'ring', 'blob'] as const)(
    '[V10] gives back every version of a %s stream to the byte',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.string({ maxLength: 300, unit: 'binary' }), { minLength: 1, maxLength: 8 }),
          async (versions) => {
            const expected = versions.map((version) => text(utf8(version)));
            expect((await saveAll(kind, versions)).read).toEqual(expected);
          },
        ),
        { numRuns: 8 },
      );
    },
  );

  it('[V10] stores only the tail of a transcript that grew', async () => {
    const first = noise(1, 40_000);
    const { stored, read } = await saveAll('append', [
      first,
      first + noise(2, 50),
      first + noise(2, 50) + noise(3, 50),
    ]);

    expect(stored[1]).toBeLessThan(6000);
    expect(stored[2]).toBeLessThan(6000);
    expect(read[2]?.length).toBe(first.length + noise(2, 50).length + noise(3, 50).length);
  });

  it('[V10] stores only the new lines of a scrollback whose head was dropped', async () => {
    const all = noise(1, 60_000);
    const window = (from: number): string => all.slice(from, from + 600_000);
    const { stored, read } = await saveAll('ring', [window(0), window(5000), window(9000), window(30_000)]);

    expect(read).toEqual([window(0), window(5000), window(9000), window(30_000)]);
    expect(stored[1]).toBeLessThan(9000);
    expect(stored[2]).toBeLessThan(9000);
  });

  it('[V10] finds a scrollback again whose last screen was redrawn', async () => {
    const history = noise(1, 20_000);
    const { stored, read } = await saveAll('ring', [
      `${history}progress 10 %\n`,
      `${history.slice(3000)}progress 90 %\ndone\n`,
    ]);

    expect(stored[1]).toBeLessThan(4000);
    expect(read[1]).toBe(`${history.slice(3000)}progress 90 %\ndone\n`);
  });

  it('[V10] stores an edited file as a difference', async () => {
    const file = noise(5, 2500);
    const edited = `${file.slice(0, 20_000)}an edit${file.slice(20_010)}`;
    const { stored, read } = await saveAll('blob', [file, edited, file]);

    expect(stored[1]).toBeLessThan(2000);
    expect(read).toEqual([file, edited, file]);
  });

  it('[V10] joins what many captures left in small chunks, in idle time, and keeps every version', async () => {
    await using test = await openTestVault();
    const save = (version: string) =>
      test.vault.save(
        aCapture([
          aTerminal('a', { streams: [aStream({ kind: 'append', text: noise(1, 50 * (version.length + 1)) })] }),
          // Compresses to next to nothing: joined without a bound, its chunks would be larger than one may be.
          aTerminal('b', { streams: [aStream({ kind: 'append', text: 'x'.repeat(150_000 * (version.length + 1)) })] }),
        ]),
      );
    const ids = [];
    for (let at = 0; at < 40; at += 1) {
      ids.push((await save('v'.repeat(at))).summary.id);
      if (at % 3 === 0) await test.vault.upkeep(100);
    }
    await test.vault.prune(DEFAULT_RETENTION, TEST_NOW_MS, { isDryRun: false });
    await test.vault.upkeep(100);
    await test.vault.prune(DEFAULT_RETENTION, TEST_NOW_MS, { isDryRun: false });
    await save('v'.repeat(40));
    await test.reopen();

    for (const [at, id] of ids.entries()) {
      expect(text(await test.vault.readStream(id, ITEM, 'scrollback'))).toBe(noise(1, 50 * (at + 1)));
      expect((await test.vault.readStream(id, key('tmux:b'), 'scrollback')).length).toBe(150_000 * (at + 1));
    }
    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true, damaged: [] });
  });

  it('[V10] keeps streams of different kinds apart that hold the same and change alike', async () => {
    await using test = await openTestVault();
    const second = noise(1, 390) + noise(2, 300);
    const versions = [noise(1, 400), second, second.slice(-3000) + noise(3, 300)];
    for (const version of versions) {
      const streams = (['ring', 'append', 'blob'] as const).map((kind) => aStream({ kind, name: kind, text: version }));
      const { summary } = await test.vault.save(aCapture([aTerminal('a', { streams })]));
      for (const { name } of streams) expect(text(await test.vault.readStream(summary.id, ITEM, name))).toBe(version);
    }
  });

  it('[V9] stores equal content of two streams once', async () => {
    await using test = await openTestVault();
    const content = noise(1, 10_000);
    const one = await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: content })] })]));
    const two = await test.vault.save(
      aCapture([
        aTerminal('a', { streams: [aStream({ text: content })] }),
        aTerminal('b', { streams: [aStream({ text: content })] }),
      ]),
    );

    expect(two.storedBytes).toBeLessThan(one.storedBytes / 20);
  });
});

describe('hints of a source', () => {
  const grow = { kind: 'append' as const, name: 'scrollback' };

  it('[V10] takes an appended tail whose overlap compares equal', async () => {
    await using test = await openTestVault();
    const first = noise(1, 500);
    await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ ...grow, text: first })] })]));

    const result = await test.vault.save(
      aCapture([
        aTerminal('a', {
          streams: [
            aStream({
              ...grow,
              content: {
                type: 'appended',
                fromByte: first.length,
                overlap: utf8(first.slice(-4096)),
                bytes: utf8('more\n'),
              },
            }),
          ],
        }),
      ]),
    );

    expect(result.needsWhole).toEqual([]);
    expect(text(await test.vault.readStream(result.summary.id, ITEM, 'scrollback'))).toBe(`${first}more\n`);
  });

  it.each([
    [
      'other bytes before the seam',
      (first: string) => ({ fromByte: first.length, overlap: utf8(`x${first.slice(-4095)}`) }),
    ],
    ['another length', (first: string) => ({ fromByte: first.length - 1, overlap: utf8(first.slice(-4096)) })],
    ['too short an overlap', (first: string) => ({ fromByte: first.length, overlap: utf8(first.slice(-10)) })],
  ])('[V10] refuses an appended tail with %s, and keeps what it has', async (_name, makeHint) => {
    await using test = await openTestVault();
    const first = noise(1, 500);
    await test.vault.save(aCapture([aTerminal('a', { streams: [aStream({ ...grow, text: first })] })]));

    const result = await test.vault.save(
      aCapture([
        aTerminal('a', {
          streams: [aStream({ ...grow, content: { type: 'appended', ...makeHint(first), bytes: utf8('x') } })],
        }),
      ]),
    );

    expect(result.needsWhole).toEqual([{ key: ITEM, stream: 'scrollback' }]);
    expect(test.vault.known().get(ITEM)?.has('scrollback')).toBe(false);
    expect(text(await test.vault.readStream(result.summary.id, ITEM, 'scrollback'))).toBe(first);
  });

  it('[V10] does not believe "unchanged" after another process stored something else', async () => {
    await using test = await openTestVault();
    const stream = (content: string) => aStream({ ...grow, version: 'v1', text: content });
    await test.vault.save(aCapture([aTerminal('a', { streams: [stream('one')] })]));
    const { openVault } = await import('../../../../src/core/vault/vault-client.ts');
    const { TEST_PASSWORD, TEST_NOW_MS } = await import('../../../support/test-vault.ts');
    await using other = await openVault({
      path: test.path,
      secret: { type: 'password', text: TEST_PASSWORD },
      nowMs: TEST_NOW_MS,
    });
    await other.save(aCapture([aTerminal('a', { streams: [stream('two')] })]));

    const result = await test.vault.save(
      aCapture([aTerminal('a', { streams: [aStream({ ...grow, version: 'v1', content: { type: 'unchanged' } })] })]),
    );

    expect(result.needsWhole).toEqual([{ key: ITEM, stream: 'scrollback' }]);
    expect(text(await test.vault.readStream(result.summary.id, ITEM, 'scrollback'))).toBe('two');
  });
});
