// Search against reading everything: random captures of growing, scrolling and edited contents, with the index written, merged and
// read back in between. What is found, and from when to when, must be what the snapshots themselves hold.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { CapturedItem, StreamKind } from '../../../../src/shared/model/item.ts';
import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { VaultEngine } from '../../../../src/core/vault/vault-engine.ts';
import { aCapture, aStream, aTerminal, text, utf8 } from '../../../support/captures.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../../../support/test-vault.ts';

const MINUTE_MS = 60_000;
const KINDS: readonly StreamKind[] = ['append', 'ring', 'blob'];

interface Change {
  readonly name: number;
  readonly action: 'grow' | 'grow half' | 'scroll' | 'edit' | 'vanish' | 'same';
  readonly lines: number;
}
type Step =
  | { readonly type: 'save'; readonly changes: readonly Change[] }
  | { readonly type: 'upkeep' | 'reopen' | 'kill' };

const change: fc.Arbitrary<Change> = fc.record({
  name: fc.nat(3),
  action: fc.constantFrom('grow', 'grow half', 'scroll', 'edit', 'vanish', 'same'),
  lines: fc.integer({ min: 1, max: 4 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('save' as const), changes: fc.array(change, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('upkeep' as const, 'reopen' as const, 'kill' as const) }) },
);

const grows = (name: number, lines: number): Change => ({ name, action: 'grow', lines });
/** What idle time has joined is named otherwise until the next snapshot. */
const JOINED_SINCE: Step[] = [
  ...Array.from({ length: 4 }, (): Step => ({ type: 'save', changes: [grows(0, 1)] })),
  { type: 'save', changes: [] },
  {
    type: 'save',
    changes: [{ name: 2, action: 'scroll', lines: 3 }, grows(1, 4), { name: 0, action: 'grow half', lines: 2 }],
  },
  { type: 'upkeep' },
];

it('[V22] finds each line where it was, from its first to its last snapshot', async () => {
  using folder = makeTemporaryFolder();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      runs += 1;
      const path = join(folder.path, `vault-${runs}.db`);
      const options = { random: randomBytes, argon2: ARGON2_FLOOR };
      const open = () => VaultEngine.open(path, { type: 'password', text: TEST_PASSWORD }, TEST_NOW_MS, options);
      let { engine } = await VaultEngine.create(path, TEST_PASSWORD, TEST_NOW_MS, options);
      const contents = new Map<number, string>();
      const seen = new Map<string, { first: number; last: number }>();
      let saves = 0;
      let word = 0;
      const newLines = (count: number): string =>
        Array.from({ length: count }, () => `line q${(word += 1)}x of it\n`).join('');
      try {
        for (const next of steps) {
          if (next.type === 'upkeep') await engine.upkeep(50);
          if (next.type === 'reopen') {
            await engine.search({ text: 'line', limit: 1, budgetMs: 5_000 });
            await engine.close();
            engine = await open();
          }
          // Nothing of the index was written by then: it is followed again.
          if (next.type === 'kill') {
            const other = await open();
            await engine.close();
            engine = other;
          }
          if (next.type !== 'save') continue;
          for (const { name, action, lines } of next.changes) apply(contents, name, action, lines, newLines);
          saves += 1;
          const takenAtMs = TEST_NOW_MS + saves * MINUTE_MS;
          await engine.save(
            aCapture(
              [...contents].map(([name, content]) => anItem(name, content)),
              { takenAtMs },
            ),
          );
          for (const [name, content] of contents) {
            for (const line of content.split('\n').filter((own) => own !== '')) {
              const place = `tmux:${name} ${line}`;
              seen.set(place, { first: seen.get(place)?.first ?? takenAtMs, last: takenAtMs });
            }
          }
        }
        const found = new Map<string, { first: number; last: number }>();
        for (let number = 1; number <= word; number += 1) {
          const answer = await engine.search({ text: `q${number}x`, limit: 200, budgetMs: 5_000 });
          expect(answer.isComplete).toBe(true);
          for (const match of answer.matches) {
            found.set(`${match.item.key} ${match.line}`, { first: match.firstSeenMs, last: match.lastSeenMs });
            const bytes = await engine.readStream(
              match.snapshotId,
              match.item.key,
              match.where,
              0,
              Number.MAX_SAFE_INTEGER,
            );
            expect(text(bytes).split('\n')[match.lineNumber - 1]).toBe(match.line);
            expect(match.takenAtMs).toBe(match.lastSeenMs);
          }
        }
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(seen));
      } finally {
        await engine.close();
      }
    }),
    { numRuns: 20, interruptAfterTimeLimit: 60_000, examples: [[JOINED_SINCE]] },
  );
}, 240_000);

function anItem(name: number, content: string): CapturedItem {
  const kind = KINDS[name % KINDS.length] ?? 'blob';
  return aTerminal(String(name), {
    attributes: {},
    streams: [aStream({ name: 'content', kind, content: { type: 'whole', bytes: utf8(content) } })],
  });
}

function apply(
  contents: Map<number, string>,
  name: number,
  action: Change['action'],
  lines: number,
  newLines: (count: number) => string,
): void {
  const old = contents.get(name) ?? '';
  switch (action) {
    case 'grow':
      contents.set(name, old + newLines(lines));
      return;
    case 'grow half':
      // The last line has no end yet, as where somebody is typing.
      contents.set(name, `${old}${newLines(lines)}`.slice(0, -3));
      return;
    case 'scroll':
      contents.set(name, `${old.split('\n').slice(lines).join('\n')}${newLines(lines)}`);
      return;
    case 'edit': {
      const own = old.split('\n');
      own.splice(Math.floor(own.length / 2), 1, newLines(lines).trimEnd());
      contents.set(name, own.join('\n'));
      return;
    }
    case 'vanish':
      contents.delete(name);
      return;
    case 'same':
  }
}
